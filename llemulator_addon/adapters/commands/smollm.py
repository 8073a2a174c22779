"""`llemulator smollm`: serve, with a real model on this machine for those who ask for it."""

import argparse
import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from llemulator_addon.adapters.commands.command import Command, Failed, add_settings, settings_given
from llemulator_addon.adapters.commands.serve import serve_until_stopped
from llemulator_addon.adapters.local_model.starting import LocalModel, NotServed, serving
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.usage_hints import Address, example_of_model, examples
from llemulator_addon.core.upstream import Upstream, Upstreams

_PACKAGES = ("httpx2", "huggingface_hub", "xllamacpp")
"""Those of the extra."""
_CACHE = "LLEMULATOR_MODEL_CACHE"
_NAME = re.compile(r"[\w.:/-]+", re.ASCII)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model-file", type=Path, metavar="FILE", help="your own model (GGUF) instead of the downloaded one"
    )
    parser.add_argument("--model-name", default="smollm", metavar="NAME", help="name of the model in requests (smollm)")
    parser.add_argument(
        "--every-model", action="store_true", help="also answer unmatched requests for all other models"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help=f"folder of the model's weights; you can put them there yourself ({_CACHE})",
    )
    parser.add_argument("--only-download", action="store_true", help="download and check the weights, then exit")
    parser.add_argument("--examples", action="store_true", help="also print lines to try for curl, Python and Node")
    add_settings(parser)


def _run(arguments: argparse.Namespace) -> None:
    _check_packages()
    settings = _settings(arguments)
    if arguments.only_download:
        _file(arguments)
        return
    from llemulator_addon.adapters.logs import log_to_stderr  # noqa: PLC0415 - slow to import

    log_to_stderr(settings.log_level)
    # Until the proxy listens; from then on it is stopped by the same signals, also where a shell let it ignore them.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, arguments, _file(arguments)))


def _check_packages() -> None:
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise Failed(f"a model needs what is not installed ({', '.join(missing)}): pip install 'llemulator[smollm]'")


def _settings(arguments: argparse.Namespace) -> Settings:
    try:
        settings = settings_from(command_line=settings_given(arguments), environment=os.environ)
    except SettingsError as error:
        raise Failed(error) from None
    if not _NAME.fullmatch(arguments.model_name):
        raise Failed(f"--model-name: expected letters, digits and any of _.:/-, got {arguments.model_name!r}")
    return settings


def _file(arguments: argparse.Namespace) -> Path:
    if arguments.model_file is not None:
        return _check_file(arguments.model_file)
    from llemulator_addon.adapters.local_model.weights import SMOLLM, NoWeights, weights_in  # noqa: PLC0415 - an extra

    try:
        return weights_in(arguments.cache or _cache(), SMOLLM, _tell)
    except NoWeights as error:
        raise Failed(error) from None


def _check_file(file: Path) -> Path:
    if not file.is_file():
        raise Failed(f"--model-file {file}: there is no such file")
    return file


def _cache() -> Path:
    if folder := os.environ.get(_CACHE):
        return Path(folder).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "llemulator" / "models"


async def _serve(settings: Settings, arguments: argparse.Namespace, file: Path) -> None:
    name = arguments.model_name
    _tell(f"loading {file}")
    try:
        async with serving(file, name) as model:
            _tell(f"{name} answers on {model.url}")
            gone = asyncio.create_task(_stop_when_gone(model))
            try:
                to_try = _list_examples(name, all_of_them=arguments.examples)
                await serve_until_stopped(_add_model(settings, model.url, arguments), to_try)
                if gone.done():
                    raise Failed(f"{name} is gone: {gone.result()}")
            finally:
                gone.cancel()
    except NotServed as error:
        raise Failed(error) from None


async def _stop_when_gone(model: LocalModel) -> str:
    """Let the proxy end as it does on Ctrl-C once the model has; return why it has."""
    why = await model.wait_for_end()
    signal.raise_signal(signal.SIGTERM)
    return why


def _add_model(settings: Settings, url: str, arguments: argparse.Namespace) -> Settings:
    upstream = Upstream(url=url, named_by="command")
    ours = Upstreams(anything=upstream if arguments.every_model else None, models={arguments.model_name: upstream})
    return replace(settings, upstream=settings.upstream.merge_defaults(ours))


def _list_examples(name: str, *, all_of_them: bool) -> Callable[[Address], str]:
    def lines(address: Address) -> str:
        ours = example_of_model(address, name)
        return f"{examples(address)}\n{ours}" if all_of_them else ours

    return lines


def _tell(line: str) -> None:
    """Write to the standard error: the standard output is for the lines to copy."""
    sys.stderr.write(f"llemulator: {line}\n")
    sys.stderr.flush()


SMOLLM = Command(
    meaning="serve, and answer the model smollm with SmolLM on this machine",
    add_options=_add_options,
    run=_run,
)
