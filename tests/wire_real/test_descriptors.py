"""A server whose file descriptors are used up says so in a line, and goes on once there are some."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.patience import SECONDS
from tests.wire_real.clients import ask, connected
from tests.wire_real.processes import LLEMULATOR, started

_KEY = [("Authorization", "Bearer sk-test")]
_FEW = 60
"""Descriptors; a server that nobody asks has some twenty."""


@pytest.mark.slow
async def test_clients_wait_while_there_is_no_descriptor_and_the_log_says_why_in_one_line(tmp_path: Path) -> None:
    limited = ("/bin/sh", "-c", f'ulimit -n {_FEW}; exec "$0" "$@"')
    async with started(*limited, *LLEMULATOR, "--port", "0", cwd=tmp_path) as server:
        async with AsyncExitStack() as until_free:
            for _ in range(2 * _FEW):
                await until_free.enter_async_context(connected(server.proxy, "origin"))
            assert server.process.stderr is not None
            async with asyncio.timeout(SECONDS):
                said = (await server.process.stderr.readline()).decode()
            # Until the server has tried again for a few times.
            await asyncio.sleep(3)
        answer = await ask(
            server.proxy, "origin", path="/v1/models", method="GET", headers=[("Authorization", "Bearer k")]
        )
        ended = await server.stop()

    assert answer.status == 200
    assert (said + ended.err).count("no further client can connect") == 1
    assert "Traceback" not in said + ended.err + ended.out
    assert len(said + ended.err) < 2000


async def test_more_clients_than_a_shell_allows_by_itself_may_connect(tmp_path: Path) -> None:
    limited = ("/bin/sh", "-c", f'ulimit -S -n {_FEW}; exec "$0" "$@"')
    async with started(*limited, *LLEMULATOR, "--port", "0", cwd=tmp_path) as server, AsyncExitStack() as until_free:
        for _ in range(2 * _FEW):
            await until_free.enter_async_context(connected(server.proxy, "origin"))
        answer = await ask(
            server.proxy, "origin", path="/v1/models", method="GET", headers=[("Authorization", "Bearer k")]
        )
        ended = await server.stop()

    assert answer.status == 200
    assert "no further client" not in ended.err
