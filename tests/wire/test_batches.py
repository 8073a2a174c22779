import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from openai.types import Batch

from tests.playing import body_of, emulator, json_of, play, post, request, status
from tests.wire.forms import form
from tests.wire.shapes import assert_described, assert_sdk

if TYPE_CHECKING:
    from llemulator_addon.emulator import Emulator

_CHAT = "/v1/chat/completions"
_NULLS = [
    *(
        "$.model",
        "$.errors",
        "$.output_file_id",
        "$.error_file_id",
        "$.in_progress_at",
        "$.finalizing_at",
        "$.metadata",
    ),
    *("$.completed_at", "$.failed_at", "$.expired_at", "$.cancelling_at", "$.cancelled_at"),
]
_ERROR_NULLS = [*_NULLS, "$.errors.data[].param", "$.errors.data[].line"]


class Client:
    """One that says when it asks."""

    def __init__(self, script: object = None, **settings: Any) -> None:  # noqa: ANN401 - whatever settings there are
        self.server: Emulator = emulator(script, **{"batch_duration": 100.0, **settings})

    def begin(self, lines: Sequence[object], *, endpoint: str = _CHAT, purpose: str = "batch", **more: object) -> str:
        """Upload lines, as JSON or as they are, and begin a batch of them; return its id."""
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines) or "\n"
        file = json_of(
            play(self.server, form("/v1/files", ("purpose", purpose), ("file", ("a.jsonl", text.encode()))))[0]
        )
        asked = {"input_file_id": file["id"], "endpoint": endpoint, "completion_window": "24h", **more}
        return str(json_of(play(self.server, post("/v1/batches", asked))[0])["id"])

    def look(self, batch: str, at: float) -> Any:  # noqa: ANN401 - JSON
        """Return the batch at a time."""
        return json_of(play(self.server, request("GET", f"/v1/batches/{batch}", at=at))[0])

    def lines(self, file: str | None) -> list[Any]:
        """Return the lines of a file."""
        assert file is not None
        (steps,) = play(self.server, request("GET", f"/v1/files/{file}/content"))
        return [json.loads(line) for line in body_of(steps).splitlines()]

    def journal(self) -> list[Any]:
        """Return the exchanges of chat."""
        listed = json_of(play(self.server, request("GET", "/_emulator/requests?format=full"))[0])
        return [each for each in listed["data"] if each["path"] == _CHAT]


def _line(number: int, said: str = "Hi", **fields: object) -> dict[str, object]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": said}]}
    return {"custom_id": f"line-{number}", "method": "POST", "url": _CHAT, "body": body, **fields}


def test_a_batch_goes_through_its_states_by_the_clock() -> None:
    client = Client()
    batch = client.begin([_line(n) for n in range(10)], metadata={"a": "b"})

    seen = [client.look(batch, at) for at in (0, 9, 10, 14, 50, 89, 90, 99, 100)]

    assert [(each["status"], each["request_counts"]["completed"]) for each in seen] == [
        ("validating", 0),
        ("validating", 0),
        ("in_progress", 0),
        ("in_progress", 1),
        ("in_progress", 5),
        ("in_progress", 10),
        ("finalizing", 10),
        ("finalizing", 10),
        ("completed", 10),
    ]
    done, begun = seen[-1], seen[-1]["created_at"]
    assert (done["in_progress_at"], done["finalizing_at"], done["completed_at"], done["expires_at"]) == (
        *(begun + 10, begun + 90, begun + 100, begun + 86_400),
    )
    assert (done["model"], done["metadata"], done["error_file_id"]) == ("gpt-4o", {"a": "b"}, None)
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"] > 0
    for each in seen:
        assert_sdk(Batch, each)
        assert_described("Batch", each, null=_NULLS)


def test_the_rules_of_the_session_answer_each_line_and_the_journal_has_it() -> None:
    client = Client(["one", {"match": {"header": {"x-llemulator-batch": "batch_*"}}, "reply": "two"}])
    batch = client.begin([_line(1), _line(2)])

    done = client.look(batch, 100)
    first, second = client.lines(done["output_file_id"])

    assert list(first) == ["id", "custom_id", "response", "error"]
    assert (first["custom_id"], first["error"], first["response"]["status_code"]) == ("line-1", None, 200)
    assert [each["response"]["body"]["choices"][0]["message"]["content"] for each in (first, second)] == ["one", "two"]
    assert [
        (each["status"], each["ending"]["how"], each["request"]["headers"]["x-llemulator-batch"])
        for each in client.journal()
    ] == [(200, "whole", batch)] * 2


