"""`llemulator`: serve until told to stop."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from llemulator_addon.adapters.commands.command import Command, Failed, add_settings, settings_given
from llemulator_addon.adapters.exposure import is_reached, warn_of_others
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.settings_table import SETTINGS
from llemulator_addon.adapters.stores.address import BadStore
from llemulator_addon.adapters.usage_hints import Address, examples, how_to_sign_in, how_to_use
from llemulator_addon.adapters.workers import (
    CannotShare,
    Supervisor,
    Worker,
    WorkerFailed,
    end_with_supervisor,
    reserve_port,
    share_folder,
    share_port,
    which_worker,
)

logger = logging.getLogger(__name__)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument("--examples", action="store_true", help="also print lines to try for curl, Python and Node")


def _run(arguments: argparse.Namespace) -> int:
    try:
        settings = settings_from(command_line=settings_given(arguments), environment=os.environ)
    except SettingsError as error:
        raise Failed(error) from None
    from llemulator_addon.adapters.logs import log_to_stderr  # noqa: PLC0415 - slow to import

    worker = which_worker(os.environ)
    log_to_stderr(settings.log_level, None if worker is None else worker.number)
    if settings.workers > 1 and worker is None:
        return _supervise(settings, arguments)
    asyncio.run(serve_until_stopped(settings, examples if arguments.examples else None, worker))
    return 0


def _supervise(settings: Settings, arguments: argparse.Namespace) -> int:
    """Let workers serve with these settings, until a signal comes; return the exit status. Raises Failed."""
    if not settings.store.is_shared:
        logger.warning(
            "%d workers with --store memory share no sessions: a script or a stored response is known to one of them; "
            "use sqlite:///FILE, unless the sessions count nothing (echo, simulate, rules without `times`)",
            settings.workers,
        )
    # As variables, because other users of the machine can see a command line.
    given = {setting.variable: getattr(arguments, setting.name) or "" for setting in SETTINGS}
    try:
        with reserve_port(settings.host, settings.port) as port, share_folder() as named:
            chosen = {name: text for name, text in given.items() if text}
            environment = {**os.environ, **chosen, **named, "PORT": str(port)}
            options = ("--examples",) if arguments.examples else ()
            asyncio.run(Supervisor(settings.workers, environment, options, settings.drain or 0.0).run())
    except CannotShare as error:
        raise Failed(error) from None
    except WorkerFailed:
        return 1
    return 0


async def serve_until_stopped(
    settings: Settings, examples: Callable[[Address], str] | None, worker: Worker | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. Once it listens, say how to use it, and the examples. Raises Failed.

    Of several workers the first says it, for all.
    """
    if worker is not None:
        share_port()
        end_with_supervisor()
    speaks = worker is None or worker.speaks
    for line in warn_of_others(settings, _hosts(settings)) if speaks else ():
        logger.warning(line)
    await _serve(settings, examples, worker)


def _hosts(settings: Settings) -> tuple[str, ...]:
    return (settings.host, *(listener.host for listener in settings.listen if listener.host))


async def _serve(settings: Settings, examples: Callable[[Address], str] | None, worker: Worker | None) -> None:
    # mitmproxy takes long to import; the settings have been looked at before.
    from llemulator_addon.adapters.mitmproxy.internals.startup import (  # noqa: PLC0415
        collect_no_garbage_until_served,
        import_used_addons_only,
    )

    collect_no_garbage_until_served()
    import_used_addons_only()
    from llemulator_addon.adapters.compose import Program, compose  # noqa: PLC0415
    from llemulator_addon.adapters.metrics.sharing import share_metrics  # noqa: PLC0415
    from llemulator_addon.adapters.mitmproxy.authority import NoAuthority  # noqa: PLC0415
    from llemulator_addon.adapters.mitmproxy.master import CannotListen, ListeningPlace, serve  # noqa: PLC0415
    from llemulator_addon.adapters.request_log import RequestLog  # noqa: PLC0415
    from llemulator_addon.adapters.script_file import BadScript  # noqa: PLC0415

    def tell(address: Address, code: str) -> None:
        if worker is not None and not worker.speaks:
            return
        _print(how_to_use(address))
        if settings.admin_key or is_reached(_hosts(settings)):
            _print(how_to_sign_in(address, code))
        for listener in settings.listen:
            _print(f"It listens on {listener} as well.")
        if examples is not None:
            _print("\n" + examples(address))

    def sharing(program: Program) -> AbstractAsyncContextManager[None]:
        if worker is None or worker.folder is None or program.metrics is None:
            return nullcontext()
        return share_metrics(program.metrics, worker.folder, worker.number, is_store_shared=settings.store.is_shared)

    try:
        with compose(settings) as program:
            program.emulator.watch_requests(RequestLog())
            found = program.authority
            async with program.open_meanwhile(), program.watch_meanwhile(), sharing(program):
                await serve(
                    program.traffic,
                    ListeningPlace(host=settings.host, port=settings.port, more=settings.listen),
                    confdir=found.confdir,
                    ready=lambda listening: tell(
                        listening.address(ca=found.ca, bundle=found.bundle), program.access.code
                    ),
                    draining=settings.drain,
                )
    except (BadScript, BadStore, NoAuthority, CannotListen) as error:
        raise Failed(error) from None


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()  # whoever waits for the line reads it from a pipe
    except OSError as error:
        # It serves as well to those who know already how to use it.
        logger.warning("the standard output cannot be written: %s", error.strerror)


SERVE = Command(
    meaning="serve on one port: a proxy for OpenAI's hosts, a base URL, and the admin routes",
    add_options=_add_options,
    run=_run,
)
