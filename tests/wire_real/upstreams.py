"""What the tests of upstreams ask, and a proxy of this process that has one."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from llemulator_addon.adapters.forwarding import Terms
from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.core.upstream import NamedBy, Upstream, Upstreams
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore
from tests.wire_real.clients import (
    Answer,
    Headers,
    Proxy,
    Question,
)
from tests.wire_real.proxies import proxying

KEY = "sk-proj-the-real-key-of-the-application"
HEADERS = (
    ("Authorization", f"Bearer {KEY}"),
    ("Content-Type", "application/json"),
    ("Cookie", "session=secret"),
    ("OpenAI-Organization", "org-secret"),
    ("OpenAI-Project", "proj-secret"),
    ("X-Api-Key", "another-secret"),
)
ALLOWED = "access-control-allow-origin"


_PRIVATE = Networks("private")


@asynccontextmanager
async def proxying_with(  # noqa: PLR0913 - what a test is about is named
    url: str,
    certs: Path,
    *,
    named_by: NamedBy = "server",
    terms: Terms | None = None,
    hermetic: bool = False,
    pass_for: Networks = _PRIVATE,
) -> AsyncIterator[Proxy]:
    """Serve in this process, with one upstream for everything."""
    upstreams = Upstreams(anything=Upstream(url=url, named_by=named_by))
    terms = terms or Terms()
    policy = TrafficPolicy(
        hosts=Hosts(OPENAI_HOSTS),
        upstream_key=terms.upstream_key,
        upstream_pass_key=terms.upstream_pass_key,
        upstream_timeout=terms.upstream_timeout,
        hermetic=hermetic,
        pass_for=pass_for,
    )
    async with proxying(Emulator(EmulatorSettings(upstream=upstreams), MemoryStore), certs, policy) as (proxy, _):
        yield proxy


def body_for(model: str = "smollm", **more: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}).encode()


def question(body: bytes, headers: Headers = HEADERS) -> Question:
    return Question(method="POST", path="/v1/chat/completions", headers=headers, body=body)


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def said(answer: Answer) -> str:
    lines = answer.body.decode().split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events)
