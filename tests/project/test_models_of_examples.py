"""Examples name models that live on: a reader copies them, and some day the real API refuses what was shut down."""

import re

from llemulator_addon.wire.models import shutdown_date
from tests.project.pages import ROOT, tracked

_PAGES = ("README.md", "docs/*.md", "docs/examples/*", "scripts/*", "llemulator_addon/adapters/usage_hints.py")
_ABOUT_MODELS = {
    "docs/audio.md": "every model of speech has a last day",
    "docs/deviations.md": "tells of models one by one",
    "docs/fine-tuning.md": "every model that can be fine-tuned has a last day",
    "docs/kubernetes.md": "measures older models",
    "docs/preset-queues.md": "shows a test of mock-openai-tool as it is",
    "docs/prices.md": "shows prices of a dated and of a fine-tuned model, which have a last day",
    "docs/prompt-caching.md": "says from which model on there is a cache",
    "docs/script.md": "shows the day on which gpt-4o is shut down",
}
_NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)+")


def test_examples_name_no_model_that_has_a_last_day() -> None:
    found = {
        f"{name}: {model}"
        for page in _PAGES
        for file in tracked(page)
        if (name := file.relative_to(ROOT).as_posix()) not in _ABOUT_MODELS
        for model in _NAME.findall(file.read_text("utf-8"))
        if shutdown_date(model)
    }

    assert found == set()
