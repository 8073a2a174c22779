"""atheris, a fuzzer that sees which code is reached, finds no text that is neither refused nor played."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from conformance.venvs import ROOT, programs_of
from tests.fuzz.values import ODD_TEXTS, WORDS, scripts, spelled

_PROGRAM = ROOT / "conformance/fuzz/programs/with_atheris.py"
_RUNS, _SECONDS = 50_000, 90


@pytest.mark.slow
def test_atheris_finds_nothing_that_is_neither_refused_nor_played(tmp_path: Path) -> None:
    (corpus := tmp_path / "corpus").mkdir()
    texts = [*map(spelled, scripts()), *(text for text in ODD_TEXTS if len(text) < 500)]
    for number, text in enumerate(texts):
        (corpus / str(number)).write_bytes(text.encode("utf-8", "surrogatepass"))
    (words := tmp_path / "words").write_text("".join(f'"{word}"\n' for word in (*WORDS, "&a", "*a", "<<:", "!!")))

    options = [f"-dict={words}", "-max_len=4096", "-timeout=60", "-rss_limit_mb=4096", "-seed=1", f"-runs={_RUNS}"]
    python = programs_of(ROOT / "requirements/fuzz.txt") / "python"
    command = [
        str(python),
        str(_PROGRAM),
        *options,
        f"-max_total_time={_SECONDS}",
        f"-artifact_prefix={tmp_path}/",
        str(corpus),
    ]
    fuzzing = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
    )

    assert fuzzing.returncode == 0, fuzzing.stderr[-8_000:]
    done = re.search(r"Done (\d+) runs in", fuzzing.stderr)
    assert done, fuzzing.stderr[-2_000:]
    assert int(done[1]) > len(texts)
