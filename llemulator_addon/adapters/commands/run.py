"""`llemulator run -- CMD…`: runs a program whose clients are routed through the proxy, and prints a summary."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from llemulator_addon.adapters.commands.command import Command, Failed, add_report, add_settings, settings_given
from llemulator_addon.adapters.files import write_whole
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.terminal import printable

if TYPE_CHECKING:
    from llemulator_addon.adapters.run.files import Files
    from llemulator_addon.adapters.verdict_files import RunReport

_UNVERIFIED = 3
"""The exit status of --strict."""
_DEFAULT_PORT = "8080"
_SECONDS = 10.0
_DIGITS = 12
"""Of the digest that names a folder."""
_OF_THE_PROGRAM = ("HOST", "PORT", "DEBUG", "LOG_LEVEL")
"""Variables that mean the program here, and not the server."""


class NotFound(Failed):
    """There is no such command."""

    status = 127


class NotExecutable(Failed):
    """The command cannot be executed."""

    status = 126


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = "llemulator run [options] -- CMD [ARGUMENT ...]"
    parser.add_argument("command", metavar="CMD", nargs=argparse.REMAINDER, help="the program, with its arguments")
    parser.add_argument(
        "--strict",
        action="store_true",
        help=f"exit with status {_UNVERIFIED} if a request was unmatched or a rule was not used",
    )
    parser.add_argument(
        "--base-url", action="store_true", help="also set OPENAI_BASE_URL, for clients that read no other variable"
    )
    add_report(parser)
    parser.add_argument(
        "--env-only",
        action="store_true",
        help="run nothing; print the variables for a shell, for the server on --port",
    )
    add_settings(parser)


def _run(arguments: argparse.Namespace) -> int | None:
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if arguments.env_only:
        if command:
            raise Failed("--env-only prints the variables and runs nothing; leave out the command")
        _print_environment(_settings(arguments, port=_DEFAULT_PORT), base_url=arguments.base_url)
        return None
    if not command:
        raise Failed("no command; usage: llemulator run [options] -- CMD [ARGUMENT ...]")
    settings = _settings(arguments, port="0")
    program = _program(command[0])
    _check_reports(arguments.report)
    return _run_through_proxy(settings, arguments, command, program)


def _settings(arguments: argparse.Namespace, *, port: str) -> Settings:
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_THE_PROGRAM}
    try:
        return settings_from(command_line=settings_given(arguments), environment={**inherited, "PORT": port})
    except SettingsError as error:
        raise Failed(error) from None


def _program(name: str) -> Path:
    """Return the file of a command. Raises NotFound and NotExecutable."""
    if (found := shutil.which(name)) is not None:
        return Path(found)
    if Path(name).exists() and os.sep in name:
        raise NotExecutable(f"{name}: cannot be executed; is it a program, and has it the permission (chmod +x)?")
    raise NotFound(f"{name}: there is no such command")


def _check_reports(files: Sequence[Path]) -> None:
    # What it is checked against takes long to import.
    for file in files:
        if file.suffix not in {".xml", ".json", ".html"}:
            raise Failed(f"--report {file}: its name must end with one of .xml, .json, .html")
        if not file.absolute().parent.is_dir():
            raise Failed(f"--report {file}: there is no folder {file.absolute().parent}")


# Running --------------------------------------------------------------------------------------------------------------


def _run_through_proxy(settings: Settings, arguments: argparse.Namespace, command: Sequence[str], program: Path) -> int:
    # mitmproxy takes long to import; the settings and the command have been looked at before.
    from llemulator_addon.adapters.logs import log_to_stderr  # noqa: PLC0415
    from llemulator_addon.adapters.mitmproxy.internals.startup import (  # noqa: PLC0415
        collect_no_garbage_until_served,
        import_used_addons_only,
    )

    log_to_stderr(settings.log_level)
    collect_no_garbage_until_served()
    import_used_addons_only()
    from llemulator_addon.adapters.run.run import CannotRun, NotStarted, run  # noqa: PLC0415

    try:
        ran = run(settings, command, base_url=arguments.base_url, tell=_tell)
    except CannotRun as error:
        raise Failed(error) from None
    except NotStarted as error:
        raise NotExecutable(f"{command[0]}: {error}") from None
    from llemulator_addon.adapters.run.summary import explain_no_requests, judge, summarize  # noqa: PLC0415

    report = judge(ran.seen)
    _tell(summarize(ran.seen, report, strict=arguments.strict))
    _tell(explain_no_requests(ran.seen, command, program, ran.environment, ran.hosts, ran.status))
    are_written = _write_reports(arguments.report, report)
    unverified = _UNVERIFIED if arguments.strict and not report.verdict.passed else 0
    return ran.status or unverified or (0 if are_written else Failed.status)


def _write_reports(files: Iterable[Path], report: "RunReport") -> bool:
    """Write all that can be written; whether that were all."""
    written = [_is_written(file, report) for file in files]
    return all(written)


def _is_written(file: Path, report: "RunReport") -> bool:
    """Write a report; whether that went well. Says why not."""
    from llemulator_addon.adapters.verdict_files import REPORTS  # noqa: PLC0415 - takes long to import

    try:
        write_whole(file, REPORTS[file.suffix](report))
    except OSError as error:
        _tell([f"--report {file}: {error.strerror}"])
        return False
    return True


def _tell(lines: Iterable[str]) -> None:
    """Write to the standard error: the standard output is the program's."""
    with suppress(BrokenPipeError):
        sys.stderr.write("".join(f"llemulator: {printable(line)}\n" for line in lines))
        sys.stderr.flush()


