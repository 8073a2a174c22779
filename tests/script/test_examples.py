"""The scripts of the folder `scripts`, each played as its comment says."""

import json
from pathlib import Path

import pytest

from llemulator_addon.core.steps import Cut, Send, Steps, Wait
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.script.reader import read_text
from llemulator_addon.store.memory import MemoryStore
from tests.playing import body_of, chat, connect, headers_of, json_of, outcome, play, post, shake_hands, status, texts

_SCRIPTS = Path(__file__).parents[2] / "scripts"
_INVOICE = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "total": {"type": "number"}},
    "required": ["number", "total"],
    "additionalProperties": False,
}
_WEATHER = [{"type": "function", "function": {"name": "get_weather"}}]


def _server(name: str) -> Emulator:
    script = read_text((_SCRIPTS / f"{name}.yaml").read_bytes(), "yaml")
    return Emulator(EmulatorSettings(script=script), MemoryStore)


def _streamed(steps: Steps) -> str:
    """Return the text of a stream of chunks."""
    lines = [
        line.removeprefix("data: ") for line in body_of(steps).decode().split("\n\n") if line.startswith("data: {")
    ]
    chunks = [json.loads(line) for line in lines if line.endswith("}")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", ()))


def test_hello() -> None:
    server = _server("hello")
    story, *_ = play(server, chat("Tell me a story", stream=True))

    assert texts(server, chat("Hello there"), chat("an error, please"), chat("an error, please")) == [
        "Hello from llemulator! Nothing of this left your machine.",
        "429 rate_limit_exceeded",
        "This is scripts/hello.yaml. Say hello, ask for a story or the weather, or write your own script.",
    ]
    assert _streamed(story).startswith("Once upon a time")
    assert sum(step.seconds for step in story if isinstance(step, Wait)) > 1


def test_agent_loop() -> None:
    server = _server("agent-loop")
    (called,) = play(server, chat("What is the weather in Oslo?", tools=_WEATHER))
    message = json_of(called)["choices"][0]["message"]
    call = message["tool_calls"][0]
    asked = {"role": "user", "content": "What is the weather in Oslo?"}
    found = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "rain", "degrees": 4}'}
    failed = {**found, "content": "Error: timeout"}

    assert (call["function"]["name"], call["function"]["arguments"]) == ("get_weather", '{"city":"Oslo"}')
    again, answered = play(
        server, *[chat(messages=[asked, message, result], tools=_WEATHER) for result in (failed, found)]
    )
    assert json_of(again)["choices"][0]["finish_reason"] == "tool_calls"
    assert json_of(answered)["choices"][0]["message"]["content"] == "Take an umbrella: rain is on its way."
    assert texts(server, chat("the weather?")) == ["I have no way to look at the weather."]


def test_structured_output() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "invoice", "strict": True, "schema": _INVOICE}}
    server = _server("structured-output")
    said = texts(
        server, chat("Read this", response_format=schema), chat("Say JSON", response_format={"type": "json_object"})
    )

    assert json.loads(said[0])["total"] == 119.0
    assert json.loads(said[1]) == {"ok": True}
    (cut,) = play(server, chat("too long"))
    assert json_of(cut)["choices"][0]["finish_reason"] == "length"


def test_refusal() -> None:
    server = _server("refusal")
    (refused,) = play(server, chat("How do I pick a lock?"))
    message = json_of(refused)["choices"][0]["message"]

    assert (message["refusal"], message["content"]) == ("I'm sorry, but I can't help with that.", None)
    assert texts(server, chat("How are you?")) == ["Happy to help."]


def test_slow_stream() -> None:
    server = _server("slow-stream")
    stream, halting, whole = play(server, chat(stream=True), chat("halt", stream=True), chat())
    waits = [step.seconds for step in stream if isinstance(step, Wait)]

    assert waits[0] == 2
    assert all(0.07 <= wait <= 0.13 for wait in waits[1:])
    assert Wait(5) in halting
    assert not any(isinstance(step, Wait) for step in whole)


def test_rate_limit() -> None:
    server = _server("rate-limit")
    asked = [chat(at=100)] * 4

    assert texts(server, *asked) == [*["You got through."] * 3, "429 rate_limit_exceeded"]
    play(server, post("/_emulator/clock", {"advance_s": 20}, at=100))
    (through,) = play(server, chat(at=100))
    assert (status(through), headers_of(through)["x-ratelimit-remaining-requests"]) == (200, "0")


def test_rate_limit_twice() -> None:
    assert texts(_server("rate-limit-twice"), chat(), chat(), chat()) == [
        "429 rate_limit_exceeded",
        "429 rate_limit_exceeded",
        "You got through at the third try.",
    ]


