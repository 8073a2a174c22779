"""The settings in force, and how they are put together from the command line, mitmproxy and the environment.

The command line takes precedence over mitmproxy's `--set`, that over the environment, and that over the default. An
empty variable counts as unset. To add a setting is a field of `ServerSettings`, or of
`Settings` if the ways in alone have it, and a line in `settings_table.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, REFUSED_HOSTS, Hosts
from llemulator_addon.adapters.listener import Listener
from llemulator_addon.adapters.misspelt import find_misspelt
from llemulator_addon.adapters.setting_texts import SecretError
from llemulator_addon.adapters.settings_table import SETTINGS, LogLevel, Setting
from llemulator_addon.adapters.stores.address import MEMORY, StoreAddress
from llemulator_addon.core.admin_keys import AdminKeys
from llemulator_addon.core.server_settings import ServerSettings
from llemulator_addon.core.upstream import host_of


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The text is one line: which setting, what it must be, what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServerSettings):
    """The settings in force: those of the server, and those that the ways in alone have."""

    host: str = "127.0.0.1"
    port: int = 8080
    listen: tuple[Listener, ...] = ()
    script: Path | None = None
    watch: bool = False
    preset_queues: Path | None = None
    prices: Path | None = None
    hosts: tuple[str, ...] = ()
    admin_hosts: tuple[str, ...] = ()
    admin_key: AdminKeys = AdminKeys()
    allow: tuple[str, ...] = ()
    pass_for: tuple[str, ...] = ("private",)
    certs: Path = Path("certs")
    store: StoreAddress = MEMORY
    session_ttl: float | None = None
    workers: int = 1
    drain: float | None = None
    no_metrics: bool = False
    log_level: LogLevel = "info"
    sources: Mapping[str, str] = field(default_factory=dict)
    """By name of the setting, the option or variable that gave its value. Others have their defaults."""
    warnings: tuple[str, ...] = ()
    """One line for each variable that is nearly one of a setting."""


def settings_from(
    *,
    command_line: Mapping[str, str | None] | None = None,
    mitmproxy: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings that these say together: the first two by name of a setting, the last by variable.

    Raises SettingsError.
    """
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for setting in SETTINGS:
        for source, text in _texts(setting, command_line or {}, mitmproxy or {}, environment or {}):
            if text:
                values[setting.name], sources[setting.name] = _read(setting, source, text), source
                break
    warnings = tuple(find_misspelt(environment or {}))
    settings = Settings(**cast("dict[str, Any]", values), sources=sources, warnings=warnings)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """Refuse what settings do not allow each other."""
    sources = settings.sources
    if settings.session_ttl is not None and not settings.store.is_shared:
        raise SettingsError(
            f"{sources['session_ttl']}: sessions in memory do not expire; choose another store with --store "
            "(LLEMULATOR_STORE), or leave this out"
        )
    keys = settings.upstream_key
    if keys and settings.upstream_pass_key:
        raise SettingsError(
            f"{sources['upstream_key']}: it sends another key in place of the application's; leave out "
            f"{sources['upstream_pass_key']}, or this"
        )
    hosts = Hosts((*OPENAI_HOSTS, *REFUSED_HOSTS, *settings.hosts))
    named = {host_of(url) for url in settings.upstream.urls}
    of_openai = sorted(host for host in named if host in hosts)
    for host in of_openai:
        if keys.find(host) is None and not settings.upstream_pass_key:
            raise SettingsError(
                f"{sources['upstream']}: {host} belongs to OpenAI; to really forward requests there, give a key with "
                "--upstream-key (LLEMULATOR_UPSTREAM_KEY) or --upstream-pass-key"
            )
    if of_openai and len(named) > 1 and keys.for_all is not None:
        raise SettingsError(
            f"{sources['upstream_key']}: --upstream names {len(named)} hosts; name the host of each key, as "
            f"{of_openai[0]}=KEY, so that no other host gets it"
        )
    if unknown := sorted(set(keys.by_host) - named):
        raise SettingsError(f"{sources['upstream_key']}: --upstream does not name the host {unknown[0]}")


def _texts(
    setting: Setting,
    command_line: Mapping[str, str | None],
    mitmproxy: Mapping[str, str | None],
    environment: Mapping[str, str],
) -> Iterator[tuple[str, str | None]]:
    """Yield where a value may come from and what is there, the strongest first."""
    yield setting.option, command_line.get(setting.name)
    yield f"--set {setting.mitmproxy_option}", mitmproxy.get(setting.name)
    yield setting.variable, environment.get(setting.variable)


def _read(setting: Setting, source: str, text: str) -> object:
    try:
        return setting.read(text.strip())
    except SecretError as error:
        raise SettingsError(f"{source}: expected {setting.expected}; {error}") from None
    except ValueError:
        raise SettingsError(f"{source}: expected {setting.expected}, got {text!r}") from None


def default_of(setting: Setting) -> object:
    """Return the value of a setting that nothing sets."""
    return getattr(_DEFAULTS, setting.name)


_DEFAULTS = Settings()