# Printing -------------------------------------------------------------------------------------------------------------


def _print_environment(settings: Settings, *, base_url: bool) -> None:
    from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts  # noqa: PLC0415 - not needed to run
    from llemulator_addon.adapters.run.environment import ProxyRoute, environment  # noqa: PLC0415 - the same

    url = f"http://{_authority_of(settings.host)}:{settings.port}"
    certificate = _fetch_certificate(url)
    try:
        files = _keep_files(certificate)
    except OSError as error:
        raise Failed(f"{_cache()}: {error.strerror}; XDG_CACHE_HOME names another folder") from None
    route = ProxyRoute(url=url, files=files, hosts=Hosts((*OPENAI_HOSTS, *settings.hosts)), base_url=base_url)
    found = environment(route, os.environ)
    sys.stdout.write("".join(f"unset {name}\n" for name in found.removed))
    sys.stdout.write("".join(f"export {name}={quote(value)}\n" for name, value in found.set.items()))
    _tell(found.notes)


def _authority_of(host: str) -> str:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host).strip("[]")  # noqa: S104 - what a client uses instead
    return f"[{here}]" if ":" in here else here


def _fetch_certificate(url: str) -> bytes:
    from llemulator_addon.client import Client, Refused  # noqa: PLC0415 - not needed to run

    try:
        with Client(url, "any", timeout=_SECONDS) as client:
            return client.ca().encode()
    except (OSError, Refused, HTTPException):
        port = url.rpartition(":")[2]
        raise Failed(
            f"no llemulator answers on {url}; start one with `llemulator --port {port}`, or name its --port;"
            " `llemulator run -- CMD` starts one itself"
        ) from None


def _keep_files(certificate: bytes) -> "Files":
    """Write what a shell's programs need to a folder that stays, one for each authority. Raises OSError."""
    from llemulator_addon.adapters.run.files import write_files  # noqa: PLC0415 - takes long to import
    from llemulator_addon.adapters.trust import bundle  # noqa: PLC0415 - the same

    folder = _cache() / sha256(certificate).hexdigest()[:_DIGITS]
    folder.mkdir(parents=True, exist_ok=True)
    ca, roots = folder / "ca.pem", folder / "bundle.pem"
    write_whole(ca, certificate, mode=0o644)
    write_whole(roots, bundle(certificate, os.environ), mode=0o644)
    return write_files(folder, ca=ca, bundle=roots, environment=os.environ)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "llemulator"


RUN = Command(
    meaning="run a program through llemulator and print a summary",
    add_options=_add_options,
    run=_run,
)
