"""A rule says what a search of a vector store finds."""

from typing import Any

import pytest
from openai.types import VectorStoreSearchResponse

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import emulator
from tests.wire.asking import Asking
from tests.wire.shapes import assert_sdk

_HIT = {"file": "rules.md", "text": "Thirty days.", "score": 0.9, "attributes": {"year": 2025}}


def _search(found: object, **script: Any) -> Any:  # noqa: ANN401 - JSON
    client = Asking(emulator({"rules": [{"reply": {"vector_store": found}}], **script}))
    return client.post("/v1/vector_stores/vs_any/search", {"query": "How long?"})


def test_a_search_finds_what_a_rule_says() -> None:
    page = _search([_HIT, {"file": "other.md", "text": "Else."}])

    first, second = page["data"]
    assert (page["object"], page["search_query"]) == ("vector_store.search_results.page", ["How long?"])
    assert (first["filename"], first["score"], first["attributes"]) == ("rules.md", 0.9, {"year": 2025})
    assert (first["content"], second["score"]) == ([{"type": "text", "text": "Thirty days."}], 1.0)
    assert first["file_id"] != second["file_id"]
    assert_sdk(VectorStoreSearchResponse, first)


def test_what_is_found_has_the_id_of_a_stored_file_with_its_name() -> None:
    files = [{"id": "file-rules", "filename": "rules.md", "text": "a"}]

    (found,) = _search(_HIT, resources={"files": files})["data"]

    assert found["file_id"] == "file-rules"


def test_a_rule_can_say_that_a_search_finds_nothing() -> None:
    assert _search([])["data"] == []


def test_a_rule_with_it_answers_nothing_but_searches() -> None:
    client = Asking(emulator({"rules": [{"reply": {"vector_store": _HIT}}], "defaults": {"on_unmatched": "echo"}}))

    answer = client.post("/v1/responses", {"model": "gpt-4o", "input": "Hi"})

    assert answer["output"][0]["content"][0]["text"] == "Hi"
    assert client.post("/v1/vector_stores/vs_any/search", {"query": "a"})["data"][0]["filename"] == "rules.md"


@pytest.mark.parametrize(
    "wrong", [{"file": "a"}, {"text": "a"}, {**_HIT, "score": 2}, {**_HIT, "attributes": {"a": []}}]
)
def test_a_wrong_finding_is_refused_with_the_script(wrong: dict[str, Any]) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": {"vector_store": wrong}}]})
