"""The SDK is led to the server in both ways that a user has."""

from collections.abc import Iterator

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
