"""A real Redis, started by the tests that need one."""

import atexit
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
import redis

from benchmarks.servers import free_port
from tests.patience import SECONDS


class RedisServer:
    """A process of Redis on a port of this machine, with its files in a folder. It may be stopped and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is not installed (.ci/install stores)")
        self.folder = folder
        self.port = free_port()
        self._options: Sequence[str] = options
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *self._options]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self.ask("PING")
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, *command: str) -> object:
        """Send a command, without a password."""
        with redis.Redis(port=self.port) as client:
            answer: object = client.execute_command(*command)
            return answer


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run one while the body runs."""
    server = RedisServer(folder, *options)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_sentinel(server: RedisServer, folder: Path) -> Iterator[int]:
    """Run a Sentinel that watches a server as `ours`, and yield its port."""
    port = free_port()
    (folder / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor ours 127.0.0.1 {server.port} 1\n"
        "sentinel down-after-milliseconds ours 3000\nsentinel failover-timeout ours 5000\n"
    )
    command = ["redis-server", "sentinel.conf", "--sentinel"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def running_pair(folder: Path) -> Iterator[tuple[RedisServer, RedisServer, int]]:
    """Run a server, a replica that is up to date, and a Sentinel; yield both servers and the Sentinel's port."""
    folders = [folder / name for name in ("first", "second", "sentinel")]
    for each in folders:
        each.mkdir()
    with (
        running_redis(folders[0]) as first,
        running_redis(folders[1], "--replicaof", "127.0.0.1", str(first.port)) as second,
        running_sentinel(first, folders[2]) as port,
    ):
        with redis.Redis(port=port) as sentinel:
            wait_for(lambda: knows_replica(sentinel))
        wait_for(lambda: has_copied(second))
        yield first, second, port


def knows_replica(sentinel: redis.Redis) -> bool:
    """Whether a Sentinel has found the replica of its server."""
    try:
        return b"slaves:1" in as_bytes(sentinel.info("sentinel"))
    except redis.ConnectionError:
        return False


def has_copied(replica: RedisServer) -> bool:
    """Whether a replica has all that its server has; that begins seconds after it has started."""
    return b"master_link_status:up" in as_bytes(replica.ask("INFO", "replication"))


def as_bytes(value: object) -> bytes:
    """Return what a server said, to look for `name:value`."""
    return value if isinstance(value, bytes) else repr(value).replace("'", "").replace(": ", ":").encode()


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@cache
def shared_redis() -> RedisServer:
    """Return the one that all tests of this process share; it ends with the process."""
    folder = Path(mkdtemp(prefix="llemulator-redis-"))
    server = RedisServer(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    return server
