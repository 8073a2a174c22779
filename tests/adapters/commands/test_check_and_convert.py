"""`llemulator check` and `llemulator convert`."""

import json
from pathlib import Path

import pytest

from llemulator_addon.adapters.command_line import main


def test_good_scripts_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.json"
    one.write_text("responses: [a, b]")
    two.write_text('{"responses": "a"}')

    assert main(["check", str(one), str(two)]) == 0
    assert capsys.readouterr().out == f"{one}: 2 rules\n{two}: 1 rule\n"


def test_every_problem_of_every_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good, missing = tmp_path / "bad.yaml", tmp_path / "good.yaml", tmp_path / "missing.yaml"
    bad.write_text("responses: [{patern: a, response: b}, 5]")
    good.write_text("responses: a")

    assert main(["check", str(bad), str(good), str(missing)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{good}: 1 rule\n"
    assert said.err.splitlines()[:2] == [
        f'llemulator: {bad}: responses[0].patern: unknown key; did you mean "pattern"?',
        f"llemulator: {bad}: responses[1]: expected text or an object, got the number 5",
    ]
    assert said.err.splitlines()[2].startswith(f"llemulator: {missing}: No such file")


def test_a_fixture_file_becomes_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fixtures.json"
    fixtures = [
        {"match": {"userMessage": "hello"}, "response": {"content": "Hi!"}},
        {"match": {"mood": "good"}, "response": {"content": "no"}},
    ]
    file.write_text(json.dumps({"fixtures": fixtures}))

    assert main(["convert", "aimock", str(file)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"rules": [{"match": {"user_text": "hello"}, "reply": {"text": "Hi!"}}]}
    assert said.err.startswith(f"llemulator: {file}: not carried: fixtures[1].match.mood: is not known")

    file.write_text(json.dumps({"fixtures": fixtures[:1]}))
    assert main(["convert", "aimock", str(file)]) == 0
    assert capsys.readouterr().err == ""


def test_a_file_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "responses.yml"
    file.write_text("[1, 2]")

    assert main(["convert", "mockllm", str(file)]) == 1
    assert capsys.readouterr().err == f"llemulator: {file}: expected an object, got a list\n"
