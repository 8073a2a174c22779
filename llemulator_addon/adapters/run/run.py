"""A command run while the proxy runs in this very program, which so knows in the end what it has seen."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.compose import BadScript, emulator_from
from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.mitmproxy.authority import Authority, NoAuthority, authority
from llemulator_addon.adapters.mitmproxy.master import CannotListen, Place, serving
from llemulator_addon.adapters.mitmproxy.rules import Rules, policy_from
from llemulator_addon.adapters.run.child import status_of
from llemulator_addon.adapters.run.environment import Environment, Way, environment
from llemulator_addon.adapters.run.files import Files, write_files
from llemulator_addon.adapters.run.summary import Seen
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.adapters.watching import Watching


class CannotRun(Exception):
    """The proxy cannot run as it was asked to. The text, one line for each problem, is for the user."""


class NotStarted(Exception):
    """The command was found, and cannot be started. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of it."""

    status: int
    """The exit status of the command; of a signal, 128 and its number."""
    seen: Seen
    environment: Mapping[str, str]
    """What the command was run in."""
    hosts: Hosts
    """Those that were answered."""


def run(settings: Settings, command: Sequence[str], *, base_url: bool, tell: Callable[[Iterable[str]], None]) -> Ran:
    """Run a command to its end with all its clients led to a proxy. Raises CannotRun and NotStarted."""
    try:
        with published(settings) as (found, files):
            watching = Watching(settings)
            emulator = emulator_from(settings, ca_certificate=found.certificate)
            rules = Rules(emulator, policy_from(settings, ca=found.ca))
            emulator.watch_egress(rules.egress.report)

            def surroundings(url: str) -> Environment:
                way = Way(url=url, files=files, hosts=rules.policy.hosts, base_url=base_url)
                return environment(way, os.environ)

            async def leading() -> tuple[int, dict[str, str]]:
                watch = asyncio.create_task(watching.watch(emulator.play_by_default))
                try:
                    place = Place(host=settings.host, port=settings.port, more=settings.listen)
                    async with serving(rules, place, confdir=found.confdir) as listening:
                        return await _run(command, surroundings(listening.url), tell)
                finally:
                    watch.cancel()

            status, whole = asyncio.run(leading())
    except (BadScript, NoAuthority, CannotListen) as error:
        raise CannotRun(error) from None
    seen = Seen(
        sessions=emulator.sessions(),
        hosts=rules.egress.report(),
        distrusted=sorted(rules.distrusted),
        token=whole.get("OPENAI_API_KEY", ""),
        now=now(),
    )
    return Ran(status=status, seen=seen, environment=whole, hosts=rules.policy.hosts)


async def _run(
    command: Sequence[str], surroundings: Environment, tell: Callable[[Iterable[str]], None]
) -> tuple[int, dict[str, str]]:
    tell(surroundings.notes)
    whole = surroundings.over(os.environ)
    try:
        return await status_of(command, whole), whole
    except OSError as error:
        raise NotStarted(error.strerror) from None


@contextmanager
def published(settings: Settings) -> Iterator[tuple[Authority, Files]]:
    """Yield the authority, and the files that runtimes want. Where no folder is named, nothing of either stays.

    Raises NoAuthority and CannotRun.
    """
    with tempfile.TemporaryDirectory(prefix="llemulator-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        certs = settings.certs if "certs" in settings.sources or settings.certs.is_dir() else folder / "certs"
        with authority(certs) as found:
            # Programs of the command may run as somebody else.
            folder.chmod(0o755)
            yield found, _files(folder, found)


def _files(folder: Path, found: Authority) -> Files:
    try:
        return write_files(
            folder, ca=found.ca, bundle=found.bundle, environment=os.environ, truststore=found.truststore
        )
    except OSError as error:
        raise CannotRun(f"{folder}: {error.strerror}; TMPDIR names another folder") from None