def test_refused_lines_go_to_the_error_file() -> None:
    client = Client([{"reply": "fine"}, {"reply": {"failure": {"status": 429}}}])
    batch = client.begin([_line(1), _line(2)])

    done = client.look(batch, 100)

    assert (done["status"], done["request_counts"]) == ("completed", {"total": 2, "completed": 1, "failed": 1})
    (failed,) = client.lines(done["error_file_id"])
    assert (failed["custom_id"], failed["error"], failed["response"]["status_code"]) == ("line-2", None, 429)
    assert failed["response"]["body"]["error"]["code"] == "rate_limit_exceeded"


def test_a_batch_of_which_all_lines_fail_has_no_output_file() -> None:
    client = Client([{"reply": {"failure": {"status": 500}}}])

    done = client.look(client.begin([_line(1)]), 100)

    assert (done["status"], done["output_file_id"]) == ("completed", None)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("{", "invalid_json_line", "This line is not parseable as valid JSON."),
        ("[]", "invalid_json_line", "This line is not parseable as valid JSON."),
        ({"custom_id": "a"}, "missing_required_parameter", "Missing required parameter: 'method'."),
        (
            _line(0),
            "duplicate_custom_id",
            (
                "The custom_id 'line-0' for this request is a duplicate of another request. The custom_id parameter "
                "must be unique for each request in a batch."
            ),
        ),
        (_line(1, method="GET"), "invalid_method", "Invalid method: 'GET'. Supported values are: 'POST'."),
        (
            _line(1, url="/v1/responses"),
            "invalid_url",
            "The URL provided for this request does not match the batch endpoint.",
        ),
        (_line(1, body=[]), "invalid_type", "Invalid type for 'body': expected an object."),
        (
            _line(1, body={"model": "gpt-5"}),
            "mismatched_model",
            "The provided model 'gpt-5' does not match 'gpt-4o'. All requests in a batch must use the same model.",
        ),
    ],
)
def test_a_wrong_line_makes_the_batch_fail(line: object, code: str, message: str) -> None:
    client = Client()

    failed = client.look(client.begin([_line(0), "", line]), 10)

    assert (failed["status"], failed["failed_at"]) == ("failed", failed["created_at"] + 10)
    assert [(each["code"], each["message"], each["line"]) for each in failed["errors"]["data"]] == [(code, message, 2)]
    assert client.journal() == []
    assert_sdk(Batch, failed)
    assert_described("Batch", failed, null=_ERROR_NULLS)


def test_a_batch_of_a_missing_an_empty_or_another_file_fails() -> None:
    client = Client()
    empty, other = client.begin([]), client.begin([_line(1)], purpose="user_data")
    asked = {"input_file_id": "file-x", "endpoint": _CHAT, "completion_window": "24h"}
    missing = json_of(play(client.server, post("/v1/batches", asked))[0])["id"]

    found = [client.look(batch, 10)["errors"]["data"][0]["code"] for batch in (empty, other, missing)]

    assert found == ["empty_file", "invalid_purpose", "file_not_found"]


def test_a_cancelled_batch_keeps_the_answers_it_has() -> None:
    client = Client()
    batch = client.begin([_line(n) for n in range(10)])

    cancelling = json_of(play(client.server, request("POST", f"/v1/batches/{batch}/cancel", at=50))[0])
    soon, later = client.look(batch, 55), client.look(batch, 60)
    (again,) = play(client.server, request("POST", f"/v1/batches/{batch}/cancel", at=70))

    assert (cancelling["status"], cancelling["cancelling_at"]) == ("cancelling", cancelling["created_at"] + 50)
    assert (soon["status"], later["status"], later["cancelled_at"]) == (
        "cancelling",
        "cancelled",
        later["created_at"] + 60,
    )
    assert later["request_counts"] == {"total": 10, "completed": 5, "failed": 0}
    assert len(client.lines(later["output_file_id"])) == 5
    assert (status(again), json_of(again)["error"]["message"]) == (
        409,
        "Cannot cancel a batch with status 'cancelled'.",
    )


def test_a_batch_that_is_cancelled_before_it_is_validated_has_no_files() -> None:
    client = Client()
    batch = client.begin([_line(1)])

    play(client.server, request("POST", f"/v1/batches/{batch}/cancel", at=1))
    ended = client.look(batch, 11)

    assert (ended["status"], ended["output_file_id"], ended["request_counts"]["total"]) == ("cancelled", None, 0)


