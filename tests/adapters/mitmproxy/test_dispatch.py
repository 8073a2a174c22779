import asyncio

import pytest
from mitmproxy import options
from mitmproxy.addonmanager import AddonManager
from mitmproxy.exceptions import AddonHalt
from mitmproxy.flow import Flow
from mitmproxy.hooks import UpdateHook
from mitmproxy.master import Master
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow

from llemulator_addon.adapters.mitmproxy.internals.dispatch import HookTable, calls_of


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


class _Holding:
    def request(self, flow: Flow) -> None:
        flow.intercept()


class _Halting:
    def request(self, _: object) -> None:
        raise AddonHalt


def _table(*addons: object) -> HookTable:
    table = HookTable(Master(options.Options()))
    for addon in addons:
        table.add(addon)  # type: ignore[no-untyped-call]
    return table


def _stock(*addons: object) -> AddonManager:
    manager = Master(options.Options()).addons
    for addon in addons:
        manager.add(addon)
    return manager


async def test_each_hook_is_called_where_it_is_listened_to_and_waited_for() -> None:
    first, second = _First(), _Second()
    table = _table(first, second)

    await table.handle_lifecycle(HttpRequestHook(tflow.tflow()))
    await table.handle_lifecycle(HttpResponseHook(tflow.tflow()))

    assert (first.heard, second.heard) == (["request"], ["request", "response"])


async def test_a_hook_that_needs_no_waiting_is_done_at_once() -> None:
    first = _First()
    calls = _table(first).calls

    assert calls.begin(HttpRequestHook(tflow.tflow())) is None
    assert calls.begin(HttpResponseHook(tflow.tflow())) is None  # to which nobody listens
    assert first.heard == ["request"]


async def test_a_hook_that_waits_is_called_once_and_waited_for_afterwards() -> None:
    slow = _Slow()
    rest = _table(slow).calls.begin(HttpRequestHook(tflow.tflow()))
    heard_at_once = list(slow.heard)
    slow.may_go_on.set()

    assert rest is not None
    await rest
    assert (heard_at_once, slow.heard) == (["begin"], ["begin", "end"])


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


async def test_in_stock_mitmproxy_addons_that_come_and_go_are_heard_and_no_longer() -> None:
    first, second = _First(), _Second()
    addons = _stock(first)
    calls = calls_of(addons)
    calls.begin(HttpRequestHook(tflow.tflow()))

    addons.add(second)
    addons.remove(first)
    calls.begin(HttpRequestHook(tflow.tflow()))

    assert (first.heard, second.heard) == (["request"], ["request"])


async def test_in_stock_mitmproxy_a_flow_that_an_addon_holds_back_is_waited_for() -> None:
    held = tflow.tflow()
    rest = calls_of(_stock(_Holding())).begin(HttpRequestHook(held))
    assert rest is not None

    held.resume()

    await rest


async def test_in_stock_mitmproxy_an_addon_that_halts_is_the_last_that_hears() -> None:
    first = _First()

    assert calls_of(_stock(_Halting(), first)).begin(HttpRequestHook(tflow.tflow())) is None
    assert first.heard == []


async def test_in_stock_mitmproxy_the_author_of_another_addon_is_told_in_full_what_it_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = _First()

    calls_of(_stock(_Broken("what was wrong"), first)).begin(HttpRequestHook(tflow.tflow()))

    assert first.heard == ["request"]
    assert "Addon error: 'what was wrong'" in caplog.text
    assert "test_dispatch.py" in caplog.text
