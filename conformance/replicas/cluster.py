"""Three replicas behind haproxy, which share a Redis; each is a machine of its own in one network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from conformance.replicas.network import Machine, machines
from conformance.server import plain_environment
from conformance.venvs import ROOT
from tests.store.redis_server import RedisServer, running_redis

CONFIGURATION = ROOT / "docs/examples/replicas/haproxy.cfg"
REPLICAS = 3
DRAIN = 20
_PORT, _BALANCER_PORT = 8080, 8090
_SECONDS = 300
REDIS_ELSEWHERE = ("--bind", "0.0.0.0", "--protected-mode", "no")  # noqa: S104 - in a network of its own


@dataclass
class Replica:
    """A process of llemulator on a machine."""

    machine: Machine
    folder: Path
    store: str
    statuses: list[int] = field(default_factory=list)
    """With which its processes ended."""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What its processes said."""
        return (self.folder / "log").read_text("utf-8")

    def start(self) -> None:
        """Start it; it is not ready at once."""
        command = [sys.executable, "-m", "llemulator_addon", "--host", "0.0.0.0", "--port", str(_PORT)]  # noqa: S104
        command += ["--store", self.store, "--drain", str(DRAIN), "--sessions-size", "256MiB"]
        env = {**plain_environment(), "HOME": str(self.folder), "LOG_LEVEL": "warning"}
        with self.machine.entered(), (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self.statuses.append(self._process.wait(_SECONDS))
            self._process = None

    def wait_for(self, status: int) -> bytes:
        """Wait until `/readyz` has a status; return what it says."""
        return wait_for_answer(self.machine.address, _PORT, "/readyz", status)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The machines, and what runs on them."""

    balancer: Machine
    redis: RedisServer
    redis_machine: Machine
    replicas: list[Replica]

    @property
    def url(self) -> str:
        """The address that clients know."""
        return f"http://{self.balancer.address}:{_BALANCER_PORT}/v1"

    def url_of(self, replica: Replica) -> str:
        """Return the address of one replica."""
        return f"http://{replica.machine.address}:{_PORT}/v1"

    def stop_redis(self) -> None:
        """Kill it."""
        self.redis.stop()

    def start_redis(self) -> None:
        """Start it again with what it had."""
        with self.redis_machine.entered():
            self.redis.start()

    def wait_until_balanced(self) -> None:
        """Wait until the balancer has a replica that is ready."""
        wait_for_answer(self.balancer.address, _BALANCER_PORT, "/readyz", 200)


def wait_for_answer(address: str, port: int, path: str, status: int) -> bytes:
    """Ask until an answer has a status; return its body."""
    deadline, seen = time.monotonic() + _SECONDS, ""
    while time.monotonic() < deadline:
        connection = HTTPConnection(address, port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == status:
                return body
            seen = f"{answer.status} {body!r}"
        except (OSError, HTTPException) as error:
            seen = repr(error)
        finally:
            connection.close()
        time.sleep(0.05)
    raise AssertionError(f"{address}:{port}{path} is not {status}: {seen}")


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run one while the body runs, in which this process is on the balancer's machine."""
    if (haproxy := shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
        pytest.skip("haproxy is not installed (.ci/install clients)")
    with ExitStack() as stack:
        balancer, redis_machine, *others = stack.enter_context(machines(2 + REPLICAS))
        with redis_machine.entered():
            durable = ("--appendonly", "yes", "--appendfsync", "always")
            redis = stack.enter_context(running_redis(_made(folder / "redis"), *REDIS_ELSEWHERE, *durable))
        store = f"redis://{redis_machine.address}:{redis.port}"
        replicas = [
            Replica(machine, _made(folder / f"replica-{number}"), store) for number, machine in enumerate(others)
        ]
        stack.enter_context(balancer.entered())
        for replica in replicas:
            stack.callback(replica.stop, signal.SIGKILL)
            replica.start()
        for replica in replicas:
            replica.wait_for(200)
        stack.enter_context(_balancing(haproxy, folder, replicas))
        cluster = Cluster(balancer=balancer, redis=redis, redis_machine=redis_machine, replicas=replicas)
        cluster.wait_until_balanced()
        yield cluster


@contextmanager
def _balancing(program: str, folder: Path, replicas: list[Replica]) -> Iterator[None]:
    """Run haproxy with the file that users get; only the addresses of the replicas are others."""
    servers = "\n".join(
        f"    server replica{number} {replica.machine.address}:{_PORT} check" for number, replica in enumerate(replicas)
    )
    text, changed = re.subn(
        r"^ +server-template .*\n\n(?s:.*)", f"{servers}\n", CONFIGURATION.read_text(), flags=re.MULTILINE
    )
    assert changed == 1
    (folder / "haproxy.cfg").write_text(text)
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([program, "-db", "-f", str(folder / "haproxy.cfg")], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
