"""Warnings of others, who reach an address beyond this machine."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address

from llemulator_addon.adapters.settings import Settings


def warn_of_others(settings: Settings, hosts: Iterable[str]) -> Iterator[str]:
    """Yield a line for each thing that others can do if the program listens on these hosts."""
    reached = next((host for host in hosts if not _is_local(host)), None)
    if reached is None:
        return
    if not settings.hermetic and settings.pass_for != ("loopback",):
        yield (
            f"anyone who can reach {reached} from {_spell(settings.pass_for)} can use this as a proxy to any host; "
            "--hermetic blocks other hosts, and --pass-for limits the clients"
        )
    if settings.upstream_key:
        yield f"anyone who can reach {reached} can send requests to --upstream with the key of --upstream-key"


def is_reached(hosts: Iterable[str]) -> bool:
    """Whether other machines reach the program if it listens on these hosts."""
    return not all(map(_is_local, hosts))


def _spell(networks: tuple[str, ...]) -> str:
    spelled = {"all": "anywhere", "private": "a private network", "loopback": "this machine"}
    return " or ".join(spelled.get(each, each) for each in networks)


def _is_local(host: str) -> bool:
    """Whether only this machine can reach an address; a name is taken for one that others can reach, too."""
    with suppress(ValueError):
        return ip_address(host.strip("[]")).is_loopback
    return host == "localhost"
