"""What a script does to connections before any request."""

import ssl
from pathlib import Path

import pytest

from llemulator_addon.script.fault import ConnectionFault
from tests.wire_real.certificates import certificate_for
from tests.wire_real.clients import Proxy, ask
from tests.wire_real.proxies import Playing, proxying


async def test_connect_fails_with_the_status_that_is_wanted(certs: Path) -> None:
    playing = Playing()
    playing.fault = ConnectionFault(at="connect", status=502)
    async with proxying(playing, certs) as (proxy, _):
        with pytest.raises(ConnectionRefusedError, match=r"^HTTP/1\.1 502 Bad Gateway$"):
            await ask(proxy, "connect")


@pytest.mark.parametrize("way", ["connect", "tls"])
async def test_a_tls_handshake_fails_where_that_is_wanted(
    certs: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    playing = Playing()
    playing.fault = ConnectionFault(at="tls")
    async with proxying(playing, certs) as (proxy, _):
        with pytest.raises(ssl.SSLError if way == "connect" else (ssl.SSLError, ConnectionError)) as failed:
            await ask(proxy, "connect" if way == "connect" else "tls")

    if way == "connect":
        assert "HANDSHAKE_FAILURE" in str(failed.value)
    assert "does the client trust" not in caplog.text


async def test_after_a_fault_the_next_connection_is_good(certs: Path) -> None:
    playing = Playing()
    playing.fault = ConnectionFault(at="tls")
    async with proxying(playing, certs) as (proxy, _):
        with pytest.raises(ssl.SSLError):
            await ask(proxy, "connect")
        playing.fault = None
        answer = await ask(proxy, "connect")

    assert answer.status == 200


async def test_a_client_that_does_not_trust_us_is_told_of_once(
    certs: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async with proxying(Playing(), certs) as (proxy, _):
        stranger = Proxy(port=proxy.port, ca=certificate_for("stranger.test", tmp_path))
        for _ in range(2):
            with pytest.raises(ssl.SSLCertVerificationError):
                await ask(stranger, "connect")

    assert caplog.text.count("a TLS handshake for api.openai.com failed") == 1
