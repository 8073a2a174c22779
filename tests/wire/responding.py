"""Responses made straight from blocks, without a script."""

# What a body may have, in any form.
# ruff: noqa: ANN401

import json
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import (
    Block,
    Choice,
    FinishReason,
    HostedCall,
    ModelOutput,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.answer import Answer, Body, Call, ChunkBy, EventStream, Manner
from llemulator_addon.wire.api_dates import LATEST
from llemulator_addon.wire.endpoints.responses import read, write
from llemulator_addon.wire.models import DEFAULT_MODELS
from tests.wire.shapes import events as events_of

STAMP = Stamp(7, 3)


def call(resources: Resources = Resources(), *, lenient: bool = False) -> Call:
    """A call of the endpoint by a token that may use every model."""
    request = Request(method="POST", path="/v1/responses")
    models = dict.fromkeys(DEFAULT_MODELS)
    return Call(request=request, stamp=STAMP, models=models, resources=resources, lenient=lenient)


def prompt(model: str = "gpt-4o", **body: Any) -> Prompt:
    """What a body asks for."""
    return read(call(), {"model": model, "input": "What is new?", **body})


def answer(
    *blocks: Block,
    finish: FinishReason | None = None,
    usage: Usage = Usage(),
    chunk_by: ChunkBy = "token",
    day: str = LATEST,
    **body: Any,
) -> Answer:
    """What a request with these fields gets, when the model says these blocks."""
    says = ModelOutput(choices=(Choice(blocks=blocks, finish_reason=finish),), usage=usage)
    return write(prompt(**body), says, Manner(stamp=STAMP, chunk_by=chunk_by, day=day))


def whole(*blocks: Block, **asked: Any) -> dict[str, Any]:
    """Return the JSON body."""
    made = answer(*blocks, **asked)
    assert isinstance(made, Body)
    body: dict[str, Any] = json.loads(made.body)
    return body


def streamed(*blocks: Block, **asked: Any) -> list[dict[str, Any]]:
    """The events of the stream."""
    made = answer(*blocks, stream=True, **asked)
    assert isinstance(made, EventStream)
    return events_of(b"".join(piece.piece for piece in made.pieces))


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """The types of events, without `response.`, and each run of deltas as one."""
    types = [event["type"].removeprefix("response.") for event in events]
    return [kind for at, kind in enumerate(types) if not (kind.endswith(".delta") and types[at - 1 : at] == [kind])]


CITED = Text(
    "It rains (weather.example).",
    annotations=(
        {
            "type": "url_citation",
            "end_index": 26,
            "start_index": 9,
            "title": "Weather",
            "url": "https://weather.example/",
        },
    ),
)

HOSTED: dict[str, HostedCall] = {
    each.type: each
    for each in (
        HostedCall(type="web_search_call"),
        HostedCall(type="file_search_call"),
        HostedCall(type="code_interpreter_call", fields={"code": "print(1 + 1)"}),
        HostedCall(type="image_generation_call"),
        HostedCall(type="mcp_list_tools", fields={"tools": [{"name": "roll", "input_schema": {"type": "object"}}]}),
        HostedCall(type="mcp_call", fields={"name": "roll", "arguments": '{"dice":2}', "output": "7"}),
        HostedCall(type="mcp_approval_request", fields={"name": "roll"}),
        HostedCall(type="computer_call"),
        HostedCall(type="local_shell_call", fields={"action": {"type": "exec", "command": ["ls"], "env": {}}}),
        HostedCall(
            type="shell_call",
            fields={"action": {"commands": ["ls -l", "pwd"], "max_output_length": None, "timeout_ms": None}},
        ),
        HostedCall(
            type="shell_call_output",
            fields={"output": [{"outcome": {"type": "exit", "exit_code": 0}, "stderr": "", "stdout": "a b"}]},
        ),
        HostedCall(
            type="apply_patch_call",
            fields={"operation": {"type": "create_file", "diff": "+hello world\n", "path": "hello.txt"}},
        ),
        HostedCall(type="tool_search_call", fields={"arguments": {"queries": ["weather"]}, "execution": "client"}),
        HostedCall(type="tool_search_output"),
        HostedCall(type="compaction"),
        HostedCall(type="program", fields={"code": "1"}),
        HostedCall(type="program_output", fields={"result": "1"}),
    )
}

SPOKEN: dict[str, tuple[Block, ...]] = {
    "text": (Text("Nothing much is new."),),
    "text with a citation": (CITED,),
    "refusal": (Refusal("I cannot say."),),
    "function call": (ToolCall(name="f", arguments='{"a": "b"}'),),
    "two function calls": (ToolCall(name="f", arguments="{}"), ToolCall(name="g", arguments="{}")),
    "custom tool call": (ToolCall(name="run", arguments="print('hello')", custom=True),),
    "reasoning and text": (Reasoning("**Thinking**\n\nHard."), Reasoning("Harder."), Text("Done.")),
    "text and call": (Text("I look."), ToolCall(name="f", arguments="{}")),
    **{f"{kind} and text": (each, Text("There it is.")) for kind, each in HOSTED.items()},
}
