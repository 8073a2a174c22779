"""The address of a store: where sessions are kept, as `--store` names it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, override
from urllib.parse import unquote, urlsplit

StoreKind = Literal["memory", "sqlite"]


class BadStore(Exception):
    """A store cannot be opened; says which and why."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where sessions are kept."""

    kind: StoreKind = "memory"
    file: Path = Path()
    """Of SQLite."""

    @property
    def is_shared(self) -> bool:
        """Whether several processes may use it."""
        return self.kind != "memory"

    @override
    def __str__(self) -> str:
        """Return it to be shown: without its password."""
        match self.kind:
            case "memory":
                return "memory"
            case "sqlite":
                return f"sqlite:///{self.file}"


MEMORY = StoreAddress()


def read_address(text: str) -> StoreAddress:
    """Read `memory` or a URL; raises ValueError. `sqlite:///a/b.db` is relative, `sqlite:////a/b.db` is not."""
    if text.lower() == "memory":
        return MEMORY
    url = urlsplit(text)
    match url.scheme:
        case "sqlite" if text.startswith("sqlite:///") and len(url.path) > 1 and not url.query and not url.fragment:
            return StoreAddress("sqlite", file=Path(unquote(url.path[1:])).expanduser())
        case _:
            raise ValueError("the text is not shown, because it may have a password")
