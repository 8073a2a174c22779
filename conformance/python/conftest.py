"""The SDK is led to the server in both ways that a user has."""

import ssl
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from conformance.server import Server


@pytest.fixture(scope="module", params=["through HTTPS_PROXY", "by base URL"])
def way(request: pytest.FixtureRequest, server: Server) -> Iterator[Server]:
    """Lead clients to the server as a user would: with variables alone."""
    # By base URL no certificate is looked at; but each client reads all those it trusts, and here it reads one.
    by_base_url = {**server.by_base_url(), "SSL_CERT_FILE": str(server.ca)}
    variables = server.through_proxy() if request.param == "through HTTPS_PROXY" else by_base_url
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "OPENAI_BASE_URL", "SSL_CERT_DIR"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(autouse=True)
def no_ticket_is_read_while_a_thread_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK's connections of WebSocket that a thread reads speak TLS 1.2 with a Python that needs it.

    Before 3.13.7, a thread that reads while another writes can spoil a connection (CPython's issues 134698 and 137583).
    In TLS 1.3 there is something to read at once, the server's tickets: one handshake in a thousand is then never sent.
    """

    def create() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    if sys.version_info < (3, 13, 7):
        monkeypatch.setattr("websockets.sync.client.ssl_module", SimpleNamespace(create_default_context=create))
