"""Any order of creating, changing, listing and deleting agrees with a model of it; no body makes an error of ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.wire.described.collections import nameless
from llemulator_addon.wire.described.operations import list_described
from llemulator_addon.wire.described.table import Described, read_table
from tests.playing import emulator, json_of, play, post, request, status
from tests.wire.asking import Asking
from tests.wire.described.requests import make_body, make_request

_BY_PATH = {(each.method, nameless(each.path)): each for each in list_described()}
_COLLECTIONS = [
    each
    for each in list_described()
    if each.does == "create"
    and not each.at
    and not each.page
    and "{" not in each.path
    and {"list", "retrieve", "delete"}
    <= {
        found.does
        for key in (("GET", each.path), ("GET", f"{each.path}/{{}}"), ("DELETE", f"{each.path}/{{}}"))
        if (found := _BY_PATH.get(key)) is not None
    }
]


@st.composite
def _steps(draw: st.DrawFn) -> list[tuple[str, int]]:
    words = st.sampled_from(("create", "update", "retrieve", "delete", "list"))
    return draw(st.lists(st.tuples(words, st.integers(0, 3)), max_size=12))


@pytest.mark.parametrize("described", _COLLECTIONS, ids=lambda each: each.name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_steps())
def test_a_collection_agrees_with_a_model_of_it(described: Described, steps: list[tuple[str, int]]) -> None:
    client, path, model = Asking(emulator({"legacy": True})), f"/v1{described.path}", dict[str, Any]()
    can_change = ("POST", nameless(f"{described.path}/{{}}")) in _BY_PATH
    for word, number in steps:
        one = list(model)[number] if number < len(model) else None
        match word:
            case "create":
                made = json_of(play(client.server, make_request(described, described.path))[0])
                model[made["id"]] = client.get(f"{path}/{made['id']}")
            case "update" if one is not None and can_change:
                client.post(f"{path}/{one}", {})
            case "delete" if one is not None:
                play(client.server, request("DELETE", f"{path}/{one}"))
                del model[one]
            case _ if one is not None:
                assert client.get(f"{path}/{one}") == model[one]
            case _:
                assert client.failing("GET", f"{path}/nothing")[0] == 404

    listed = client.get(f"{path}?order=asc")

    assert [each["id"] for each in listed["data"]] == list(model)


# No body makes an error of ours -------------------------------------------------------------------------------------

_TEXT = st.text(max_size=6)
_LEAF = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
)
_POSTS = [each for each in list_described() if each.method == "POST"]


def _names(described: Described) -> list[str]:
    shapes = described.body if isinstance(described.body, list) else [described.body]
    return [member.name for each in shapes if isinstance(each, int) for member in read_table().members(each)]


@st.composite
def _bodies(draw: st.DrawFn, described: Described) -> Any:  # noqa: ANN401 - JSON
    body = make_body(described)
    names = [*_names(described), "metadata", "stream", "id", "name"]
    changes = draw(st.dictionaries(st.sampled_from(names), _JSON, max_size=3))
    return {**body, **changes}


@pytest.mark.parametrize("lenient", [False, True])
@settings(max_examples=300, deadline=None)
@given(drawn=st.data())
def test_no_body_makes_an_error_of_ours(*, lenient: bool, drawn: st.DataObject) -> None:
    described = drawn.draw(st.sampled_from(_POSTS))
    body = drawn.draw(_bodies(described))
    server = emulator({"legacy": True}, lenient=lenient)
    path = "/".join("x" if each.startswith("{") else each for each in described.path.split("/"))

    (steps,) = play(server, post(f"/v1{path}", body))

    assert status(steps) < 500
    if status(steps) >= 400:
        assert set(json_of(steps)["error"]) == {"message", "type", "param", "code"}


@settings(max_examples=100, deadline=None)
@given(drawn=st.data())
def test_no_query_makes_an_error_of_ours(drawn: st.DataObject) -> None:
    described = drawn.draw(st.sampled_from([each for each in list_described() if each.does == "list"]))
    words = st.sampled_from(("after", "before", "limit", "order", "status", "filter"))
    value = st.text(st.characters(exclude_characters="&=#", codec="utf-8"), max_size=6)
    query = drawn.draw(st.dictionaries(words, value, max_size=3))
    path = "/".join("x" if each.startswith("{") else each for each in described.path.split("/"))
    asked = "&".join(f"{name}={value}" for name, value in query.items())

    (steps,) = play(emulator({"legacy": True}), request("GET", f"/v1{path}?{asked}"))

    assert status(steps) < 500
