"""Reads a request of mitmproxy's into ours."""

from urllib.parse import parse_qsl

from mitmproxy import http
from mitmproxy.connection import Client

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival
from llemulator_addon.core.choices import Keyless
from llemulator_addon.core.request import Request


def read_request(flow: http.HTTPFlow, arrival: Arrival, body: bytes, keyless: Keyless) -> Request:
    """Return a request as the program knows it, with its unpacked body."""
    request = flow.request
    path, _, query = request.path.partition("?")
    client = _write_address(flow.client_conn)
    return Request(
        method=request.method.upper(),
        host=arrival.host,
        port=request.port,
        path=path if path.startswith("/") else f"/{path}",
        query=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
        headers=_read_headers(request.headers.fields),
        body=body,
        way=arrival.way,
        http_version=request.http_version,
        keyless=client if keyless == "address" and arrival.way == "origin" else None,
        client=client,
        client_port=flow.client_conn.peername[1],
        connection=flow.client_conn.id,
        at=now(),
    )


def _write_address(client: Client) -> str:
    """Return a client's address as it is usually written: one of IPv4 that came to a port for both, as of IPv4."""
    return str(client.peername[0]).partition("%")[0].removeprefix("::ffff:")


def _read_headers(fields: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = _decode(raw_name).lower(), _decode(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
