"""A message that names a file by its id: the file must be there."""

from typing import Any

import pytest

from tests.playing import emulator, json_of, play, post, status
from tests.wire.asking import Asking

_FILES = {
    "files": [{"id": "file-notes", "filename": "notes.pdf", "text": "a"}, {"id": "mine", "filename": "b", "text": "b"}]
}
_CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}


def _chat(*file_ids: object) -> tuple[str, Any]:
    content = [{"type": "text", "text": "Hi"}, *({"type": "file", "file": {"file_id": each}} for each in file_ids)]
    return "/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]}


def _message(*parts: object) -> tuple[str, Any]:
    return "/v1/responses", {"model": "gpt-4o", "input": [{"role": "user", "content": list(parts)}]}


def _result(output: object) -> tuple[str, Any]:
    given = [_CALL, {"type": "function_call_output", "call_id": "c1", "output": output}]
    return "/v1/responses", {"model": "gpt-4o", "input": given}


def _screenshot(file_id: str) -> tuple[str, Any]:
    called = {"type": "computer_call", "id": "cu_1", "call_id": "c1", "action": {"type": "wait"}, "status": "completed"}
    output = {"type": "computer_screenshot", "file_id": file_id}
    given = [
        {**called, "pending_safety_checks": []},
        {"type": "computer_call_output", "call_id": "c1", "output": output},
    ]
    return "/v1/responses", {"model": "computer-use-preview", "truncation": "auto", "input": given}


def _file(file_id: object, kind: str = "input_file") -> dict[str, object]:
    return {"type": kind, "file_id": file_id}


def _in_conversation(file_id: str) -> tuple[str, Any]:
    return "/v1/conversations", {"items": [{"role": "user", "content": [_file(file_id)]}]}


def _counted(file_id: str) -> tuple[str, Any]:
    return "/v1/responses/input_tokens", _message(_file(file_id))[1]


def _ask(asked: tuple[str, Any], **settings: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
    server = emulator({"resources": _FILES, "defaults": {"on_unmatched": "echo"}}, **settings)
    (steps,) = play(server, post(*asked))
    return status(steps), json_of(steps).get("error")


_WHERE = [
    (lambda file_id: _chat("file-notes", file_id), "messages[0].content[2].file.file_id"),
    (lambda file_id: _message(_file(file_id)), "input[0].content[0].file_id"),
    (lambda file_id: _message(_file("file-notes"), _file(file_id, "input_image")), "input[0].content[1].file_id"),
    (lambda file_id: _result([_file(file_id)]), "input[1].output[0].file_id"),
    (_screenshot, "input[1].output.file_id"),
    (_in_conversation, "items[0].content[0].file_id"),
    (_counted, "input[0].content[0].file_id"),
]


@pytest.mark.parametrize(("ask", "place"), _WHERE)
def test_an_unknown_file_of_a_message_is_refused_with_its_place(ask: Any, place: str) -> None:  # noqa: ANN401 - a function
    assert _ask(ask("file-none")) == (
        404,
        {"message": "No such File object: file-none", "type": "invalid_request_error", "param": place, "code": None},
    )


@pytest.mark.parametrize(("ask", "place"), _WHERE)
def test_a_stored_file_of_a_message_is_taken_whatever_its_id_and_lenience_takes_all(
    ask: Any,  # noqa: ANN401 - a function
    place: str,
) -> None:
    assert [_ask(ask(file_id)) for file_id in ("file-notes", "mine")] == [(200, None)] * 2, place
    assert _ask(ask("file-none"), lenient=True) == (200, None)


@pytest.mark.parametrize(
    ("file_id", "code", "words"),
    [
        ("F0BG", "invalid_value", "'F0BG'. Expected an ID that begins with 'file'."),
        ("file-a/b", "invalid_value", "but this value contained additional characters."),
        ("file-" + "a" * 60, "string_above_max_length", "Expected a string with maximum length 64, but got"),
        (5, "invalid_type", "expected a string, but got an integer instead."),
    ],
)
def test_what_is_no_id_of_a_file_is_refused_as_such(file_id: object, code: str, words: str) -> None:
    answered, error = _ask(_message(_file(file_id)))

    assert (answered, error["code"], error["param"]) == (400, code, "input[0].content[0].file_id")
    assert words in error["message"]


def test_an_id_of_azures_form_is_looked_up() -> None:
    path, body = _chat("assistant-none")

    answered, error = _ask((f"/openai{path}", body))

    assert (answered, error["message"]) == (404, "No such File object: assistant-none")


def test_a_deleted_file_is_no_longer_taken() -> None:
    client = Asking(emulator({"resources": _FILES, "defaults": {"on_unmatched": "echo"}}))
    client.delete("/v1/files/file-notes")

    answer = client.post(*_message(_file("file-notes")))

    assert answer["error"]["message"] == "No such File object: file-notes"
