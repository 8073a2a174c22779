"""A session is written as JSON and read again, and goes on as if nothing had happened."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llemulator_addon.core.outcome import Closed, Converse, Ending, Forward
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.session import Progress, Session
from llemulator_addon.script.reader import Script, read_script
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Beginnings, Limits
from llemulator_addon.store.written_script import Scripts
from llemulator_addon.store.written_session import (
    OtherVersion,
    Stored,
    missing_script,
    read_session,
    settle,
    write_session,
)
from llemulator_addon.store.written_values import read_value, write_value
from llemulator_addon.wire.credentials import key_of
from tests.playing import TOKEN, body_of, chat, post, request, status
from tests.wire.forms import form

_KEY, _OK, _LOAD = key_of(TOKEN), 200, "/_emulator/script"
_DEFAULT = read_script({"defaults": {"stream": {"ttft_ms": 1}}, "seed": 3, "responses": ["of the server", "then"]})
_ENDING = Ending(how="whole", bytes_sent=10, sends=1, seconds=0.5, left=(0.1,))


class _Server:
    """An emulator whose store is at hand."""

    def __init__(self, script: Script | None) -> None:
        self.emulator = Emulator(EmulatorSettings(script=script, debug=True), self._open)
        self.last_ids = {"resp": "resp_none", "conv": "conv_none", "file": "file-none"}

    def _open(self, beginnings: Beginnings, limits: Limits) -> MemoryStore:
        self.beginnings, self.store = beginnings, MemoryStore(beginnings, limits)
        return self.store

    async def ask(self, asked: Request) -> object:
        """Answer, and return all that a client or an upstream sees of it."""
        body = asked.body.decode()
        for kind, last in self.last_ids.items():
            body = body.replace(f"<{kind}>", last)
        outcome = await self.emulator.answer(replace(asked, body=body.encode()))
        if outcome.exchange is not None and asked.at != _UNDER_WAY:
            await self.emulator.note_end(outcome.exchange, _ENDING)
        if isinstance(outcome, Forward):
            return outcome.to, outcome.path, outcome.query, outcome.body
        assert not isinstance(outcome, Converse)
        steps = outcome.steps if outcome.whole is None else tuple(outcome.whole())
        assert asked.path != _LOAD or status(steps) == _OK, body_of(steps)
        for kind in self.last_ids:
            if found := re.search(rf'"id": "({kind}[_-]\w+)"', body_of(steps).decode("utf-8", "replace")):
                self.last_ids[kind] = found[1]
        return steps

    def takes_over(self, other: "_Server") -> None:
        """Know what its client knows."""
        self.last_ids = dict(other.last_ids)


_UNDER_WAY = 3.0
"""Requests of this time have no end yet."""


def _carry(session: Session, beginnings: Beginnings, scripts: Scripts | None = None) -> Session:
    """Write a session as text, and read it again, as in another process unless `scripts` are given."""
    stored, digest, script = _write(session)
    if scripts is None:
        scripts = Scripts()
    if digest not in scripts:
        scripts.add(digest, script)
    return read_session(session.key, stored, None, beginnings, scripts).session


def _write(session: Session) -> tuple[Stored, str, str]:
    written = write_session(session, None, Scripts())
    rows = [(*place, text) for place, text in written.rows.items()]
    assert written.script is not None
    return Stored(session.life, 1, written.head, 0, rows), written.digest, written.script


# Sequences of loads and requests --------------------------------------------------------------------------------------

_SCRIPTS: tuple[Any, ...] = (
    ["a", "b", {"pattern": "hi", "response": "hello", "times": 2}],
    {"reset": True, "responses": {"(?i)order (\\d+)": "order {{ 1 }}", "x": "y"}},
    {"rules": [{"name": "n", "state": {"becomes": "later"}, "reply": ["1", "2", "3"], "times": 3}, {"reply": "end"}]},
    {"rules": [{"state": {"requires": "later"}, "reply": "it is later", "priority": 5}]},
    {"rules": [{"faults": [{"connect": {"status": 502}}], "times": 2}, {"reply": {"json": {"$": "bytes"}}}]},
    {"upstream": "http://127.0.0.1:9/v1#other"},
    {"upstream": {"own-model": "http://127.0.0.1:9/v1"}, "models": ["gpt-4o", "own-model"]},
    {"defaults": {"on_unmatched": "simulate"}, "seed": 9, "api_date": "2026-01-01"},
    {"defaults": {"on_unmatched": "echo", "usage": {"prompt_tokens": 5}}},
    {"rules": [{"reply": {"tool_calls": [{"name": "f", "arguments": {"q": "ü\u2028"}}]}, "times": 1}]},
)
_LIMITED = post(
    _LOAD,
    {"defaults": {"faults": [{"rate_limit": {"requests_per_minute": 3, "tokens_per_minute": 90_000}}]}},
)
_FAILING = post(_LOAD, {"rules": [{"faults": [{"failure": {"status": 503, "for_seconds": 30}}], "reply": "a"}]})
_RESPONSE = "/v1/responses"
_CACHED = chat("word " * 1_100)
"""A prompt that is long enough for the cache of prompts."""
_LINE = json.dumps(
    {
        "custom_id": "1",
        "method": "POST",
        "url": "/v1/embeddings",
        "body": {"model": "text-embedding-3-small", "input": "a"},
    }
).encode()
_OPERATIONS: tuple[Request, ...] = (
    post("/_emulator/reset"),
    request("DELETE", "/_emulator/script"),
    post("/_emulator/clock", {"at": 1_800_000_000}),
    post("/_emulator/clock", {"advance_s": 40}),
    *(post(_LOAD, script) for script in _SCRIPTS),
    _LIMITED,
    _FAILING,
    chat("hi"),
    chat("hi", stream=True, at=_UNDER_WAY),
    chat("order 12", store=True, metadata={"$": "x", "a": "b"}),
    chat("\ud800 lone", at=1.5),
    chat("use it", tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
    chat("elsewhere", model="own-model"),
    _CACHED,
    post(_RESPONSE, {"model": "gpt-5.6", "instructions": "word " * 1_100, "input": "hi"}),
    post(_RESPONSE, {"model": "gpt-4o", "input": "hi"}),
    post(_RESPONSE, {"model": "gpt-4o", "input": "hi", "stream": True, "background": True}),
    post(_RESPONSE, {"model": "gpt-4o", "input": "and then?", "previous_response_id": "<resp>"}),
    post("/v1/conversations", {"items": [{"type": "message", "role": "user", "content": "hi"}]}),
    post(_RESPONSE, {"model": "gpt-4o", "input": "in a conversation", "conversation": "<conv>"}),
    form("/v1/files", ("purpose", "user_data"), ("file", ("a.txt", b"0123 \xc3\xbc"))),
    form("/v1/files", ("purpose", "batch"), ("file", ("a.jsonl", _LINE))),
    post("/v1/batches", {"input_file_id": "<file>", "endpoint": "/v1/embeddings", "completion_window": "24h"}),
    post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]}),
    post("/v1/moderations", {"input": "hi"}),
    post("/v1/audio/speech", {"model": "tts-1", "input": "hello", "voice": "alloy", "response_format": "wav"}),
    form("/v1/skills", ("files[]", ("a/SKILL.md", b"---\nname: a\ndescription: b\n---\n"))),
    post("/v1/containers", {"name": "a"}),
    form("/v1/audio/transcriptions", ("model", "whisper-1"), ("file", ("a.wav", b"RIFF"))),
    post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": ["a", "b"]}),
    request("DELETE", "/v1/models/ft:gpt-4o:acme::1"),
    request("GET", "/v1/nowhere"),
    post("/v1/chat/completions", "no object"),
)
_LOOKS = (
    "/_emulator/script",
    "/_emulator/requests?format=full",
    "/_emulator/state",
    "/_emulator/clock",
    "/v1/chat/completions",
    "/v1/models",
    "/v1/files",
    "/v1/skills",
    "/v1/containers",
    "/v1/batches",
)
_NEXT = (
    *(request("GET", path) for path in _LOOKS),
    *(operation for operation in _OPERATIONS if operation.path.startswith("/v1/")),
    post(_LOAD, {"responses": ["one more"]}),
    chat("one more"),
    post("/_emulator/verify"),
    *(request("GET", path) for path in _LOOKS),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(script=_DEFAULT, asked=list(_OPERATIONS))
@example(script=_DEFAULT, asked=[_LIMITED, chat("hi"), chat("hi", at=_UNDER_WAY)])
@example(script=None, asked=[_FAILING, chat("hi")])
@example(script=None, asked=[_CACHED])
@given(script=st.sampled_from((None, _DEFAULT)), asked=st.lists(st.sampled_from(_OPERATIONS), max_size=12))
def test_a_session_that_is_read_again_gives_the_same_bytes(script: Script | None, asked: list[Request]) -> None:
    asyncio.run(_go_on_after(script, asked))


async def _go_on_after(script: Script | None, asked: list[Request]) -> None:
    first, second = _Server(script), _Server(script)
    for each in asked:
        await first.ask(each)
    before = await first.store.read(_KEY)
    after = _carry(before, second.beginnings)
    second.takes_over(first)
    await second.store.change(_KEY, lambda _: (after, None))

    for one, other in zip(_parts(after), _parts(before), strict=True):
        assert one == other
    assert after.size == pytest.approx(before.size, rel=0.1)
    assert after.resources.size == pytest.approx(before.resources.size, rel=0.1)
    for each in _NEXT:
        assert await second.ask(each) == await first.ask(each), each


def _parts(session: Session) -> tuple[object, ...]:
    """Return all parts of a session but the policy of the server."""
    script = session.script
    names = [(rule.name, rule.is_named, rule) for rule in script.index.rules]
    return (
        session.key,
        session.life,
        session.turn,
        (session.clock_ahead, session.clock_is_set),
        (script.owner, names, script.settings, script.index.digest),
        session.progress[:-1],
        list(session.resources),
        session.journal,
    )


async def test_the_messages_and_the_close_of_a_websocket_connection_are_written_too() -> None:
    server = _Server(None)
    await server.ask(chat())
    messages = (
        TalkMessage(1.0, by_client=True, content=b"\xff{", size=2),
        TalkMessage(2.0, by_client=False, exchange=1),
    )
    await server.emulator.note_messages(ExchangeId(_KEY, (await server.store.read(_KEY)).life, 1), messages)
    closed = _ENDING._replace(closed=Closed(1013, "later", by_client=False))
    await server.emulator.note_end(ExchangeId(_KEY, (await server.store.read(_KEY)).life, 1), closed)

    before = await server.store.read(_KEY)
    (exchange,) = _carry(before, server.beginnings).journal

    assert exchange == next(iter(before.journal))
    assert (exchange.messages.kept, exchange.ending) == (messages, closed)


def test_a_session_of_another_version_is_refused_with_words() -> None:
    stored, _, _ = _write(_Server(None).beginnings.fresh(_KEY).change(life=1))
    other = stored._replace(head=stored.head.replace('"form":1', '"form":2'))

    with pytest.raises(OtherVersion, match="stored in version 2 of its form; this llemulator reads version 1"):
        missing_script(other, None, Scripts())


async def test_rules_are_compiled_once_for_all_sessions_that_have_them() -> None:
    server, compiled = _Server(None), Scripts()
    await server.ask(post("/_emulator/script", {"responses": ["a", "b"]}))
    first = _carry(await server.store.read(_KEY), server.beginnings, compiled)
    await server.ask(chat())
    second = _carry(await server.store.read(_KEY), server.beginnings, compiled)
    await server.ask(post("/_emulator/script", {"responses": ["c"]}))
    third = _carry(await server.store.read(_KEY), server.beginnings, compiled)

    assert first.script.index is second.script.index
    assert [len(each.script.index.rules) for each in (second, third)] == [2, 3]


async def test_of_compiled_rules_the_last_that_were_used_are_kept() -> None:
    server, compiled = _Server(None), Scripts(most=1)
    await server.ask(post("/_emulator/script", {"responses": ["a"]}))
    first = await server.store.read(_KEY)
    await server.ask(post("/_emulator/script", {"responses": ["b"]}))
    second = await server.store.read(_KEY)
    read = [_carry(each, server.beginnings, compiled).script.index for each in (first, second, first)]

    assert read[0] == read[2]
    assert read[0] is not read[2]


async def test_with_another_default_script_it_begins_that_one_and_keeps_the_rest() -> None:
    server, other = _Server(_DEFAULT), _Server(read_script({"responses": ["of the other", "later"]}))
    await server.ask(chat())
    await server.ask(post("/v1/conversations", {}))
    before = await server.store.read(_KEY)
    after = _carry(before, other.beginnings)

    assert (after.progress, after.script.index) == (Progress(), other.beginnings.fresh(_KEY).script.index)
    assert (after.turn, list(after.resources), after.journal) == (before.turn, list(before.resources), before.journal)


@pytest.mark.parametrize(("kept", "dropped", "is_remembered"), [(0, 16, True), (0, 17, False), (40, 40, True)])
def test_what_is_gone_is_remembered_only_beside_what_a_session_still_keeps(
    kept: int, dropped: int, *, is_remembered: bool
) -> None:
    scripts, fresh = Scripts(), _Server(None).beginnings.fresh(_KEY).change(life=1)
    stored = fresh.resources.put(*(Kept("file", f"file-{number}", {}) for number in range(kept + dropped)))
    full = fresh.change(resources=stored)
    known = settle(full, 1, write_session(full, None, scripts))
    left = known.session.resources
    for number in range(dropped):
        left = left.remove("file", f"file-{number}")
    written = write_session(known.session.change(resources=left), known, scripts)

    assert written.prunes is not is_remembered
    assert written.head_value.gone == (dropped if is_remembered else 0)


async def test_smaller_bounds_keep_the_newest() -> None:
    server = _Server(None)
    for number in range(5):
        await server.ask(chat(f"{number}", store=True))
    fresh = server.beginnings.fresh(_KEY)
    small = fresh.change(journal=Journal(limit=2), resources=Resources(size_limit=6_000))
    after = _carry(await server.store.read(_KEY), Beginnings(lambda _: small, lambda _: small))

    assert [exchange.number for exchange in after.journal] == [4, 5]
    assert 0 < len(after.resources) < 5
    assert after.resources.size <= 6_000


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from(["$", "kind", "base64"]), inner)
    ),
)


@given(_JSON)
def test_any_value_is_read_as_it_was_written(value: object) -> None:
    read = read_value(json.loads(json.dumps(write_value(value))))

    assert repr(read) == repr(value)


def test_a_value_of_no_known_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="there is no written form of a object"):
        write_value({"a": object()})