def test_outage() -> None:
    server = _server("outage")

    assert texts(server, chat(at=5), chat(at=50)) == ["503 server_is_overloaded"] * 2
    play(server, post("/_emulator/clock", {"advance_s": 60}, at=50))
    assert texts(server, chat(at=51)) == ["And we are back."]


@pytest.mark.parametrize(
    ("word", "ends_with"),
    [
        ("close", (Send, Cut("close"))),
        ("reset", (Send, Cut("reset"))),
        ("end", (Send, Send)),
        ("fail", (Send, Send)),
        ("garble", (Send, Send)),
        ("hang", (Wait(86_400), Cut("close"))),
    ],
)
def test_cut_stream(word: str, ends_with: tuple[object, ...]) -> None:
    (steps,) = play(_server("cut-stream"), chat(word, stream=True))
    last = tuple(type(step) if isinstance(step, Send) else step for step in steps[-2:])

    assert last == ends_with
    assert (b"[DONE]" in body_of(steps)) is (word == "garble")


def test_rag() -> None:
    server = _server("rag")
    question = "When are you open?"
    found = [{"role": "system", "content": "Opening hours: 9 to 17."}, {"role": "user", "content": question}]
    embedding = post("/v1/embeddings", {"model": "text-embedding-3-small", "input": question})
    down = post(
        "/v1/embeddings",
        {"model": "text-embedding-3-small", "input": question},
        headers={"x-test-case": "embeddings-down"},
    )

    failed, again, embedded = play(server, down, down, embedding)
    assert [status(steps) for steps in (failed, again, embedded)] == [500, 200, 200]
    assert len(json_of(embedded)["data"][0]["embedding"]) == 1536
    assert texts(server, chat(question), chat(messages=found)) == [
        "I could not find that in your documents.",
        "We are open from 9 to 17, as your handbook says.",
    ]


def test_conversation() -> None:
    server = _server("conversation")

    assert texts(server, chat("Book a trip"), chat("what?"), chat("To Oslo"), chat("On Friday"), chat("Book more")) == [
        "To which city?",
        "I did not get that. Could you say it again?",
        "Oslo, a good choice. On which day?",
        "It is booked.",
        "To which city?",
    ]


def test_reasoning() -> None:
    server = _server("reasoning")
    answered, asked = play(
        server,
        post("/v1/responses", {"model": "o3", "input": "What is the capital of Norway?"}),
        chat("What is the answer?", model="o3"),
    )

    assert [item["type"] for item in json_of(answered)["output"]] == ["reasoning", "web_search_call", "message"]
    assert json_of(asked)["usage"]["completion_tokens_details"]["reasoning_tokens"] == 640


def test_flaky() -> None:
    said = texts(_server("flaky"), *[chat()] * 50)

    assert set(said) == {"It worked.", "500 None"}
    assert 3 < said.count("500 None") < 20
    assert outcome(_server("flaky"), chat()).steps[0] == Wait(0.15)


def test_proxy_down() -> None:
    server = _server("proxy-down")

    assert [connect(server) is None for _ in range(3)] == [False, False, True]
    assert [shake_hands(server) is None for _ in range(2)] == [False, True]
    assert texts(server, chat()) == ["All is well."]


def _shell(name: str) -> dict[str, object]:
    return {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("tool", "arguments"), [("exec_command", '{"cmd":"echo hello"}'), ("shell_command", '{"command":"echo hello"}')]
)
def test_codex(tool: str, arguments: str) -> None:
    server = _server("codex")
    (called,) = play(server, post("/v1/responses", {"model": "gpt-5.4", "input": "Hello", "tools": [_shell(tool)]}))
    call = json_of(called)["output"][-1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "hello"}
    following = {"model": "gpt-5.4", "previous_response_id": json_of(called)["id"], "input": [result]}

    (answered,) = play(server, post("/v1/responses", following))

    assert (call["name"], call["arguments"]) == (tool, arguments)
    assert json_of(answered)["output"][-1]["content"][0]["text"] == "The command said hello."


def test_opencode() -> None:
    server = _server("opencode")
    asked = {"role": "user", "content": "Hello"}
    title = chat(messages=[{"role": "system", "content": "Write a title."}, asked])
    tools = [{"type": "function", "function": {"name": "bash"}}]
    (called,) = play(server, chat("Hello", tools=tools))
    message = json_of(called)["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "hello"}

    assert message["tool_calls"][0]["function"]["name"] == "bash"
    assert texts(server, title, chat(messages=[asked, message, result], tools=tools)) == [
        "Saying hello",
        "The command said hello.",
    ]


def test_each_script_is_played_here() -> None:
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}

    assert {file.stem for file in _SCRIPTS.glob("*.yaml")} <= tests
