"""A command run while the proxy runs in this very program, which so knows in the end what it has seen."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.compose import Program, compose
from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.mitmproxy.authority import Authority, NoAuthority
from llemulator_addon.adapters.mitmproxy.master import CannotListen, ListeningPlace, serving
from llemulator_addon.adapters.prices import find_prices
from llemulator_addon.adapters.run.child import status_of
from llemulator_addon.adapters.run.environment import Environment, ProxyRoute, environment
from llemulator_addon.adapters.run.files import Files, write_files
from llemulator_addon.adapters.run.summary import Seen
from llemulator_addon.adapters.script_file import BadScript
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.adapters.stores.address import BadStore
from llemulator_addon.adapters.telemetry.asking import drop_service
from llemulator_addon.engine.session import Session


class CannotRun(Exception):
    """The proxy cannot run as it was asked to. The text, one line for each problem, is for the user."""


class NotStarted(Exception):
    """The command was found, and cannot be started. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The result."""

    status: int
    """The exit status of the command; of a signal, 128 and its number."""
    seen: Seen
    environment: Mapping[str, str]
    """The surroundings of the command."""
    hosts: Hosts
    """Those that were answered."""


def run(settings: Settings, command: Sequence[str], *, base_url: bool, tell: Callable[[Iterable[str]], None]) -> Ran:
    """Run a command to its end with all its clients led to a proxy. Raises CannotRun and NotStarted."""
    try:
        with prepare(settings) as (program, files):
            status, whole, sessions = asyncio.run(
                _run_through(program, files, settings, command, tell, base_url=base_url)
            )
    except (BadScript, BadStore, NoAuthority, CannotListen) as error:
        raise CannotRun(error) from None
    traffic = program.traffic
    seen = Seen(
        sessions=sessions,
        hosts=traffic.egress.report(),
        distrusted=sorted(traffic.distrusted),
        token=whole.get("OPENAI_API_KEY", ""),
        now=now(),
        prices=find_prices(settings.prices)(),
    )
    return Ran(status=status, seen=seen, environment=whole, hosts=traffic.policy.hosts)


async def _run_through(  # noqa: PLR0913 - all of this is needed
    program: Program,
    files: Files,
    settings: Settings,
    command: Sequence[str],
    tell: Callable[[Iterable[str]], None],
    *,
    base_url: bool,
) -> tuple[int, dict[str, str], Sequence[Session]]:
    """Serve, and run the command meanwhile; return its exit status, its environment, and the sessions in the end."""
    place = ListeningPlace(host=settings.host, port=settings.port, more=settings.listen)
    async with program.open_meanwhile():
        async with (
            program.watch_meanwhile(),
            serving(program.traffic, place, confdir=program.authority.confdir) as listening,
        ):
            route = ProxyRoute(url=listening.url, files=files, hosts=program.traffic.policy.hosts, base_url=base_url)
            status, whole = await _run(command, environment(route, os.environ), tell)
        return status, whole, await program.emulator.sessions()


async def _run(
    command: Sequence[str], surroundings: Environment, tell: Callable[[Iterable[str]], None]
) -> tuple[int, dict[str, str]]:
    tell(surroundings.notes)
    whole = surroundings.apply_to(os.environ)
    try:
        return await status_of(command, whole), whole
    except OSError as error:
        raise NotStarted(error.strerror) from None


@contextmanager
def prepare(settings: Settings) -> Iterator[tuple[Program, Files]]:
    """Yield the program and the files that runtimes need. Unless a folder is named, all of them are removed in the end.

    Raises NoAuthority, BadScript, BadStore and CannotRun.
    """
    with tempfile.TemporaryDirectory(prefix="llemulator-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        certs = settings.certs if "certs" in settings.sources or settings.certs.is_dir() else folder / "certs"
        # The variables are the command's, and so is the name of the service.
        with compose(settings, certs=certs, environment=drop_service(os.environ)) as program:
            # The command may start programs under another user.
            folder.chmod(0o755)
            yield program, _files(folder, program.authority)


def _files(folder: Path, found: Authority) -> Files:
    try:
        return write_files(
            folder, ca=found.ca, bundle=found.bundle, environment=os.environ, truststore=found.truststore
        )
    except OSError as error:
        raise CannotRun(f"{folder}: {error.strerror}; TMPDIR names another folder") from None
