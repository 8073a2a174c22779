"""Questions of chat completions, and a reply of each kind."""

from typing import Any

import pytest

from llemulator_addon.core.reply import Choice, ModelOutput, Reasoning, Text
from tests.wire.answering import HELLO, NO, TIME, WEATHER, one

USER = {"role": "user", "content": "How is the weather?"}
ASKED = {"model": "gpt-4o", "messages": [USER]}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("weather", "time")
]
CUSTOM = [{"type": "custom", "custom": {"name": "weather"}}]
CITED = Text(
    "It rains.",
    annotations=({"type": "url_citation", "start_index": 0, "end_index": 2, "title": "W", "url": "https://w.example"},),
)
SPOKEN = {
    "model": "gpt-4o-audio-preview",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "pcm16"},
}

REPLIES: dict[str, tuple[dict[str, Any], ModelOutput]] = {
    "text": ({}, one(HELLO)),
    "no text": ({}, one(Text(""))),
    "text cut off": ({}, one(HELLO, finish="length")),
    "filtered": ({}, one(HELLO, finish="content_filter")),
    "refusal": ({}, one(NO)),
    "citations": ({}, one(CITED)),
    "one call": ({"tools": TOOLS}, one(WEATHER)),
    "two calls": ({"tools": TOOLS}, one(WEATHER, TIME)),
    "text and calls": ({"tools": TOOLS}, one(HELLO, WEATHER, TIME)),
    "a forced call": ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "time"}}}, one(TIME)),
    "a custom call": ({"tools": CUSTOM}, one(WEATHER)),
    "a function call": ({"functions": [TOOLS[0]["function"]]}, one(WEATHER)),
    "two choices": ({"n": 2}, ModelOutput(choices=(Choice(blocks=(HELLO,)), Choice(blocks=(NO,))))),
    "log probabilities": ({"logprobs": True, "top_logprobs": 3}, one(HELLO)),
    "log probabilities of a refusal": ({"logprobs": True}, one(NO)),
    "reasoning": ({"model": "gpt-5"}, one(Reasoning("Let me think."), HELLO)),
    "reasoning and calls": ({"model": "gpt-5", "tools": TOOLS}, one(Reasoning("Hm."), WEATHER, TIME)),
    "speech": (SPOKEN, one(Text("Hello."))),
    "moderation": ({"model": "gpt-5", "moderation": {"model": "omni-moderation-latest"}}, one(HELLO)),
    "a tier": ({"service_tier": "flex"}, one(HELLO)),
    "stored": ({"store": True, "metadata": {"a": "b"}}, one(HELLO)),
}
every_reply = pytest.mark.parametrize(("asked", "says"), REPLIES.values(), ids=REPLIES)
