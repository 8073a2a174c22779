"""From settings to the program that answers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.settings import Settings
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.session import NO_UPSTREAM
from llemulator_addon.script.reader import Script, read_text
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.script.simulate_defaults import Simulating
from llemulator_addon.simulate.stream_timing import Physics


class BadScript(Exception):
    """The default script cannot be played. The text has a line for each problem, with its file and place."""


def emulator_from(settings: Settings, *, ca_certificate: bytes) -> Emulator:
    """Make the emulator that these settings ask for. Raises BadScript."""
    # The event loop shares the interpreter with the threads that load scripts and make reports: it waits less for them.
    sys.setswitchinterval(0.001)
    script = script_in(settings.script) if settings.script else None
    if settings.on_unmatched == "upstream" and not (settings.upstream or (script and script.upstreams)):
        raise BadScript(f"{settings.sources['on_unmatched']}: {NO_UPSTREAM}")
    with told_in(settings.script):
        return _emulator(settings, script, ca_certificate)


def _emulator(settings: Settings, script: Script | None, ca_certificate: bytes) -> Emulator:
    return Emulator(
        EmulatorSettings(
            version=_version(),
            names=_names(settings),
            debug=settings.debug,
            script=script,
            on_unmatched=settings.on_unmatched,
            seed=settings.seed,
            simulating=Simulating(response_length=settings.response_length, tool_strategy=settings.tool_strategy),
            stream=Physics(
                delay_min_ms=settings.stream_delay_min_ms,
                delay_max_ms=settings.stream_delay_max_ms,
                tokens_per_second=settings.stream_tokens_per_second,
                profile=settings.stream_profile,
            ),
            lenient=settings.lenient,
            dated_models=settings.dated_models,
            models=settings.models,
            upstreams=settings.upstream,
            patience=settings.manual_timeout,
            ca_certificate=ca_certificate,
            request_values=settings.request_values,
            answer_limit=settings.answer_limit,
            journal_entries=settings.journal_entries,
            journal_size=settings.journal_size,
            journals_size=settings.journals_size,
            stored_size=settings.stored_size,
            all_stored_size=settings.all_stored_size,
            script_size=settings.script_size,
            sessions_size=settings.sessions_size,
            waiting_size=settings.waiting_size,
        )
    )


def _names(settings: Settings) -> Hosts:
    """Return the names under which the user said that this is reached."""
    listening = (settings.host, *(listener.host for listener in settings.listen if listener.host))
    return Hosts((*OPENAI_HOSTS, *settings.hosts, *listening, *settings.admin_hosts))


def _version() -> str:
    try:
        return metadata.version("llemulator")
    except metadata.PackageNotFoundError:
        return ""  # mitmdump was given the file of a folder that is not installed


def script_in(file: Path) -> Script:
    """Read a script's file: JSON if its name says so, else YAML. Raises BadScript."""
    try:
        return read_text(file.read_bytes(), "json" if file.suffix.lower() == ".json" else "yaml")
    except OSError as error:
        raise BadScript(f"{file}: {error.strerror}; --script (LLEMULATOR_SCRIPT) names the script") from None
    except ScriptError as error:
        raise _bad(file, error) from None


@contextmanager
def told_in(file: Path | None) -> Iterator[None]:
    """Tell what is wrong with a script that cannot be played together with its file. Raises BadScript."""
    try:
        yield
    except ScriptError as error:
        raise _bad(file, error) from None


def _bad(file: Path | None, error: ScriptError) -> BadScript:
    return BadScript("\n".join(f"{file}: {problem}" if file else str(problem) for problem in error.problems))
