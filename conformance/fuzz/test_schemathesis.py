"""schemathesis, which makes requests of a description of an API, gets no bug, and each refusal in OpenAI's form.

The description is the one that `tools/make_openapi.py` makes of the table of operations. `OPENAI_DESCRIPTION` names
another one, such as the `openapi.json` that OpenAI publishes, and `EXAMPLES` the number of requests for each operation.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from conformance.server import running
from conformance.venvs import ROOT, programs_of
from llemulator_addon.wire.described.table import read_table
from tools.make_openapi import write

_EXAMPLES = "3"
"""For each operation: about a thousand requests."""
_HOOKS = "conformance.fuzz.programs.envelope"


@pytest.mark.slow
def test_no_request_of_a_description_of_the_api_makes_a_bug_or_a_refusal_in_another_form(tmp_path: Path) -> None:
    description = os.environ.get("OPENAI_DESCRIPTION")
    if description is None:
        write(path := tmp_path / "openapi.json")
        description = str(path)
    examples = os.environ.get("EXAMPLES", _EXAMPLES)
    command = [str(programs_of(ROOT / "requirements/fuzz.txt") / "schemathesis"), "run", description]
    command += ["--phases", "fuzzing", "--max-examples", examples, "--seed", "1", "--generation-database", "none"]
    command += ["--checks", "refuses_as_openai_does", "--continue-on-failure", "--no-shrink"]
    command += [
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--no-color",
        "--header",
        "Authorization: Bearer a",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": _HOOKS}

    with running("--on-unmatched", "simulate") as server:
        fuzzing = subprocess.run(
            [*command, "--url", f"{server.origin}/v1"],
            check=False,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )

    assert fuzzing.returncode == 0, fuzzing.stdout[-8_000:] + fuzzing.stderr[-2_000:]
    made = re.search(r"(\d+) generated, (\d+) passed", fuzzing.stdout)
    assert made, fuzzing.stdout[-2_000:]
    assert int(made[1]) >= len(read_table().operations) // 2
