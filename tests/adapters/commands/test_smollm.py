"""`llemulator smollm` where it cannot begin; what it does where it can is in conformance/smollm."""

import sys

import pytest

from llemulator_addon.adapters.command_line import main


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
