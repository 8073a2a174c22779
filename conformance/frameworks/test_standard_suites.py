"""LangChain's standard suites pass over an unmodified ChatOpenAI, with simulated answers."""

import re
import subprocess
from pathlib import Path

from conformance.server import plain_environment, running
from conformance.venvs import ROOT, programs_of

_SUITES = Path(__file__).parent / "programs" / "standard_suites.py"
_SECONDS = 900
FAILING = {
    "TestUnits::test_serdes": "it compares with a file that only langchain-openai's repository has",
    "TestAnswers::test_image_inputs": "it downloads a picture from another host",
}
"""Each with its reason, as docs/frameworks.md gives it; neither asks the API before it fails."""


def test_the_standard_suites_of_langchain_pass(tmp_path: Path) -> None:
    python = programs_of(ROOT / "requirements" / "frameworks.txt") / "python"
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    folders = [f"--rootdir={tmp_path}", f"--confcutdir={_SUITES.parent}"]
    modes = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function", "--benchmark-disable"]

    # Hermetic, so that it does not matter which other hosts can be reached here.
    with running("--on-unmatched", "simulate", "--hermetic") as server:
        ended = subprocess.run(
            [str(python), "-m", "pytest", *options, *folders, *modes, str(_SUITES)],
            env={**plain_environment(), **server.through_proxy(), "OPENAI_API_KEY": "sk-standard-suites"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    failed = set(re.findall(r"^(?:FAILED|ERROR) \S*?::(\S+)", ended.stdout, re.MULTILINE))
    passed = re.search(r"(\d+) passed", ended.stdout)
    assert failed == set(FAILING), ended.stdout[-6000:]
    assert passed is not None
    assert int(passed[1]) >= 45
