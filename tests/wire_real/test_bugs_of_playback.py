"""When the code that sends an answer is wrong, its client is told or cut off, and never waits for ever."""

import asyncio
import json
from pathlib import Path

import pytest

from llemulator_addon.adapters.mitmproxy.internals import answer_stream
from llemulator_addon.adapters.mitmproxy.internals.layers import _HttpLayer
from llemulator_addon.adapters.mitmproxy.internals.servers import Http1, Http2
from llemulator_addon.adapters.mitmproxy.internals.streams import Stream
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.core.steps import Send, Steps, Wait
from tests.patience import SECONDS
from tests.wire_real.clients import Answer, Proxy, Version, Way, ask
from tests.wire_real.proxies import EVENTS, HELLO, Playing, proxying

_SECRET = "sk-of-the-user"
_PACED: Steps = (EVENTS, Send(b"one"), Wait(0.01), Send(b"two"))

_WAYS: list[tuple[Way, Version]] = [("connect", "1.1"), ("connect", "2"), ("origin", "1.1")]


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError(f"a bug that quotes {_SECRET}")


async def _asked(proxy: Proxy, way: Way, version: Version) -> Answer | None:
    try:
        return await ask(proxy, way, version, body=b"{}", headers=[("authorization", f"Bearer {_SECRET}")])
    except (OSError, EOFError):
        return None


@pytest.mark.parametrize(("way", "version"), _WAYS)
@pytest.mark.parametrize("name", ["send_response", "check_body_size", "_client_left"])
async def test_before_anything_was_sent_the_client_is_told(
    certs: Path, monkeypatch: pytest.MonkeyPatch, way: Way, version: Version, name: str
) -> None:
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _):
        with monkeypatch.context() as patched:
            patched.setattr(Stream, name, _fail)
            answer = await _asked(proxy, way, version)
        again = await _asked(proxy, way, version)

    assert answer is not None
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (500, "llemulator_bug")
    assert again is not None
    assert again.body == b"Hello"


@pytest.mark.parametrize(("way", "version"), _WAYS)
@pytest.mark.parametrize("steps", [HELLO, _PACED], ids=["at once", "paced"])
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (Stream, "_send_at_once"),
        (Stream, "_send_head"),
        (Stream, "_send"),
        (Stream, "_play_steps"),
        (Stream, "_play_on"),
        (Stream, "_until_taken"),
        (Stream, "_end"),
        (Stream, "_let_go"),
        (Stream, "_finish_piece"),
        (Stream, "state_consume_request_body"),
        (Stream, "state_wait_for_request_headers"),
        (_HttpLayer, "make_stream"),
        (Http1, "send"),
        (Http1, "read_headers"),
        (Http2, "handle_h2_event"),
        (Traffic, "end"),
        (answer_stream, "portions"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__.rpartition(".")[2],
)
async def test_whatever_raises_the_client_does_not_wait_and_the_end_is_noted(  # noqa: PLR0913, PLR0917 - three tables
    certs: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: Way,
    version: Version,
    steps: Steps,
    where: object,
    name: str,
) -> None:
    playing = Playing(steps)
    async with proxying(playing, certs) as (proxy, _):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, _fail)
            async with asyncio.timeout(SECONDS):
                await _asked(proxy, way, version)
        if playing.asked:
            await playing.next_ending()
        again = await _asked(proxy, way, version)

    assert again is not None
    assert again.status == 200
    assert _SECRET not in caplog.text
