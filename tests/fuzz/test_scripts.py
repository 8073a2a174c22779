"""Anything at all is a script or is refused with a reason, and what is a script can be played."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.wire.responses.hosted_tools import HOSTED
from tests.fuzz import surviving
from tests.fuzz.values import ODD_TEXTS, SCRIPTS, TEXTS, broken, scripts, spelled

_MANY = settings(
    max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
_FEW = settings(_MANY, max_examples=150)
_FIELDS = ("action", "actions", "code", "error", "operation", "output", "outputs", "partial_images", "result", "status")
_FIELD_VALUES: st.SearchStrategy[object] = st.sampled_from(
    ("x", 5, None, True, [], [1], ["x"], {}, {"type": "search"}, {"commands": 5}, {"commands": [{}]}, {"diff": 5})
)
_LANGUAGES = st.sampled_from(("json", "yaml"))


@pytest.mark.parametrize("number", range(len(scripts())))
def test_every_real_script_survives(number: int) -> None:
    surviving.load(spelled(scripts()[number]).encode(), "json")


@pytest.mark.parametrize("language", ["json", "yaml"])
@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_text_is_refused_or_played(text: str, language: str) -> None:
    surviving.load(text.encode("utf-8", "surrogatepass"), language)


@given(SCRIPTS)
@_FEW
def test_any_value_is_refused_or_played(value: object) -> None:
    surviving.load(spelled(value).encode(), "json")


@given(broken(TEXTS), _LANGUAGES)
@_FEW
def test_any_text_is_refused_or_played(body: bytes, language: str) -> None:
    surviving.load(body, language)


@given(st.sampled_from(HOSTED), st.dictionaries(st.sampled_from(_FIELDS), _FIELD_VALUES, max_size=3))
@_FEW
def test_any_hosted_call_is_refused_or_played(kind: str, fields: dict[str, object]) -> None:
    call = {**fields, "type": kind}
    surviving.load(spelled({"rules": [{"reply": {"blocks": [{"hosted_call": call}]}}]}).encode(), "json")


@pytest.mark.slow
@given(SCRIPTS)
@_MANY
def test_five_thousand_values_are_refused_or_played(value: object) -> None:
    surviving.load(spelled(value).encode(), "json")


@pytest.mark.slow
@given(broken(TEXTS), _LANGUAGES)
@_MANY
def test_five_thousand_texts_are_refused_or_played(body: bytes, language: str) -> None:
    surviving.load(body, language)
