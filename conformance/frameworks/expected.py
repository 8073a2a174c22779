"""What each framework makes of each case of its program, and the requests that it sends for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AGENT = ("calls the tool", "uses its result")
STORY = ["Once", " upon", " a", " time", ",", " a", " fox", " met", " a", " crow", "."]
STORY_TOKENS = 11
UMBRELLA = "Take an umbrella to Oslo."
ANN = {"name": "Ann", "age": 42}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request, and how it was answered."""

    endpoint: str
    rule: str | None
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What comes of one function of a program."""

    got: object
    sent: tuple[Sent, ...] = ()


def chat(*rules: str | None, stream: bool = False) -> tuple[Sent, ...]:
    """Name requests to chat completions by the rules that answer them."""
    return tuple(Sent(endpoint="chat.completions", rule=rule, stream=stream) for rule in rules)


def responses(*rules: str | None, stream: bool = False) -> tuple[Sent, ...]:
    """Name requests to Responses by the rules that answer them."""
    return tuple(Sent(endpoint="responses", rule=rule, stream=stream) for rule in rules)


def realtime(*rules: str | None) -> tuple[Sent, ...]:
    """Name the handshake of a connection, and its responses by the rules that answer them."""
    handshake = Sent(endpoint="realtime.connect", rule=None)
    return (handshake, *(Sent(endpoint="realtime", rule=rule, stream=True) for rule in rules))


def over_websocket(*rules: str) -> tuple[Sent, ...]:
    """Name a WebSocket connection and the requests to Responses on it, which are always streams."""
    return (Sent(endpoint="responses.connect", rule=None, stream=False), *responses(*rules, stream=True))


FOUND = ["They are free.", "Returns are free within thirty days.", "rules.md"]
"""What is answered, what the file of a vector store says, and its name."""
FILE_SEARCH = (
    *(
        Sent(endpoint=each, rule=None)
        for each in ("vector_stores.create", "files.create", "vector_stores.files.create")
    ),
    *responses("looks it up"),
)

EMBEDDINGS = (Sent(endpoint="embeddings", rule=None),)

WITHOUT_A_SCRIPT = "unscripted"
"""Cases whose names begin so are answered by the simulation, under another key."""

PYTHON: Mapping[str, Mapping[str, Case]] = {
    "langchain": {
        "agent": Case(UMBRELLA, chat(*AGENT)),
        "stream": Case(STORY, chat("tells a story", stream=True)),
        "usage_of_stream": Case(STORY_TOKENS, chat("tells a story", stream=True)),
        "structured": Case(ANN, chat("writes JSON")),
        "structured_by_tool": Case(ANN, chat("fills in Person")),
        "structured_agent": Case(ANN, chat("writes JSON")),
        "agent_over_responses": Case(UMBRELLA, responses(*AGENT)),
        "stream_over_responses": Case(STORY, responses("tells a story", stream=True)),
        "usage_of_stream_over_responses": Case(STORY_TOKENS, responses("tells a story", stream=True)),
        "structured_over_responses": Case(ANN, responses("writes JSON")),
        "file_search": Case(FOUND, FILE_SEARCH),
        "embeddings": Case([8, 1.0, True, False], EMBEDDINGS),
        "unscripted": Case(["ai", "get_weather"], chat(None, None)),
        "unscripted_over_responses": Case(["ai", "get_weather"], responses(None, None)),
    },
    "openai_agents": {
        "agent": Case(UMBRELLA, responses(*AGENT)),
        "streamed_agent": Case(UMBRELLA, responses(*AGENT, stream=True)),
        "stream": Case(STORY, responses("tells a story", stream=True)),
        "structured": Case(ANN, responses("writes JSON")),
        "file_search": Case(FOUND, FILE_SEARCH),
        "agent_over_chat": Case(UMBRELLA, chat(*AGENT)),
        "stream_over_chat": Case(STORY, chat("tells a story", stream=True)),
        "structured_over_chat": Case(ANN, chat("writes JSON")),
        "agent_over_realtime": Case(UMBRELLA, realtime(*AGENT)),
        "agent_over_websocket": Case(UMBRELLA, over_websocket(*AGENT)),
        "two_runs_over_websocket": Case(STORY, over_websocket("tells a story", "tells a story")),
        "unscripted": Case(["str", "get_weather"], responses(None, None)),
        "unscripted_over_chat": Case(["str", "get_weather"], chat(None, None)),
    },
    "pydantic_ai": {
        "agent": Case(UMBRELLA, responses(*AGENT)),
        "stream": Case(STORY, responses("tells a story", stream=True)),
        "structured": Case(ANN, responses("fills in final_result")),
        "structured_natively": Case(ANN, responses("writes JSON")),
        "agent_over_chat": Case(UMBRELLA, chat(*AGENT)),
        "stream_over_chat": Case(STORY, chat("tells a story", stream=True)),
        "structured_over_chat": Case(ANN, chat("fills in final_result")),
        "structured_natively_over_chat": Case(ANN, chat("writes JSON")),
        "agent_over_realtime": Case(UMBRELLA, realtime(*AGENT)),
        "unscripted": Case(["str", "get_weather"], responses(None, None)),
        "unscripted_over_chat": Case(["str", "get_weather"], chat(None, None)),
        "unscripted_structured": Case(["Person", "get_weather"], responses(None, None)),
        "unscripted_structured_over_chat": Case(["Person", "get_weather"], chat(None, None)),
    },
    "litellm": {
        "agent": Case(UMBRELLA, chat(*AGENT)),
        "stream": Case(STORY, chat("tells a story", stream=True)),
        "stream_asynchronously": Case(STORY, chat("tells a story", stream=True)),
        "structured": Case(ANN, chat("writes JSON")),
        "over_responses": Case('{"name":"Ann","age":42}', responses("writes JSON")),
        "stream_over_responses": Case(STORY, responses("tells a story", stream=True)),
        "cost": Case(True, chat("tells a story")),  # noqa: FBT003 - what the program says
        "embeddings": Case([8, 8], EMBEDDINGS),
    },
    "instructor": {
        "agent": Case('{"name":"Bob","age":7}', chat("is wrong, then right", "is wrong, then right")),
        "stream": Case(
            [{"name": None, "age": None}, {"name": "", "age": None}, {"name": "Ann", "age": None}, ANN],
            chat("fills in PartialPerson", stream=True),
        ),
        "structured": Case(ANN, chat("fills in Person")),
        "structured_strictly": Case(ANN, chat("fills in Person")),
        "structured_as_json": Case(ANN, chat("writes JSON")),
        "structured_by_schema": Case(ANN, chat("writes JSON")),
        "over_responses": Case(ANN, responses("fills in Person")),
    },
    "llama_index": {
        "agent": Case(UMBRELLA, chat(*AGENT, stream=True)),
        "stream": Case(STORY, chat("tells a story", stream=True)),
        "structured": Case(ANN, chat("writes JSON")),
        "agent_over_responses": Case(UMBRELLA, responses(*AGENT, stream=True)),
        "stream_over_responses": Case(STORY, responses("tells a story", stream=True)),
        "structured_over_responses": Case(ANN, responses("writes JSON")),
        "file_search": Case(FOUND, FILE_SEARCH),
    },
    "dspy": {
        "agent": Case(UMBRELLA, chat("names the tool", "finishes", "answers from what was observed")),
        "stream": Case(STORY, chat("tells a story between marks", stream=True)),
        "structured": Case(ANN, chat("writes JSON of the fields")),
    },
}

JAVASCRIPT: Mapping[str, Mapping[str, Case]] = {
    "ai": {
        "agent": Case(UMBRELLA, responses(*AGENT)),
        "streamed_agent": Case(UMBRELLA, responses(*AGENT, stream=True)),
        "stream": Case([STORY, STORY_TOKENS, "stop"], responses("tells a story", stream=True)),
        "structured": Case(ANN, responses("writes JSON")),
        "agent_over_chat": Case(UMBRELLA, chat(*AGENT)),
        "streamed_agent_over_chat": Case(UMBRELLA, chat(*AGENT, stream=True)),
        "stream_over_chat": Case([STORY, STORY_TOKENS, "stop"], chat("tells a story", stream=True)),
        "structured_over_chat": Case(ANN, chat("writes JSON")),
        "embeddings": Case([1536, 1536], EMBEDDINGS),
        "unscripted": Case(["stop", "get_weather"], responses(None, None)),
        "unscripted_over_chat": Case(["stop", "get_weather"], chat(None, None)),
    },
    "langchain": {
        "agent": Case(UMBRELLA, chat(*AGENT)),
        "stream": Case([STORY, STORY_TOKENS], chat("tells a story", stream=True)),
        "structured": Case(ANN, chat("writes JSON")),
        "structured_by_tool": Case(ANN, chat("fills in Person")),
        "agent_over_responses": Case(UMBRELLA, responses(*AGENT)),
        "stream_over_responses": Case([STORY, STORY_TOKENS], responses("tells a story", stream=True)),
        "structured_over_responses": Case(ANN, responses("writes JSON")),
        "embeddings": Case([1536, 1536], EMBEDDINGS),
        "unscripted": Case(["ai", "get_weather"], chat(None, None)),
        "unscripted_over_responses": Case(["ai", "get_weather"], responses(None, None)),
    },
}


def sent_under(cases: Mapping[str, Case], *, scripted: bool) -> Sequence[Sent]:
    """Return what is sent under the key with a script, or under the other one, in its order."""
    return [
        sent for name, case in cases.items() if name.startswith(WITHOUT_A_SCRIPT) is not scripted for sent in case.sent
    ]
