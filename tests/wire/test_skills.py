"""Skills: bundles go in and come out, and one of the versions is the default."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from llemulator_addon.wire.zip_files import write_zip
from tests.playing import body_of, emulator, json_of, play, request
from tests.wire.asking import Asking
from tests.wire.forms import File, form

_SKILLS = "/v1/skills"


def _manifest(name: str, description: str = "Adds up.") -> File:
    return ("adder/SKILL.md", f"---\nname: {name}\ndescription: {description}\n---\n# How\n".encode())


def _send(client: Asking, path: str, *files: File, default: bool = False) -> Any:  # noqa: ANN401 - JSON
    more = [("default", "true")] if default else []
    return json_of(play(client.server, form(path, *(("files[]", each) for each in files), *more))[0])


def _download(client: Asking, path: str) -> bytes:
    return body_of(play(client.server, request("GET", f"{path}/content"))[0])


def test_a_folder_becomes_a_skill_and_comes_back_as_a_zip_file() -> None:
    client = Asking()

    made = _send(client, _SKILLS, _manifest("adder"), ("adder/add.py", b"print(1 + 1)"))

    assert (made["name"], made["description"]) == ("adder", "Adds up.")
    assert (made["default_version"], made["latest_version"]) == ("1", "1")
    with ZipFile(BytesIO(_download(client, f"{_SKILLS}/{made['id']}"))) as zipped:
        assert zipped.namelist() == ["adder/SKILL.md", "adder/add.py"]
        assert zipped.read("adder/add.py") == b"print(1 + 1)"


def test_a_zip_file_comes_back_as_it_was() -> None:
    client, zipped = Asking(), write_zip(dict([_manifest("adder")]))

    made = _send(client, _SKILLS, ("adder.zip", zipped))

    assert made["name"] == "adder"
    assert _download(client, f"{_SKILLS}/{made['id']}") == zipped


def test_the_default_version_says_what_a_skill_is() -> None:
    client = Asking()
    skill = f"{_SKILLS}/{_send(client, _SKILLS, _manifest('one'))['id']}"

    second = _send(client, f"{skill}/versions", _manifest("two"))
    before = client.get(skill)
    third = _send(client, f"{skill}/versions", _manifest("three"), default=True)
    after = client.get(skill)
    back = client.post(skill, {"default_version": "1"})

    assert [second["version"], third["version"]] == ["2", "3"]
    assert [(each["name"], each["default_version"], each["latest_version"]) for each in (before, after, back)] == [
        ("one", "1", "2"),
        ("three", "3", "3"),
        ("one", "1", "3"),
    ]
    assert [each["version"] for each in client.get(f"{skill}/versions")["data"]] == ["3", "2", "1"]
    assert b"name: two" in _download(client, f"{skill}/versions/2")


def test_the_default_version_stays_while_there_are_others_and_the_last_one_takes_the_skill_with_it() -> None:
    client = Asking()
    skill = f"{_SKILLS}/{_send(client, _SKILLS, _manifest('one'))['id']}"
    _send(client, f"{skill}/versions", _manifest("two"))

    assert client.failing("DELETE", f"{skill}/versions/1")[0] == 400
    assert client.delete(f"{skill}/versions/2")["version"] == "2"
    assert client.failing("GET", f"{skill}/versions/2")[0] == 404
    assert client.delete(f"{skill}/versions/1")["deleted"]
    assert client.get(_SKILLS)["data"] == []


def test_a_number_of_a_version_does_not_come_again() -> None:
    client = Asking()
    skill = f"{_SKILLS}/{_send(client, _SKILLS, _manifest('one'))['id']}"
    _send(client, f"{skill}/versions", _manifest("two"))
    client.delete(f"{skill}/versions/2")

    assert _send(client, f"{skill}/versions", _manifest("three"))["version"] == "3"


@pytest.mark.parametrize(
    ("description", "expected"),
    [("'Adds: up.'", "Adds: up."), (">\n  Adds\n  up.", "Adds up."), ("Adds\n  up.", "Adds up.")],
)
def test_a_description_is_read_as_yaml_has_it(description: str, expected: str) -> None:
    assert _send(Asking(), _SKILLS, _manifest("adder", description))["description"] == expected


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("a.py", b"")], "exactly one SKILL.md"),
        ([_manifest("a"), ("b/skill.md", b"")], "exactly one SKILL.md"),
        ([("SKILL.md", b"# How")], "front matter"),
        ([("SKILL.md", b"---\nname: a\n---\n")], "front matter"),
        ([("a.zip", b"PK\x03\x04")], "zip file cannot be read"),
        ([_manifest("a"), ("../a.py", b"")], "stay below"),
        ([_manifest("a"), *((f"{n}.py", b"") for n in range(500))], "at most 500"),
        ([], "Missing required parameter: 'files'."),
    ],
)
def test_a_bundle_that_is_no_skill_is_refused(files: list[File], message: str) -> None:
    client = Asking()

    refused = _send(client, _SKILLS, *files, default=True)["error"]

    assert (refused["param"], message in refused["message"]) == ("files", True), refused
    assert client.get(_SKILLS)["data"] == []


def test_leniently_anything_is_a_skill() -> None:
    client = Asking(emulator(lenient=True))

    made = _send(client, _SKILLS, ("a", b"Example data"))

    assert made["name"] == "skill"
    assert client.get(f"{_SKILLS}/skill_other/versions/7")["version"] == "1"
    assert client.delete(f"{_SKILLS}/skill_other/versions/7")["deleted"]
    assert [each["id"] for each in client.get(_SKILLS)["data"]] == [made["id"]]
