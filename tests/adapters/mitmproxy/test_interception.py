import inspect

import pytest
from mitmproxy import ctx, tls
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.hooks import all_hooks
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.test import taddons, tflow

from llemulator_addon.adapters.mitmproxy.interception import Interception
from llemulator_addon.adapters.mitmproxy.mitmdump import StockInterception
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from tests.wire_real.proxies import Playing


def _interception(policy: TrafficPolicy | None = None) -> Interception:
    return Interception(Traffic(Playing(), policy or TrafficPolicy()))


@pytest.mark.parametrize("addon", [Interception, StockInterception])
def test_every_public_method_is_a_hook_that_mitmproxy_knows(addon: type) -> None:
    public = [name for name, _ in inspect.getmembers(addon, inspect.isfunction) if not name.startswith("_")]

    assert [name for name in public if name not in all_hooks] == []


def test_the_options_that_are_needed_are_set_when_it_is_loaded_and_again_when_somebody_changes_them() -> None:
    with taddons.context(Proxyserver()) as context:
        ctx.options.update(connection_strategy="eager")
        context.master.addons.add(_interception())
        after_loading = (ctx.options.connection_strategy, ctx.options.upstream_cert)
        ctx.options.update(connection_strategy="eager", upstream_cert=True)

        assert after_loading == ("lazy", False)
        assert (ctx.options.connection_strategy, ctx.options.upstream_cert) == ("lazy", False)


def test_hosts_that_the_user_wants_looked_into_are_kept_beside_ours() -> None:
    with taddons.context(Proxyserver()) as context:
        ctx.options.update(allow_hosts=["mine"])
        context.master.addons.add(_interception())

        assert ctx.options.allow_hosts[0] == "mine"
        assert r"^api\.openai\.com\.?(?::\d+)?$" in ctx.options.allow_hosts


async def test_what_another_addon_answered_stays_as_it_is() -> None:
    flow = tflow.tflow(resp=True)
    flow.request.host = "api.openai.com"
    answered = flow.response

    await _interception().request(flow)

    assert flow.response is answered


async def test_a_request_that_went_by_our_layers_is_answered_too() -> None:
    flow = tflow.tflow()
    flow.request.host = "api.openai.com"

    await _interception().request(flow)

    assert flow.response is not None
    assert flow.response.content == b"Hello"


async def test_a_request_to_another_host_is_left_alone() -> None:
    flow = tflow.tflow()

    await _interception().request(flow)

    assert flow.response is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("tlsv1 alert unknown ca", True),
        ("The client disconnected during the handshake.", True),
        ("connection closed early", False),
    ],
)
def test_a_client_that_may_distrust_us_is_told_of_once(
    error: str,
    told: bool,  # noqa: FBT001 - a column of the table
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = Context(tflow.tclient_conn(), Options())
    context.client.sni, context.client.error = "api.openai.com", error
    interception = _interception()

    for _ in range(2):
        interception.tls_failed_client(tls.TlsData(context.client, context))

    assert caplog.text.count("a TLS handshake for api.openai.com failed") == int(told)
