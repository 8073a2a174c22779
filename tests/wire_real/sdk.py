"""The official SDK, through the proxy and with its own base URL."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from openai import OpenAI

from conformance.server import Server


@contextmanager
def official(server: Server, token: str) -> Iterator[OpenAI]:
    """Give a client that asks once."""
    trusting = httpx2.Client(proxy=server.origin, verify=ssl.create_default_context(cafile=server.ca))
    with OpenAI(api_key=token, http_client=trusting, max_retries=0) as client:
        yield client
