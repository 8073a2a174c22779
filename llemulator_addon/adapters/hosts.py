"""Which hosts are taken as OpenAI's."""

import re
from collections.abc import Iterable
from functools import lru_cache

from llemulator_addon.wire.openai_hosts import OPENAI_HOSTS, REFUSED_HOSTS, normalize
from llemulator_addon.wire.vocabulary.published import HOST

__all__ = ["OPENAI_HOSTS", "REFUSED_HOSTS", "Hosts", "choose_hosts"]

_REMEMBERED = 4096


class Hosts:
    """A set of host names given by globs: `*` is any run of characters, `?` is one; letter case does not matter."""

    def __init__(self, globs: Iterable[str]) -> None:
        self.globs = tuple(dict.fromkeys(normalize(glob) for glob in globs if glob.strip()))
        names = "|".join(_expression(glob) for glob in self.globs)
        self._pattern = re.compile(f"(?:{names})") if names else None
        self._holds = lru_cache(_REMEMBERED)(self._look)

    def __contains__(self, host: object) -> bool:
        return isinstance(host, str) and self._holds(host)

    @property
    def expressions(self) -> list[str]:
        """The same set as regular expressions on `host:port`, the form in which mitmproxy's `allow_hosts` wants it."""
        return [rf"^{_expression(glob)}\.?(?::\d+)?$" for glob in self.globs]

    def _look(self, host: str) -> bool:
        return self._pattern is not None and self._pattern.fullmatch(normalize(host)) is not None


def choose_hosts(more: Iterable[str], allow: Iterable[str]) -> Hosts:
    """Return the hosts that are answered. OpenAI's published files are among them, unless `allow` names their host."""
    published = () if HOST in Hosts(allow) else (HOST,)
    return Hosts((*OPENAI_HOSTS, *more, *published))


def _expression(glob: str) -> str:
    return "".join({"*": "[^:]*", "?": "[^:]"}.get(character, re.escape(character)) for character in glob)
