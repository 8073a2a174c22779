"""`llemulator smollm` where it cannot begin; what it does where it can is in conformance/smollm."""

import argparse
import re
import sys

import pytest

from llemulator_addon.adapters.command_line import main
from llemulator_addon.adapters.commands.smollm import SMOLLM
from llemulator_addon.adapters.settings_table import SETTINGS
from tests.project.pages import code_spans


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("huggingface_hub", "xllamacpp"):
        monkeypatch.setitem(sys.modules, name, None)
    status = main(["smollm"])

    out, err = capsys.readouterr()

    assert (status, out) == (1, "")
    assert err == (
        "llemulator: a model needs what is not installed (huggingface_hub, xllamacpp): "
        "pip install 'llemulator[smollm]'\n"
    )


def test_every_option_of_its_own_is_on_a_page() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    SMOLLM.add_options(parser)
    options = set(re.findall(r"^ +(--[a-z-]+)", parser.format_help(), re.MULTILINE))
    own = options - {setting.option for setting in SETTINGS}

    assert own >= {"--cache", "--model-file"}
    assert own - {span.partition(" ")[0] for span in code_spans()} == set()
