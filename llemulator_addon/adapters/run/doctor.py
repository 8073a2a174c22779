"""Checks, by trying each, whether programs on this machine can be routed through the proxy."""

import asyncio
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from llemulator_addon.adapters.compose import Program
from llemulator_addon.adapters.mitmproxy.authority import NoAuthority
from llemulator_addon.adapters.mitmproxy.master import CannotListen, ListeningPlace, serving
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.adapters.run.check import Diagnosis
from llemulator_addon.adapters.run.environment import ProxyRoute, environment
from llemulator_addon.adapters.run.files import Files
from llemulator_addon.adapters.run.probes import HOST, PROBES, Probe
from llemulator_addon.adapters.run.run import CannotRun, prepare
from llemulator_addon.adapters.run.runtimes import REASONS
from llemulator_addon.adapters.run.shell import examine_shell, fetch_certificate
from llemulator_addon.adapters.settings import Settings

_SECONDS = 120.0
_WORDS = 160
_FIRST_NODE_WITH_SWITCH = {22: 21, 24: 5}
"""The minor versions from which Node reads HTTPS_PROXY in all of its clients, by major version."""


async def examine(settings: Settings, inherited: Mapping[str, str]) -> AsyncIterator[Diagnosis]:
    """Yield the checks, as they are done."""
    yield _port(settings)
    yield _clock()
    for check in examine_shell(settings, inherited):
        yield check
    try:
        with prepare(settings) as (program, files):
            yield Diagnosis(name="authority", passed=True, says=f"the certificate to trust is {_where(settings)}")
            async for check in _runtimes(program, files, inherited):
                yield check
    except (NoAuthority, CannotRun, CannotListen) as error:
        yield Diagnosis(name="authority", passed=False, says="programs cannot be asked", remedy=str(error))


def node_is_led_by(version: str) -> str:
    """Say what leads a version of Node here, as `v20.20.2`."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return "by HTTPS_PROXY or by the preload"
    major, minor = int(found[1]), int(found[2])
    newest = max(_FIRST_NODE_WITH_SWITCH)
    is_new = major > newest or minor >= _FIRST_NODE_WITH_SWITCH.get(major, minor + 1)
    return "by HTTPS_PROXY and NODE_USE_ENV_PROXY" if is_new else "by the preload, as it reads no HTTPS_PROXY itself"


# This machine ---------------------------------------------------------------------------------------------------------


def _port(settings: Settings) -> Diagnosis:
    host = settings.host.strip("[]")
    where = f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        # As a server does: a port that was in use a moment ago is free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, settings.port))
        except OSError as error:
            if fetch_certificate(f"http://{where}") is not None:
                return Diagnosis(name="port", passed=True, says=f"llemulator listens on {where} already")
            return Diagnosis(
                name="port",
                passed=False,
                says=f"{where}: {error.strerror}",
                remedy="choose another one with --port (PORT), or 0 for a free one; `llemulator run` takes a free one",
            )
    return Diagnosis(name="port", passed=True, says=f"{where} is free")


def _clock() -> Diagnosis:
    """Compare the clock with when this was installed: certificates of a clock that is behind are not valid yet."""
    installed, now = Path(__file__).stat().st_mtime, time.time()
    says = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now >= installed:
        return Diagnosis(name="clock", passed=True, says=says)
    return Diagnosis(name="clock", passed=False, says=f"{says} is before this was installed", remedy="set the clock")


def _where(settings: Settings) -> str:
    is_kept = "certs" in settings.sources or settings.certs.is_dir()
    return f"in {settings.certs.absolute()}" if is_kept else "made for each run, as there is no folder of certificates"


# Runtimes -------------------------------------------------------------------------------------------------------------


async def _runtimes(program: Program, files: Files, inherited: Mapping[str, str]) -> AsyncIterator[Diagnosis]:
    """Ask with each runtime that is here, through a proxy of our own and in the environment that `run` makes."""
    traffic = program.traffic
    async with serving(
        traffic, ListeningPlace(host="127.0.0.1", port=0), confdir=program.authority.confdir
    ) as listening:
        route = ProxyRoute(url=listening.url, files=files, hosts=traffic.policy.hosts)
        surroundings = environment(route, inherited).apply_to(inherited)
        for probe in PROBES:
            found = next(filter(None, map(shutil.which, probe.programs)), None)
            if found is None:
                yield Diagnosis(name=probe.runtime, passed=None, says="not on this machine")
            else:
                yield await _ask(probe, found, surroundings, traffic)


async def _ask(probe: Probe, program: str, surroundings: Mapping[str, str], traffic: Traffic) -> Diagnosis:
    _, said = await _run([program, *probe.version], surroundings)
    version = _version(said)
    before = _count_answered(traffic)
    traffic.distrusted.clear()
    with tempfile.TemporaryDirectory(prefix="llemulator-") as folder:
        status, said = await _run(_command(probe, program, Path(folder)), {**surroundings, "GO111MODULE": "off"})
    came = _count_answered(traffic) > before
    if came and status == 0:
        how = f", {node_is_led_by(version)}" if probe.runtime == "node" else ""
        return Diagnosis(name=probe.runtime, passed=True, says=f"{version} is answered{how}")
    if probe.cannot_ask and probe.cannot_ask in said:
        return Diagnosis(name=probe.runtime, passed=None, says=f"{version} cannot be asked: it has no compiler")
    return Diagnosis(
        name=probe.runtime,
        passed=False,
        says=f"{version}: {_last_line(said) or f'ended with {status}'}",
        remedy=_remedy(probe, traffic, came=came),
    )


def _command(probe: Probe, program: str, folder: Path) -> list[str]:
    source = folder / f"Ask{probe.ending}"
    source.write_text(probe.source, "utf-8")
    return [program, *(word.replace("{source}", str(source)) for word in probe.arguments)]


def _remedy(probe: Probe, traffic: Traffic, *, came: bool) -> str:
    if HOST in traffic.distrusted:
        return "it does not trust the certificate: is another one set in its own configuration?"
    if came:
        return "it came, and could not do with the answer; does it work without llemulator?"
    return f"it did not come; likely {REASONS[probe.runtime]}"


async def _run(command: Sequence[str], surroundings: Mapping[str, str]) -> tuple[int, str]:
    """Return the status and what was said; of what takes too long, -1."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            env=surroundings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=os.sep,
        )
    except OSError as error:
        return -1, error.strerror or ""
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        return -1, f"no end after {_SECONDS:.0f} seconds"
    return child.returncode or 0, said.decode("utf-8", "replace")


def _count_answered(traffic: Traffic) -> int:
    return sum(each.answered for each in traffic.egress.report())


def _version(said: str) -> str:
    # Java says first which variable it has read.
    lines = (line for line in said.splitlines() if not line.startswith("Picked up"))
    return next((found[0] for line in lines if (found := re.search(r"v?\d+\.\d+[.\d]*", line))), "")


def _last_line(said: str) -> str:
    return next((line.strip()[:_WORDS] for line in reversed(said.splitlines()) if line.strip()), "")
