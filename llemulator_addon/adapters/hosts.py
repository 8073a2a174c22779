"""Which hosts are taken as OpenAI's."""

import re
from collections.abc import Iterable
from functools import lru_cache

from llemulator_addon.wire.openai_hosts import OPENAI_HOSTS, REFUSED_HOSTS, normalize

__all__ = ["OPENAI_HOSTS", "REFUSED_HOSTS", "Hosts"]

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


def _expression(glob: str) -> str:
    return "".join({"*": "[^:]*", "?": "[^:]"}.get(character, re.escape(character)) for character in glob)
