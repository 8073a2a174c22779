"""What the pages show is true: a script loads, and a block that is marked `run` runs and prints what is said below it.

A `yaml` or `json` block is a script, unless it is marked otherwise (as ```` ```json answer ````). A `sh` or `python`
block marked `run` is run as somebody would who had started `llemulator --script scripts/hello.yaml` in this folder.
A `text` block marked `output` after it is what it prints; `…` in it stands for anything.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from conformance.server import Server, plain_environment, running
from llemulator_addon.script.reader import read_text
from tests.patience import SECONDS
from tests.project.pages import ROOT, Block, blocks, tracked

_SCRIPTS = [block for block in blocks("yaml", "json") if not block.marks]
_PROGRAMS = [block for block in blocks("sh", "python") if "run" in block.marks]
_OUTPUTS = {
    str(block): after
    for block, after in pairwise(blocks("sh", "python", "text"))
    if block.page == after.page and "output" in after.marks
}


def _language(name: str) -> Literal["json", "yaml"]:
    return "json" if name.endswith("json") else "yaml"


@pytest.mark.parametrize("block", _SCRIPTS, ids=str)
def test_a_script_on_a_page_loads(block: Block) -> None:
    read_text(block.text, _language(block.language))


@pytest.mark.parametrize(
    "file", tracked("scripts/*.yaml", "scripts/*.yml", "scripts/*.json"), ids=lambda file: file.name
)
def test_a_script_of_the_project_loads(file: Path) -> None:
    read_text(file.read_text("utf-8"), _language(file.suffix))


@pytest.fixture(scope="module")
def hello() -> Iterator[Server]:
    with running("--script", str(ROOT / "scripts/hello.yaml"), "--examples", "--log-level", "error") as server:
        yield server


@pytest.mark.parametrize("block", _PROGRAMS, ids=str)
def test_a_program_on_a_page_runs_and_prints_what_is_said(block: Block, hello: Server, tmp_path: Path) -> None:
    for name in ("scripts", "docs", "conformance"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "certs").symlink_to(hello.certs)
    environment = {**plain_environment(), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    if block.language == "python":
        environment |= {**hello.through_proxy(), "OPENAI_API_KEY": "sk-page"}
    ended = subprocess.run(
        [*command, block.text.replace(":8080", f":{hello.port}")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    if said := _OUTPUTS.get(str(block)):
        assert re.fullmatch(_pattern(said.text), ended.stdout.strip(), re.DOTALL), ended.stdout


@pytest.mark.parametrize("language", ["curl", "Python", "Node"])
def test_a_line_that_make_run_prints_works(language: str, hello: Server, tmp_path: Path) -> None:
    _, *parts = re.split(r"^(curl|Python|Node)\b.*:\n", "".join(hello.said), flags=re.MULTILINE)
    programs = dict(zip(parts[::2], parts[1::2], strict=True))
    node = ROOT / "conformance/js/node_modules"
    (tmp_path / "node_modules").symlink_to(node)
    here = [str(Path(sys.executable).parent), str(node / ".bin"), os.environ["PATH"]]
    ended = subprocess.run(
        ["bash", "-c", programs[language]],
        cwd=tmp_path,
        env={**plain_environment(), "PATH": os.pathsep.join(here)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Hello from llemulator!" in ended.stdout


def _pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.strip().split("…"))
