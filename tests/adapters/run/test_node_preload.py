"""Node's preload says nothing of its own, and keeps quiet what Node says of the proxy that it was led to."""

import os
import shutil
import subprocess

import pytest

from llemulator_addon.adapters.run.files import PRELOADS
from tests.patience import SECONDS

# As undici, which is Node's `fetch`, warns when it reads the proxy from the environment; then one of a program's own.
_PROGRAM = """
process.emitWarning("EnvHttpProxyAgent is experimental, expect them to change at any time.", { code: "UNDICI-EHPA" })
process.emitWarning("something else", { code: "OWN" })
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("address", ["127.0.0.1:9", ""])
def test_only_the_warning_about_the_proxy_is_kept_quiet(address: str) -> None:
    env = {**os.environ, "NODE_OPTIONS": f"--require={PRELOADS / 'node.cjs'}", "LLEMULATOR_RUN_ADDRESS": address}

    ended = subprocess.run(
        ["node", "-e", _PROGRAM], env=env, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "")
    assert "EnvHttpProxyAgent" not in ended.stderr
    assert "[OWN] Warning: something else" in ended.stderr
