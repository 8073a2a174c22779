"""What a session has stored, as the admin routes show it."""

from typing import Any

from llemulator_addon.emulator import Emulator
from tests.playing import TOKEN, emulator, json_of, play, post, request, status

_SECRET = "sk-proj-abcdefghijklmnop"


def _used() -> Emulator:
    """Return a server on which a token stored two responses, and a conversation with an item."""
    server = emulator()
    message = {"type": "message", "role": "user", "content": f"my key is {_SECRET}"}
    play(
        server,
        post("/v1/responses", {"model": "gpt-4o", "input": "one"}),
        post("/v1/responses", {"model": "gpt-4o", "input": "two"}),
        post("/v1/conversations", {"items": [message]}),
    )
    return server


def _get(server: Emulator, path: str, token: str = TOKEN) -> Any:  # noqa: ANN401 - JSON
    (steps,) = play(server, request("GET", path, token=token))
    assert status(steps) == 200
    return json_of(steps)


def test_all_that_a_token_stored_is_listed_by_kind_in_the_order_of_creation() -> None:
    shown = _get(_used(), "/_emulator/resources")

    kinds = {"response": 2, "conversation": 1, "conversation.item": 1}
    assert {kind: shown["kinds"].get(kind) for kind in kinds} == kinds
    numbers = [each["number"] for each in shown["data"]]
    assert numbers == sorted(numbers)
    assert shown["data"][0]["id"].startswith("resp_")
    assert shown["bytes"] == sum(each["bytes"] for each in shown["data"])


def test_a_part_names_the_resource_that_it_is_of() -> None:
    shown = _get(_used(), "/_emulator/resources")

    by_kind = {each["kind"]: each for each in shown["data"]}
    assert by_kind["conversation.item"]["of"] == by_kind["conversation"]["id"]
    assert by_kind["conversation"]["of"] == ""


def test_a_kind_is_selected_and_read_page_by_page() -> None:
    server = _used()

    first = _get(server, "/_emulator/resources?kind=response&limit=1")
    rest = _get(server, f"/_emulator/resources?kind=response&limit=1&since={first['data'][0]['number']}")

    assert [first["has_more"], rest["has_more"]] == [True, False]
    assert [each["kind"] for each in first["data"] + rest["data"]] == ["response", "response"]
    assert first["data"] != rest["data"]


def test_one_is_shown_in_full_without_secrets() -> None:
    server = _used()
    item = next(each for each in _get(server, "/_emulator/resources")["data"] if each["kind"] == "conversation.item")

    shown = _get(server, f"/_emulator/resources/{item['number']}")

    assert shown["id"] == item["id"]
    assert shown["value"]["role"] == "user"
    assert "my key is ***" in str(shown["value"])
    assert _SECRET not in str(shown)


def test_of_a_file_the_number_of_its_bytes_is_shown() -> None:
    server = emulator()
    form = (
        b'--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabcde\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    play(server, request("POST", "/v1/files", body=form, headers=headers))

    shown = _get(server, "/_emulator/resources/0")

    assert (shown["kind"], shown["value"]["file"]["filename"]) == ("file", "a.txt")
    assert shown["value"]["content"] == {"bytes": 5}


def test_what_another_token_stored_is_not_shown() -> None:
    server = _used()

    assert _get(server, "/_emulator/resources", token="sk-of-another")["data"] == []


def test_a_resource_that_is_not_stored_is_refused_by_its_number() -> None:
    for number in ("99", "-1", "x"):
        (steps,) = play(emulator(), request("GET", f"/_emulator/resources/{number}"))

        assert status(steps) == 404
        assert json_of(steps)["error"]["code"] == "resource_not_found"
