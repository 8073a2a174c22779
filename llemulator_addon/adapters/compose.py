"""The composition root: makes the whole program from its settings, and is the only place that does."""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from llemulator_addon import __version__
from llemulator_addon.adapters.console import find_file
from llemulator_addon.adapters.deliveries import Deliveries
from llemulator_addon.adapters.documents import find_readers
from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts, choose_hosts
from llemulator_addon.adapters.metrics.counting import Metrics
from llemulator_addon.adapters.mitmproxy.authority import Authority, authority
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.adapters.preset_queue_file import PresetQueueFile
from llemulator_addon.adapters.prices import find_prices
from llemulator_addon.adapters.script_file import BadScript, name_file, read_script
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.adapters.stores.opening import opening
from llemulator_addon.adapters.telemetry.sending import sending
from llemulator_addon.adapters.watching import Watching
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.session import NO_UPSTREAM
from llemulator_addon.live.admin_access import AdminAccess
from llemulator_addon.live.draining import Draining
from llemulator_addon.script.reader import Script

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The parts of the program, ready to serve."""

    authority: Authority
    emulator: Emulator
    traffic: Traffic
    watching: Watching
    access: AdminAccess
    queues: PresetQueueFile
    metrics: Metrics | None
    """None: nothing is counted."""

    async def watch(self) -> None:
        """Fill the preset queues, keep them, and play the default script again when its file changes.

        Until cancelled. Raises BadScript.
        """
        await self.queues.fill(self.emulator)
        await self._watch()

    async def _watch(self) -> None:
        await asyncio.gather(self.watching.watch(self.emulator.play_by_default), self.queues.keep(self.emulator))

    @asynccontextmanager
    async def watch_meanwhile(self) -> AsyncIterator[None]:
        """Do the same while the body runs; the queues are filled before it, and kept behind it."""
        await self.queues.fill(self.emulator)
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await self.queues.save(self.emulator)

    @asynccontextmanager
    async def open_meanwhile(self) -> AsyncIterator[None]:
        """Close the store once the body has ended."""
        try:
            yield
        finally:
            await self.emulator.close()


@contextmanager
def compose(
    settings: Settings,
    *,
    certs: Path | None = None,
    streams_others: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Program]:
    """Make the program that these settings ask for; it holds the certificate authority until the body ends.

    `certs` is the folder of the authority; None: that of the settings. With `streams_others` false, bodies to and
    from other hosts are passed on whole. `environment` has OpenTelemetry's variables. Raises NoAuthority, BadScript and
    BadStore.
    """
    for line in settings.warnings:
        logger.warning(line)
    watching, queues = Watching(settings), PresetQueueFile(settings.preset_queues)
    with authority(certs or settings.certs) as found, sending(environment) as sender:
        access = AdminAccess(settings.admin_key, secret=secrets.token_bytes(32), code=secrets.token_urlsafe(24))
        metrics = None if settings.no_metrics else Metrics()
        draining = Draining()
        asked = replace(
            _emulator_settings(settings, _script(settings), found.certificate, access),
            write_metrics=None if metrics is None else metrics.write,
            draining=draining,
        )
        emulator = _emulator(settings, asked)
        traffic = Traffic(emulator, _policy(settings, ca=found.ca, streams_others=streams_others), draining)
        emulator.watch_egress(traffic.egress.report)
        if metrics is not None:
            emulator.watch_requests(metrics)
            metrics.count_running, metrics.measure = traffic.count_running, emulator.measure
            metrics.sum_up_egress = traffic.egress.sum_up
        if sender is not None:
            emulator.watch_requests(sender)
        if settings.webhooks:
            emulator.watch_deliveries(Deliveries(emulator, settings.webhooks).look)
        yield Program(
            authority=found,
            emulator=emulator,
            traffic=traffic,
            watching=watching,
            access=access,
            queues=queues,
            metrics=metrics,
        )


def _policy(settings: Settings, *, ca: Path, streams_others: bool) -> TrafficPolicy:
    return replace(
        TrafficPolicy.copy_from(settings),
        hosts=choose_hosts(settings.hosts, settings.allow),
        allow=Hosts(settings.allow),
        pass_for=Networks(*settings.pass_for),
        body_limit=min(settings.body_limit, settings.bodies_size),
        streams_others=streams_others,
        ca=ca,
    )


_REMEDY = "; use --script (LLEMULATOR_SCRIPT) to choose a script"


def _script(settings: Settings) -> Script | None:
    script = read_script(settings.script, remedy=_REMEDY) if settings.script else None
    if settings.on_unmatched == "upstream" and not (settings.upstream or (script and script.upstreams)):
        raise BadScript(f"{settings.sources['on_unmatched']}: {NO_UPSTREAM}")
    return script


def _emulator(settings: Settings, asked: EmulatorSettings) -> Emulator:
    # The event loop shares the interpreter with the threads that load scripts and make reports: it waits less for them.
    sys.setswitchinterval(0.001)
    with name_file(settings.script):
        return Emulator(asked, opening(settings.store, settings.session_ttl))


def _emulator_settings(
    settings: Settings, script: Script | None, ca_certificate: bytes, access: AdminAccess
) -> EmulatorSettings:
    return replace(
        EmulatorSettings.copy_from(settings),
        version=__version__,
        names=_names(settings),
        console=find_file,
        prices=find_prices(settings.prices),
        run=secrets.token_hex(4),
        access=access,
        script=script,
        has_preset_queues=settings.preset_queues is not None,
        readers=find_readers(),
        ca_certificate=ca_certificate,
        pause=asyncio.sleep,
    )


def _names(settings: Settings) -> Hosts:
    """Return the names under which the user said that this is reached."""
    listening = (settings.host, *(listener.host for listener in settings.listen if listener.host))
    return Hosts((*OPENAI_HOSTS, *settings.hosts, *listening, *settings.admin_hosts))
