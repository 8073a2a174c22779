"""Steering over WebSocket: the words that a user adds to a response are the input of the one after it."""

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from openai.types.responses import ResponsesServerEvent
from pydantic import BaseModel

from tests.wire.realtime.talking import Event, Talking, session_of

_SCRIPT = {
    "rules": [
        {"match": {"user_text": "shorter"}, "reply": {"text": "Once."}},
        {"match": {"user_text": "weather"}, "reply": {"tool_calls": [{"name": "weather", "arguments": {}}]}},
        {"match": {"user_text": "fail"}, "reply": {"text": "one two"}, "faults": [{"error_event": {"at": 5}}]},
        {"reply": {"text": "Once upon a time"}},
    ]
}
_TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}


class _Steering(Talking):
    path = "/v1/responses"
    types: ClassVar[Mapping[str, type[BaseModel]]] = {
        get_args(each.model_fields["type"].annotation)[0]: each for each in get_args(get_args(ResponsesServerEvent)[0])
    }

    def create(self, text: object, **more: object) -> str:
        """Ask for a response, let it begin, and return its id."""
        self.holds_answers = True
        self.send("response.create", model="gpt-5.4", input=text, **more)
        created, *_ = self.play(2)
        return str(created["response"]["id"])

    def steer(self, response_id: str, given: object) -> Event:
        """Add words, and return the event that answers."""
        (told,) = self.send("response.steer", previous_response_id=response_id, input=given)
        return told


def _talk() -> _Steering:
    return _Steering(session_of(_SCRIPT), "")


def _said(events: list[Event]) -> str:
    return "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")


def _body(talk: _Steering) -> Mapping[str, Any]:
    return talk.requests[-1].json or {}


def test_the_words_are_the_input_of_a_response_that_follows_by_itself_with_the_same_settings() -> None:
    talk = _talk()
    first = talk.create("Tell me a story", instructions="Be kind.", store=False, stream_id="lane")

    one, two = talk.steer(first, "shorter"), talk.steer(first, [{"role": "user", "content": "please, shorter"}])
    whole, after = talk.play(), talk.play()

    assert [(each["type"], each["stream_id"]) for each in (one, two)] == [("response.steer.accepted", "lane")] * 2
    assert one["steer"]["previous_response_id"] == first
    assert one["steer"]["id"] != two["steer"]["id"]
    assert _said(whole) == "Once upon a time"
    assert (_said(after), after[-1]["type"], after[-1]["stream_id"]) == ("Once.", "response.completed", "lane")
    assert after[-1]["response"]["previous_response_id"] == first
    assert (_body(talk)["instructions"], _body(talk)["store"]) == ("Be kind.", False)
    assert [each["content"] for each in _body(talk)["input"]] == ["shorter", "please, shorter"]


def test_the_words_wait_for_the_results_of_tools_and_are_put_before_them() -> None:
    talk = _talk()
    first = talk.create("the weather", tools=[_TOOL])
    accepted = talk.steer(first, "shorter")

    *_, completed, pending = talk.play()
    (call,) = completed["response"]["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    talk.send("response.create", model="gpt-5.4", previous_response_id=first, input=[result], tools=[_TOOL])
    talk.play()

    assert (pending["type"], pending["steer"]) == ("response.steer.pending", accepted["steer"])
    assert pending["required_input"] == [
        {"type": "function_call_output", "call_id": call["call_id"], "name": "weather"}
    ]
    assert _body(talk)["input"] == [{"role": "user", "content": "shorter"}, result]


def test_the_words_come_back_when_the_response_fails() -> None:
    talk = _talk()
    first = talk.create("fail")
    accepted = talk.steer(first, "shorter")

    failed = talk.play()[-1]

    assert (failed["type"], failed["error"]["code"]) == ("response.steer.failed", "response_not_active")
    assert failed["steer"] == {**accepted["steer"], "input": "shorter"}


def test_nothing_is_added_to_a_response_that_is_over_or_that_somebody_else_goes_on_from() -> None:
    talk = _talk()
    first = talk.create("Hello")
    talk.play()
    kept = talk.create("fail", context_management=[{"type": "compaction", "compact_threshold": 100_000}])

    assert talk.steer(first, "shorter")["error"]["code"] == "response_already_completed"
    assert talk.steer("resp_other", "shorter")["error"]["code"] == "response_not_found"
    assert talk.steer(kept, "shorter")["error"]["code"] == "steering_not_supported"


def test_no_more_than_a_few_words_wait_for_a_response() -> None:
    talk = _talk()
    first = talk.create("Hello")

    codes = [talk.steer(first, "more")["type"].rpartition(".")[2] for _ in range(17)]

    assert codes == ["accepted"] * 16 + ["failed"]
