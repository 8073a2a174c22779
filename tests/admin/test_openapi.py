from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from llemulator_addon.admin import ROUTES
from llemulator_addon.admin.openapi import description
from tests.playing import emulator, headers_of, json_of, play, request, status


@cache
def _description() -> Any:  # noqa: ANN401 - JSON
    return description(ROUTES)


def _references(value: object) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(reference := value.get("$ref"), str):
                yield reference
            for part in value.values():
                yield from _references(part)
        case list():
            for part in value:
                yield from _references(part)
        case _:
            pass


def _at(value: Any, reference: str) -> Any:  # noqa: ANN401
    for step in reference.removeprefix("#/").split("/"):
        value = value[step]
    return value


def test_it_is_served() -> None:
    (answer,) = play(emulator(), request("GET", "/_emulator/openapi.json", token=None))

    assert json_of(answer) == _description()


def test_it_has_every_route_and_method() -> None:
    paths = _description()["paths"]

    assert {path: {method.upper() for method in methods} for path, methods in paths.items()} == {
        path: set(route.methods) for path, route in ROUTES.items()
    }


_ENDLESS = "/_emulator/live"
"""Needs no token, and its answer does not end."""


@pytest.mark.parametrize(
    "path", sorted(path for path, route in ROUTES.items() if not route.is_only_here and path != _ENDLESS)
)
def test_a_route_refuses_requests_without_a_token_where_it_says_that_it_needs_one(path: str) -> None:
    method = ROUTES[path].methods[0]
    asked = replace(request(method, path.replace("{number}", "1"), token=None), way="connect")
    (steps,) = play(emulator(debug=True), asked)

    assert (status(steps) == 401) == ROUTES[path].needs_token


@pytest.mark.parametrize("path", ["/_emulator/script", "/_emulator/ca.pem", "/_emulator/script.schema.json"])
def test_a_route_produces_what_it_says(path: str) -> None:
    (steps,) = play(emulator(ca_certificate=b"PEM"), request("GET", path))

    assert headers_of(steps)["content-type"] == ROUTES[path].produces


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    operations = [operation for path in _description()["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]

    assert len(set(names)) == len(names)
    assert [operation for operation in operations if not operation["summary"].endswith(".")] == []


def test_every_reference_leads_somewhere() -> None:
    whole = _description()

    assert [reference for reference in _references(whole) if not isinstance(_at(whole, reference), dict)] == []


def test_bodies_are_described() -> None:
    whole = _description()
    body = whole["paths"]["/_emulator/verify"]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert set(_at(whole, body["$ref"])["properties"]) == {
        "expectations", "order", "max_cost_usd", "egress", "unclaimed", "ignore", "reset",
    }  # fmt: skip
    assert "Script.ShortRule" in whole["components"]["schemas"]


def test_every_route_that_reads_a_body_describes_it() -> None:
    paths = _description()["paths"]

    assert {
        path for path, methods in paths.items() if "requestBody" not in methods.get("post", {"requestBody": 1})
    } == {"/_emulator/reset", "/_emulator/requests/{number}/again", "/_emulator/webhooks/{number}"}


def test_a_body_that_may_be_a_form_is_described_as_form_and_as_json() -> None:
    content = _description()["paths"]["/api/preset-queue/{address}/import"]["post"]["requestBody"]["content"]

    assert set(content) == {"application/json", "multipart/form-data"}
    assert set(content["multipart/form-data"]["schema"]["properties"]) == {"file"}


def test_parameters_of_the_query_are_described() -> None:
    (parameters,) = (_description()["paths"]["/_emulator/requests"][m]["parameters"] for m in ("get",))

    assert [each["name"] for each in parameters] == [
        "endpoint", "model", "rule", "unmatched", "unsupported", "status", "since", "limit", "format",
    ]  # fmt: skip


def test_no_schema_has_a_default_that_it_does_not_allow_or_a_pattern_that_only_we_read() -> None:
    parts = list(_parts(_description()["components"]["schemas"]))

    assert [part for part in parts if "default" in part and part["default"] is None] == []
    assert [part["pattern"] for part in parts if r"\x{" in str(part.get("pattern"))] == []


def _parts(value: object) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for part in value.values():
                yield from _parts(part)
        case list():
            for part in value:
                yield from _parts(part)
        case _:
            pass