def test_a_batch_that_takes_longer_than_a_day_expires() -> None:
    client = Client(batch_duration=172_800.0)
    batch = client.begin([_line(n) for n in range(8)])

    expired = client.look(batch, 86_400)

    assert (expired["status"], expired["expired_at"]) == ("expired", expired["created_at"] + 86_400)
    assert expired["request_counts"] == {"total": 8, "completed": 4, "failed": 4}
    assert len(client.lines(expired["output_file_id"])) == 4
    assert {(each["response"], each["error"]["code"]) for each in client.lines(expired["error_file_id"])} == {
        (None, "batch_expired")
    }


def test_a_stream_a_cut_and_a_line_for_a_person_have_errors_of_their_own() -> None:
    cut = {"reply": "a", "faults": [{"cut_after": {"sends": 0}}], "times": 1}
    client = Client({"rules": [cut, {"reply": "b", "times": 1}], "defaults": {"on_unmatched": "manual"}})
    streamed = _line(2, body={"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Hi"}]})
    batch = client.begin([_line(1), streamed, _line(3)])

    done = client.look(batch, 100)

    assert done["request_counts"] == {"total": 3, "completed": 0, "failed": 3}
    assert [each["error"]["message"] for each in client.lines(done["error_file_id"])] == [
        "The connection was cut.",
        "The answer is no JSON, as that of a stream is not.",
        "A line of a batch is answered by rules; neither a person nor an upstream is asked.",
    ]


def test_the_rules_answer_the_lines_also_if_the_session_holds_all_requests() -> None:
    client = Client({"rules": [{"reply": "Hello"}], "defaults": {"manual": {"all": True}}})

    done = client.look(client.begin([_line(1)]), 100)

    assert done["request_counts"] == {"total": 1, "completed": 1, "failed": 0}


def test_embeddings_and_responses_are_answered_too() -> None:
    client = Client()
    vector = {"custom_id": "a", "method": "POST", "url": "/v1/embeddings"}
    response = {"custom_id": "a", "method": "POST", "url": "/v1/responses"}
    one = client.begin(
        [{**vector, "body": {"model": "text-embedding-3-small", "input": "a"}}], endpoint="/v1/embeddings"
    )
    two = client.begin([{**response, "body": {"model": "gpt-4o", "input": "Hi"}}], endpoint="/v1/responses")

    told = [client.lines(client.look(batch, 200)["output_file_id"])[0]["response"]["body"] for batch in (one, two)]

    assert [each["object"] for each in told] == ["list", "response"]


def test_batches_are_listed_the_newest_first() -> None:
    client = Client()
    first, second = client.begin([_line(1)]), client.begin([_line(1)])

    listed = json_of(play(client.server, request("GET", "/v1/batches?limit=1"))[0])

    assert ([each["id"] for each in listed["data"]], listed["has_more"]) == ([second], True)
    assert json_of(play(client.server, request("GET", f"/v1/batches?after={second}"))[0])["data"][0]["id"] == first


def test_an_unknown_batch_is_refused() -> None:
    (steps,) = play(emulator(), request("GET", "/v1/batches/batch_x"))

    assert (status(steps), json_of(steps)["error"]["message"]) == (404, "No batch found with id 'batch_x'.")


def test_output_files_expire_as_the_batch_says() -> None:
    client = Client()
    batch = client.begin([_line(1)], output_expires_after={"anchor": "created_at", "seconds": 3_600})

    made = client.look(batch, 100)["output_file_id"]
    shown = json_of(play(client.server, request("GET", f"/v1/files/{made}"))[0])

    assert (shown["purpose"], shown["filename"]) == ("batch_output", f"{batch}_output.jsonl")
    assert shown["expires_at"] - shown["created_at"] == 3_600


def test_a_batch_whose_answers_have_no_room_fails() -> None:
    client = Client([{"reply": "a" * 4_000, "times": None}], stored_size=40_000)

    failed = client.look(client.begin([_line(n) for n in range(20)]), 100)

    assert (failed["status"], failed["errors"]["data"][0]["code"]) == ("failed", "too_large_to_keep")


def test_looks_in_between_change_nothing_about_the_answers() -> None:
    answers = []
    for looks in ((), (11, 13, 42, 43, 77)):
        client = Client()
        batch = client.begin([_line(n) for n in range(20)])
        for at in looks:
            client.look(batch, at)
        done = client.look(batch, 100)
        answers.append([each["custom_id"] for each in client.lines(done["output_file_id"])])

    assert answers[0] == answers[1] == [f"line-{n}" for n in range(20)]
