from pathlib import Path

import pytest

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.run.runtimes import REASONS, runtime_of, why_not

_HOSTS = Hosts(OPENAI_HOSTS)


@pytest.mark.parametrize(
    ("name", "runtime"),
    [("python3.13", "python"), ("node", "node"), ("npx", "node"), ("java", "java"), ("php8.2", "php"), ("app", None)],
)
def test_a_runtime_is_known_by_its_name(name: str, runtime: str | None, tmp_path: Path) -> None:
    assert runtime_of([name], tmp_path / name) == runtime


@pytest.mark.parametrize(
    ("command", "runtime"),
    [
        (["sh", "-c", "cd app && node server.js"], "node"),
        (["env", "A=b", "python3", "app.py"], "python"),
        (["timeout", "10", "/usr/bin/ruby", "app.rb"], "ruby"),
        (["make", "test"], None),
    ],
)
def test_a_command_that_runs_another_is_known_by_that(command: list[str], runtime: str | None, tmp_path: Path) -> None:
    assert runtime_of(command, tmp_path / command[0]) == runtime


def test_a_script_is_known_by_its_first_line(tmp_path: Path) -> None:
    program = tmp_path / "start"
    program.write_text("#!/usr/bin/env -S node --no-warnings\n")

    assert runtime_of([str(program)], program) == "node"


def test_a_program_in_go_is_known_by_what_go_writes_into_it(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_bytes(b"\x7fELF" + bytes(5000) + b"\xff Go buildinf:\x08\x02")

    assert runtime_of([str(program)], program) == "go"


def test_a_base_url_that_leads_elsewhere_is_the_likeliest_reason() -> None:
    environment = {"AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com", "LLM_BASE_URL": "http://other.test/v1"}

    reasons = list(why_not("python", environment, _HOSTS))

    assert reasons[:2] == ["LLM_BASE_URL resolves to another address", f"python: {REASONS['python']}"]
