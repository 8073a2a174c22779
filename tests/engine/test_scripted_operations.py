"""A rule can answer any operation: with bytes of its own, and with a failure."""

import pytest

from llemulator_addon.wire.described.operations import index_operations
from llemulator_addon.wire.endpoints import OPERATIONS
from tests.playing import emulator, json_of, play, request, status

_ALL = {**OPERATIONS, **index_operations()}


def _path(pattern: str) -> str:
    return "/v1" + "/".join("x" if each.startswith("{") else each for each in pattern.split("/"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"raw": {"json": {"by": "script"}}}, (200, {"by": "script"})),
        (
            {"failure": {"status": 418, "message": "No.", "type": "t", "code": "c"}},
            (418, {"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}),
        ),
    ],
    ids=["raw", "failure"],
)
def test_a_rule_answers_each_operation_by_its_name(reply: object, expected: object) -> None:
    server = emulator({"rules": [{"match": {"endpoint": name}, "reply": reply} for name in _ALL]})

    answers = {name: play(server, request(each.method, _path(each.path), body=b"{}"))[0] for name, each in _ALL.items()}

    assert {name for name, steps in answers.items() if (status(steps), json_of(steps)) != expected} == set()
