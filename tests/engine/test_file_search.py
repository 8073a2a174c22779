"""`file_search` of Responses finds what is in the session's vector stores."""

import json
from typing import Any

from tests.playing import body_of, emulator, json_of, play, post, request
from tests.wire.forms import form
from tests.wire.shapes import events

_RULES, _HOURS = b"Returns are free within thirty days.", b"The shop is open until five."


def _ask(script: object = None, **fields: Any) -> Any:  # noqa: ANN401 - JSON, or the events of a stream
    """Ask for a response with a store that has two files."""
    server = emulator(script, models=("gpt-5.4", "gpt-4o"))
    store = json_of(play(server, post("/v1/vector_stores", {}))[0])["id"]
    for name, text in (("rules.md", _RULES), ("hours.md", _HOURS)):
        file = json_of(play(server, form("/v1/files", ("purpose", "assistants"), ("file", (name, text))))[0])["id"]
        body = {"file_id": file, "attributes": {"name": name}}
        play(server, post(f"/v1/vector_stores/{store}/files", body))
    tool = {"type": "file_search", "vector_store_ids": [store], **fields.pop("tool", {})}
    asked = {"model": "gpt-4o", "input": "Are returns free?", "tools": [tool], **fields}
    (steps,) = play(server, request("POST", "/v1/responses", body=json.dumps(asked).encode(), at=9))
    return events(body_of(steps)) if fields.get("stream") else json_of(steps)["output"]


_SEARCH = {"hosted_call": {"type": "file_search_call"}}


def test_without_a_script_the_answer_begins_with_a_search_and_cites_what_was_found() -> None:
    call, message = _ask()

    assert (call["type"], call["queries"], call["results"]) == ("file_search_call", ["Are returns free?"], None)
    (part,) = message["content"]
    assert part["annotations"][0]["type"] == "file_citation"
    assert part["annotations"][0]["filename"] == "rules.md"


def test_results_are_shown_to_those_who_include_them() -> None:
    call, _ = _ask(include=["file_search_call.results"], tool={"max_num_results": 1})

    (found,) = call["results"]
    assert (found["filename"], found["text"]) == ("rules.md", _RULES.decode())
    assert found["attributes"] == {"name": "rules.md"}


def test_filters_of_the_tool_choose_files() -> None:
    wanted = {"type": "eq", "key": "name", "value": "hours.md"}

    call, _ = _ask(include=["file_search_call.results"], tool={"filters": wanted})

    assert {each["filename"] for each in call["results"]} <= {"hours.md"}


def test_a_search_of_a_script_has_its_own_queries_and_cites_its_files() -> None:
    search = {"hosted_call": {"type": "file_search_call", "queries": ["open until when"]}}
    call, message = _ask({"rules": [{"reply": {"blocks": [search, {"text": "Until five."}]}}]})

    assert call["queries"] == ["open until when"]
    assert message["content"][0]["annotations"][0]["filename"] == "hours.md"


def test_results_and_citations_of_a_script_stay() -> None:
    own = {"hosted_call": {"type": "file_search_call", "results": []}}
    call, message = _ask({"rules": [{"reply": {"blocks": [own, {"text": "None."}]}}]})

    assert (call["results"], message["content"][0]["annotations"]) == ([], [])


def test_a_script_that_says_only_a_text_searches_nothing() -> None:
    (message,) = _ask({"responses": "Yes."})

    assert (message["type"], message["content"][0]["annotations"]) == ("message", [])


def test_tool_choice_none_searches_nothing() -> None:
    (message,) = _ask(tool_choice="none")

    assert message["type"] == "message"


def test_a_stream_tells_of_the_search_and_of_the_citations() -> None:
    told = [each["type"] for each in _ask(stream=True)]

    assert "response.file_search_call.searching" in told
    assert "response.output_text.annotation.added" in told
