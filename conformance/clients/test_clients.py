"""Each client of the catalogue under `llemulator run --`, with nothing but the variables that it sets."""

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.clients.catalogue import CLIENTS, SAID, Client, environment, placed
from conformance.server import plain_environment

_SCRIPT = f'rules: [{{name: hello, match: {{user_text: "^Hello$"}}, reply: "{SAID}", optional: true}}]\n'
_SECONDS = 300


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_an_unmodified_client_is_answered(client: Client, tmp_path: Path) -> None:
    command = placed(client, tmp_path)
    (tmp_path / "script.yaml").write_text(_SCRIPT)
    run = (sys.executable, "-m", "llemulator_addon", "run", "--hermetic", "--script", "script.yaml", "--strict", "--")
    ended = subprocess.run(
        [*run, *command],
        cwd=tmp_path,
        env=environment(plain_environment()),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count(SAID) == client.asks, ended.stdout + ended.stderr
    assert f" {client.asks}        0        0  api.openai.com" in ended.stderr
