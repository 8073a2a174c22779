"""The table of prices, and a file of the user's."""

from decimal import Decimal
from pathlib import Path

import pytest

from llemulator_addon.adapters.prices import find_prices, openai_prices
from llemulator_addon.adapters.script_file import BadScript
from llemulator_addon.wire.prices import count_cost
from tests.project.pages import ROOT, blocks

USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}


def test_openai_s_prices_say_of_which_day_they_are_and_where_they_stand() -> None:
    prices = openai_prices()

    assert prices.as_of >= "2026-11"
    assert prices.source == "https://developers.openai.com/api/docs/pricing"
    assert all(price.rates.get("input") for price in prices.by_model.values())
    # OpenAI's page of GPT-6.2 Sol.
    sol = prices.by_model["gpt-6.2-sol"]
    assert count_cost({"prompt_tokens": 200_000, "completion_tokens": 100_000}, None, sol) == Decimal("1.4")
    assert count_cost(USAGE, None, sol) == Decimal(19)
    assert count_cost(USAGE, "batch", sol) == Decimal("9.5")


def test_a_file_adds_prices_and_replaces_them_by_model(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(
        "as_of: 2027-01-02\nsource: a contract\nmodels:\n  mine: {input: 1, output: 2}\n  gpt-4o: {input: 1}\n"
    )

    prices = find_prices(file)()

    assert prices.source.endswith("pricing, a contract")
    mine, theirs = prices.find("mine"), prices.find("gpt-4o-mini")
    assert mine is not None
    assert theirs is not None
    assert count_cost(USAGE, None, mine) == Decimal(3)
    assert prices.by_model["gpt-4o"].rates == {"input": Decimal(1)}


def test_the_example_of_the_page_is_such_a_file(tmp_path: Path) -> None:
    (example,) = [block for block in blocks("yaml") if "prices" in block.marks]
    file = tmp_path / "prices.yaml"
    file.write_text(example.text)

    tuned = find_prices(file)().by_model["ft:gpt-4.1-mini:acme::1"]

    assert count_cost(USAGE, "batch", tuned) == Decimal(2)
    page = (ROOT / example.page).read_text()
    assert openai_prices().as_of in page
    assert openai_prices().as_of in (ROOT / "docs/deviations.md").read_text()


def test_a_file_can_replace_all_prices(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"replace": true, "models": {"mine": {"input": 0.1}}}')

    assert list(find_prices(file)().by_model) == ["mine"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models: {mine: {inputs: 1}}", "models.mine.inputs"),
        ("models: {mine: {input: -1}}", "models.mine.input"),
        ("models: {mine: {input: 1, tiers: {flex: 0}}}", "models.mine.tiers.flex"),
        ("models: [", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(text)

    with pytest.raises(BadScript, match=says) as refused:
        find_prices(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScript, match=r"none\.yaml: No such file or directory; use --prices"):
        find_prices(tmp_path / "none.yaml")
