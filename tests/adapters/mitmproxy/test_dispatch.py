import asyncio

import pytest
from mitmproxy import options
from mitmproxy.hooks import UpdateHook
from mitmproxy.master import Master
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow

from llemulator_addon.adapters.mitmproxy.dispatch import HookTable


class _First:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def request(self, _: object) -> None:
        self.heard.append("request")


class _Second(_First):
    async def response(self, _: object) -> None:
        self.heard.append("response")


class _Updated(_First):
    def update(self, _: object) -> None:
        self.heard.append("update")


class _Slow:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.may_go_on = asyncio.Event()

    async def request(self, _: object) -> None:
        self.heard.append("begin")
        await self.may_go_on.wait()
        self.heard.append("end")


class _Broken:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def request(self, _: object) -> None:
        raise KeyError(self.secret)


def _table(*addons: object) -> HookTable:
    table = HookTable(Master(options.Options()))
    for addon in addons:
        table.add(addon)  # type: ignore[no-untyped-call]
    return table


async def test_each_hook_is_called_where_it_is_listened_to_and_waited_for() -> None:
    first, second = _First(), _Second()
    table = _table(first, second)

    await table.handle_lifecycle(HttpRequestHook(tflow.tflow()))
    await table.handle_lifecycle(HttpResponseHook(tflow.tflow()))

    assert (first.heard, second.heard) == (["request"], ["request", "response"])


async def test_a_hook_that_needs_no_waiting_is_done_at_once() -> None:
    first = _First()
    table = _table(first)

    assert table.done_at_once(HttpRequestHook(tflow.tflow()))
    assert table.done_at_once(HttpResponseHook(tflow.tflow()))  # to which nobody listens
    assert first.heard == ["request"]


async def test_a_hook_that_waits_is_called_once_and_waited_for_afterwards() -> None:
    slow = _Slow()
    table, hook = _table(slow), HttpRequestHook(tflow.tflow())

    at_once = table.done_at_once(hook)
    slow.may_go_on.set()
    await table.handle_lifecycle(hook)

    assert (at_once, slow.heard) == (False, ["begin", "end"])


async def test_update_follows_a_hook_of_a_flow_where_somebody_listens() -> None:
    updated = _Updated()

    await _table(updated).handle_lifecycle(HttpRequestHook(tflow.tflow()))

    assert updated.heard == ["request", "update"]
    assert UpdateHook.name == "update"


async def test_a_bug_of_one_addon_does_not_silence_the_next_and_is_logged_without_its_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = _First()

    await _table(_Broken("sk-secret"), first).handle_lifecycle(HttpRequestHook(tflow.tflow()))

    assert first.heard == ["request"]
    assert "request failed:" in caplog.text
    assert "sk-secret" not in caplog.text
