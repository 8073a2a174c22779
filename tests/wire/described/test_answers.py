"""Every answer has the type that the official SDK reads it as."""

from functools import cache, lru_cache
from typing import Any

import pydantic
import pytest

from llemulator_addon.wire.described.collections import nameless
from llemulator_addon.wire.described.gone import is_gone
from llemulator_addon.wire.described.operations import list_described
from llemulator_addon.wire.described.table import Described, read_table
from tests.playing import body_of, emulator, json_of, play, status
from tests.wire.described.requests import make_request, open_path
from tools.make_operations import Found, find_all

_ROWS = {(each.method, each.path): each for each in read_table().operations}
_NOTHING_THERE = 404


@lru_cache(maxsize=1)
def _found() -> dict[tuple[str, str], Found]:
    return {(each.method, nameless(each.path)): each for each in find_all()}


# Long because they read all types of the SDK.
@pytest.mark.long
@pytest.mark.parametrize("described", list_described(), ids=lambda each: each.name)
def test_an_answer_has_the_type_of_the_sdk(described: Described) -> None:
    server = emulator({"legacy": True})
    cannot_be_there = _cannot_be_there(described)
    path = described.path.replace("{", "").replace("}", "") if cannot_be_there else open_path(server, described, _ROWS)

    (steps,) = play(server, make_request(described, path))

    if cannot_be_there and status(steps) == _NOTHING_THERE:
        assert json_of(steps)["error"]["type"] == "invalid_request_error"
        return
    assert status(steps) == 200, body_of(steps)
    _assert_type(described, body_of(steps), json_of(steps) if body_of(steps)[:1] in (b"{", b"[") else None)


def _cannot_be_there(described: Described) -> bool:
    """Whether an operation is on something that no other operation creates."""
    if described.does == "pick" or described.name.startswith("fine_tuning.checkpoints.permissions."):
        # Of a list of ids, of which there are none.
        return True
    collection = described.collection
    if described.does in ("content", "act"):
        collection = described.path.rpartition("/")[0].rpartition("/")[0]
    if described.does in ("retrieve", "update", "delete", "content", "act"):
        creating = _ROWS.get(("POST", collection))
        return creating is None or creating.does != "create"
    return described.does == "show" and ("DELETE", described.path) in _ROWS


def _assert_type(described: Described, body: bytes, value: Any) -> None:  # noqa: ANN401 - JSON
    found = _found()[described.method, nameless(described.path)]
    if described.answer == "bytes" or described.does == "stream":
        return
    if found.answer in (None, type(None)):
        assert body == b""
        return
    if found.page:
        _reader(list[found.answer]).validate_python(value["data"])  # type: ignore[name-defined]
    else:
        _reader(found.answer).validate_python(value)


@cache
def _reader(answer: Any) -> pydantic.TypeAdapter[Any]:  # noqa: ANN401 - a type of the SDK
    """Return what reads a type: to make it takes longer than most answers."""
    return pydantic.TypeAdapter(answer)


@pytest.mark.long
@pytest.mark.parametrize("described", list_described(), ids=lambda each: each.name)
def test_a_lenient_server_answers_anything(described: Described) -> None:
    server = emulator(lenient=True)
    path = "/".join("x" if each.startswith("{") else each for each in described.path.split("/"))

    (steps,) = play(server, make_request(described, path))

    assert status(steps) == 200
    _assert_type(described, body_of(steps), json_of(steps) if body_of(steps)[:1] in (b"{", b"[") else None)


@pytest.mark.parametrize(
    "described", [each for each in list_described() if is_gone(each.path, "9999-12-31")], ids=lambda each: each.name
)
def test_what_openai_took_away_is_a_path_that_names_nothing(described: Described) -> None:
    server = emulator()
    path = "/".join("x" if each.startswith("{") else each for each in described.path.split("/"))

    (steps,) = play(server, make_request(described, path))

    assert (status(steps), json_of(steps)["error"]["message"]) == (404, f"Invalid URL ({described.method} /v1{path})")
