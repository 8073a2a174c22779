"""Containers in a network that has nothing but its own loopback: what works there needs no other network."""

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

# As Kubernetes runs a pod of the "restricted" kind: no capability, no new privilege, nothing to write to but volumes.
RESTRICTED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")

_SECONDS = 300
_NO_DAEMON = (
    "--pull=never",
    "--no-healthcheck",
    "--read-only-tmpfs=false",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a container's program, or one beside it, ended."""

    status: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that runs."""

    name: str

    def execute(self, *command: str) -> Ended:
        """Run a command inside."""
        return _ended([*_engine(), "exec", self.name, *command])

    def wait_for(self, *command: str) -> None:
        """Wait until a command inside succeeds. Raises TimeoutError with what the container said."""
        deadline = time.monotonic() + _SECONDS
        while (got := self.execute(*command)).status:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{got.said}\n{self.log()}")
            time.sleep(0.1)

    def enter_network(self, *command: str) -> Ended:
        """Run a command of this machine in its network."""
        return _ended(["nsenter", "--net", "--target", str(inspect(self.name)["State"]["Pid"]), *command])

    def log(self) -> str:
        """Return what its program has said so far."""
        return _ended([*_engine(), "logs", self.name]).said

    def stop(self) -> int:
        """Send its stop signal, and return the status with which it ended (137: it had to be killed)."""
        _ended([*_engine(), "stop", "--time", "10", self.name])
        return int(inspect(self.name)["State"]["ExitCode"])


@contextmanager
def running(
    image: str, *arguments: str, flags: Sequence[str] = RESTRICTED, network: str = "none"
) -> Iterator[Container]:
    """Run an image in the background until the end of the block."""
    name = f"llemulator-{uuid.uuid4().hex[:12]}"
    command = [*_run(), "--detach", "--name", name, "--network", network, *flags, image, *arguments]
    started = _ended(command)
    try:
        assert started.status == 0, started.said
        yield Container(name=name)
    finally:
        _ended([*_engine(), "rm", "--force", "--volumes", name])


def run(image: str, *arguments: str, flags: Sequence[str] = RESTRICTED, network: str = "none") -> Ended:
    """Run an image to its end."""
    return _ended([*_run(), "--rm", "--network", network, *flags, image, *arguments])


def inspect(name: str) -> dict[str, Any]:
    """Return what the engine knows of a container or an image."""
    found: list[dict[str, Any]] = json.loads(_ended([*_engine(), "inspect", name]).said)
    return found[0]


@cache
def docker_answers() -> bool:
    """Say whether there is a Docker engine."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def _engine() -> list[str]:
    return ["docker"] if docker_answers() else [str(ROOT / "conformance/images/engine"), "podman"]


def _run() -> list[str]:
    return [*_engine(), "run", *(() if docker_answers() else _NO_DAEMON)]


def _ended(command: Sequence[str]) -> Ended:
    got = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=4 * _SECONDS, check=False
    )
    return Ended(status=got.returncode, said=got.stdout)
