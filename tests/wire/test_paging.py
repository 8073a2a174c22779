from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.paging import page

ITEMS = tuple({"id": letter} for letter in "abcdef")


def asking(query: str, *, lenient: bool = False) -> Call:
    request = Request(method="GET", path="/v1/things", query=tuple(parse_qsl(query)))
    return Call(request=request, stamp=Stamp(0, 0), models={}, lenient=lenient)


def ids(query: str, *, lenient: bool = False) -> str:
    return "".join(item["id"] for item in page(asking(query, lenient=lenient), ITEMS)["data"])


def test_a_page_has_its_cursors_in_the_order_of_the_real_one() -> None:
    found = page(asking("limit=2&order=asc"), ITEMS)

    assert list(found.items()) == [
        ("object", "list"),
        ("data", [{"id": "a"}, {"id": "b"}]),
        ("first_id", "a"),
        ("last_id", "b"),
        ("has_more", True),
    ]


def test_an_empty_list_says_that_there_is_no_more() -> None:
    found = page(asking(""), [])

    assert found == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "fedcba"),
        ("order=desc", "fedcba"),
        ("order=asc", "abcdef"),
        ("order=asc&after=b", "cdef"),
        ("order=desc&after=b", "a"),
        ("order=asc&after=b&limit=2", "cd"),
        ("order=asc&after=f", ""),
        ("order=asc&before=d", "abc"),
        ("order=asc&before=d&limit=2", "bc"),
        ("order=desc&before=b&limit=2", "dc"),
        ("order=asc&after=a&before=e", "bcd"),
        ("order=asc&after=a&before=e&limit=1", "b"),
    ],
)
def test_a_page_lies_next_to_its_cursor(query: str, expected: str) -> None:
    assert ids(query) == expected


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "limit=0",
            "integer_below_min_value",
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        ),
        (
            "limit=101",
            "integer_above_max_value",
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
        ),
        ("limit=many", "invalid_type", "Invalid type for 'limit': expected an integer, but got a string instead."),
        ("order=up", "invalid_value", "Invalid value: 'up'. Supported values are: 'asc' and 'desc'."),
        ("after=nobody", None, "No object found with id 'nobody'."),
    ],
)
def test_a_query_that_is_wrong_is_refused(query: str, code: str | None, message: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        ids(query)

    assert (refused.value.failure.code, refused.value.failure.message) == (code, message)


@pytest.mark.parametrize(
    ("query", "expected"), [("limit=0", "f"), ("limit=many", "fedcba"), ("order=up", "fedcba"), ("after=nobody", "")]
)
def test_a_lenient_call_gets_a_page_whatever_it_asks(query: str, expected: str) -> None:
    assert ids(query, lenient=True) == expected


@given(count=st.integers(0, 50), limit=st.integers(1, 10), order=st.sampled_from(["asc", "desc"]))
def test_following_the_last_id_until_there_is_no_more_visits_everything_once(
    count: int, limit: int, order: str
) -> None:
    items = [{"id": str(number)} for number in range(count)]
    visited: list[str] = []
    query = f"limit={limit}&order={order}"

    while (found := page(asking(query), items))["has_more"]:
        visited += [item["id"] for item in found["data"]]
        query = f"limit={limit}&order={order}&after={found['last_id']}"
    visited += [item["id"] for item in found["data"]]

    assert visited == [item["id"] for item in (items if order == "asc" else items[::-1])]
