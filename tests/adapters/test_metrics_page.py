"""The page about metrics and the dashboard name the metrics that there are."""

import json
import re
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.metrics.counts import MetricsReport, ModelCounts
from llemulator_addon.adapters.metrics.durations import BETWEEN_TOKENS, TO_FIRST_TOKEN, WHOLE, Durations
from llemulator_addon.adapters.metrics.text import read_system, write
from llemulator_addon.core.gauges import Gauges, ModelServerGauges, SessionGauges
from tests.project import tables
from tests.project.pages import ROOT

_DASHBOARD = ROOT / "docs/examples/grafana/llemulator.json"


def _write_everything() -> str:
    """Write each metric that there is."""
    times = [Durations(bounds).read() for bounds in (TO_FIRST_TOKEN, BETWEEN_TOKENS, WHOLE)]
    counts = Metrics().read()._replace(models={"a": ModelCounts(1, 1, *times)})
    gauges = Gauges(SessionGauges(1, 1, 1, 1, 1), model_servers=(ModelServerGauges("a", 1, 1, 0.5),))
    text, _ = write(MetricsReport(counts, running=0, gauges=gauges, processes={"1": read_system()}), "")
    return text.decode()


def _families() -> dict[str, tuple[str, set[str]]]:
    """Return the type of each metric of ours, and its labels."""
    found = {}
    for family in text_string_to_metric_families(_write_everything()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = family.type, {label for each in family.samples for label in each.labels} - {"le"}
    return {name: each for name, each in found.items() if not name.startswith("process_")}


def _cells(name: str) -> dict[str, list[str]]:
    return {first: [cell.strip() for cell in rest.split("|")] for first, rest in tables.rows(name)}


def test_the_page_has_each_metric_with_its_type() -> None:
    told = _cells("metrics") | _cells("gauges")

    assert {name: cells[0] for name, cells in told.items()} == {name: kind for name, (kind, _) in _families().items()}


def test_the_page_has_the_labels_of_each_metric_of_a_model() -> None:
    told = {
        name: set(re.findall(r"`(\w+)`", cells[1])) for name, cells in (_cells("metrics") | _cells("gauges")).items()
    }
    families = _families()

    assert {name: labels for name, labels in told.items() if name.startswith("vllm:")} == {
        name: labels for name, (_, labels) in families.items() if name.startswith("vllm:")
    }


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(_DASHBOARD.read_text())["panels"]
    return panels


def test_the_dashboard_asks_for_every_metric_and_for_no_other() -> None:
    asked = [target["expr"] for panel in _panels() for target in panel.get("targets", ())]
    names = {name for expr in asked for name in re.findall(r"\b(?:llemulator_|vllm:)\w+", expr)}
    families = _families()

    assert {re.sub(r"_bucket$", "", name) for name in names} == set(families)
    assert {name for name in names if name.endswith("_bucket")} == {
        f"{name}_bucket" for name, (kind, _) in families.items() if kind == "histogram"
    }


def test_the_dashboard_has_its_panels_beside_each_other_each_with_a_number_of_its_own() -> None:
    panels = _panels()
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"], panel["gridPos"]["w"], panel["gridPos"]["h"]) for panel in panels
    ]
    squares = [(x + right, y + down) for x, y, w, h in places for right in range(w) for down in range(h)]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(squares)) == len(squares)
    assert max(x for x, _ in squares) < 24


def test_each_query_of_the_dashboard_asks_the_chosen_source_and_job() -> None:
    targets = [target for panel in _panels() for target in panel.get("targets", ())]

    assert {target["datasource"]["uid"] for target in targets} == {"${datasource}"}
    assert [target["expr"] for target in targets if 'job=~"$job"' not in target["expr"]] == []


def test_grafanas_schema_of_dashboards_has_a_place_for_all_that_the_dashboard_says() -> None:
    plugins.register_default_plugins()
    said = json.loads(_DASHBOARD.read_text())
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(said)))

    assert _lost(said, read) == []


def _lost(said: Any, read: Any, at: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return the places of one value that are not in the other; that one may have more."""
    match said, read:
        case dict(), dict():
            return [place for key in said for place in _lost(said[key], read.get(key), f"{at}/{key}")]
        case list(), list() if len(said) == len(read):
            return [
                place
                for number, pair in enumerate(zip(said, read, strict=True))
                for place in _lost(*pair, f"{at}/{number}")
            ]
        case _:
            return [] if said == read else [at]


def _lint(text: str) -> list[str]:
    """Return what promtool's `check metrics` finds wrong with our metrics (its rules are those of promlint)."""
    found = []
    for family in text_string_to_metric_families(text):
        name, labels = family.name, {label for each in family.samples for label in each.labels}
        found += [f"{name}: no help"] * (not family.documentation)
        found += [f"{name}: no base unit"] * bool(_NO_BASE_UNIT.search(name))
        found += [f"{name}: ends as a counter does"] * (family.type != "counter" and name.endswith("_total"))
        found += [f"{name}: ends as a histogram does"] * bool(re.search(r"_(count|sum|bucket)$", name))
        found += [f"{name}: has its type in its name"] * bool(re.search(r"_(counter|gauge|histogram)$", name))
        found += [f"{name}: has a label in its name"] * any(f"_by_{label}" in name for label in labels)
        found += [f"{name}: camel case"] * bool(re.search(r"[a-z][A-Z]", name + "".join(labels)))
        found += [f"{name}: a reserved label"] * bool(labels & {"le", "quantile"} and family.type != "histogram")
    return found


_NO_BASE_UNIT = re.compile(r"_(ms|milliseconds|minutes|hours|kb|kilobytes|mebibytes|mib|percent)(_|$)")


def test_the_rules_of_promtool_find_nothing_in_our_metrics() -> None:
    text = _write_everything()

    assert _lint(text) == []
    assert _lint("# TYPE a_ms gauge\na_ms 1\n") == ["a_ms: no help", "a_ms: no base unit"]
