"""The steps of action.yml that are shell, run in order as a runner would run them."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance.images.containers import ROOT
from conformance.server import plain_environment

ASK = (
    "curl --silent --show-error --fail https://api.openai.com/v1/chat/completions"
    ' -H "Authorization: Bearer $OPENAI_API_KEY" -H "Content-Type: application/json"'
    ' -d \'{"model": "gpt-4o", "messages": [{"role": "user", "content": "%s"}]}\''
)
SCRIPT = 'responses: [{pattern: "(?i)hello", response: "Hello from the action!", times: 9}]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a job with one step, ours, left behind."""

    statuses: Mapping[str, int]
    said: str
    exported: str
    report: Path


@pytest.fixture(scope="module")
def runner_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


@pytest.mark.parametrize(
    ("asked", "fail", "statuses"),
    [("Hello", "true", [0, 0, 0, 0]), ("Something", "false", [0, 0, 22, 0]), ("Something", "true", [0, 0, 22, 1])],
)
def test_a_command_is_answered_and_reported(
    asked: str, fail: str, statuses: list[int], runner_temp: Path, tmp_path: Path
) -> None:
    (tmp_path / "script.yaml").write_text(SCRIPT)
    job = _job(
        {"run": ASK % asked, "script": str(tmp_path / "script.yaml"), "fail-on-unmatched": fail}, runner_temp, tmp_path
    )

    assert list(job.statuses.values()) == statuses, job.said
    assert ("Hello from the action!" in job.said) is (asked == "Hello")
    assert json.loads((job.report / "requests.json").read_text())["total"] == 1
    assert json.loads((job.report / "unmatched.json").read_text())["total"] == int(asked != "Hello")
    assert len(json.loads((job.report / "requests.har").read_text())["log"]["entries"]) == 1
    assert job.exported == ""


def test_without_a_command_the_steps_that_follow_are_led_through_it(runner_temp: Path, tmp_path: Path) -> None:
    job = _job({}, runner_temp, tmp_path)
    exported = dict(line.split("=", 1) for line in job.exported.splitlines())
    try:
        command = ["bash", "-c", ASK % "Anybody there?"]
        environment = {**plain_environment(), **exported}
        got = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    finally:
        os.kill(int((job.report.parent / "pid").read_text()), 15)

    assert list(job.statuses) == ["Install llemulator", "Start llemulator"]
    assert re.fullmatch("sk-llemulator-[0-9a-f]{24}", exported["OPENAI_API_KEY"])
    assert "Anybody there?" in got.stdout, got.stderr


def _job(inputs: Mapping[str, str], runner_temp: Path, folder: Path) -> Job:
    """Run the steps. What the runner itself does is done here for as much as action.yml asks of it."""
    action: dict[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
    given = {name: inputs.get(name, declared["default"]) for name, declared in action["inputs"].items()}
    outputs: dict[str, str] = {}
    files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    # An answer that is an error fails the step, as it would fail the application.
    environment = {
        **plain_environment(),
        "RUNNER_TEMP": str(runner_temp),
        "GITHUB_ACTION_PATH": str(ROOT),
        **{name: str(file) for name, file in files.items()},
    }
    statuses, said = {}, ""
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    for step in action["runs"]["steps"]:
        if "run" not in step or ("inputs.run != ''" in step.get("if", "") and not given["run"]):
            continue
        if step["name"] == "Install llemulator" and (runner_temp / "llemulator/venv/bin/llemulator").exists():
            statuses[step["name"]] = 0  # by the job before
            continue
        own = {name: _filled(text, given, outputs) for name, text in step.get("env", {}).items()}
        with (folder / "said").open("w+") as log:
            statuses[step["name"]] = subprocess.run(
                [*shell, step["run"]],
                cwd=folder,
                env={**environment, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
            log.seek(0)
            said += log.read()
        outputs |= dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Job(
        statuses=statuses,
        said=said,
        exported=files["GITHUB_ENV"].read_text(),
        report=runner_temp / "llemulator/report",
    )


def _filled(text: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """Evaluate the few expressions that stand in action.yml."""
    if text == "${{ inputs.run == '' }}":
        return "false" if inputs["run"] else "true"
    if "$" not in text:
        return text
    found = re.fullmatch(r"\$\{\{ (?:inputs\.([\w-]+)|steps\.start\.outputs\.(\w+)) \}\}", text)
    assert found, text
    return inputs[found[1]] if found[1] else outputs[found[2]]
