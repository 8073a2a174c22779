"""docs/traces.md has each attribute and event that spans have beside those of the conventions."""

import re
from pathlib import Path

from llemulator_addon.adapters.telemetry import facts
from tests.project import tables

_SOURCE = Path(facts.__file__).read_text("utf-8")


def _named(pattern: str) -> set[str]:
    return set(re.findall(pattern, _SOURCE))


def test_the_page_has_each_attribute_of_our_own() -> None:
    events = _named(r'SpanEvent\(\s*"(llemulator\.\w+)"')
    attributes = _named(r'"(llemulator\.\w+)":')

    assert {name for name, _ in tables.rows("attributes of spans")} == attributes - (events - {"llemulator.rule"})
    assert {name for name, _ in tables.rows("events of spans")} == events
