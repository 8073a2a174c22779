"""The cases of `expected.yaml`: a script with a fault, what is asked of it, and what each client sees."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict
from ruamel.yaml import YAML

ClientName = Literal["Python", "Python async", "Python HTTP/2", "JavaScript", "curl HTTP/1.1", "curl HTTP/2"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ask(_Part):
    """One call of a client."""

    endpoint: Literal["chat", "responses"] = "chat"
    stream: bool = True
    max_tokens: int | None = None
    timeout_s: float = 60
    """The SDK's own `timeout`, or curl's `--max-time`."""
    retries: int = 2
    """The SDK's own `max_retries`."""
    advance_s: float = 0
    """How far the session's clock is moved before."""


class Seen(_Part):
    """What one call came to."""

    text: str = ""
    """Of the model, as far as it came."""
    raises: str | None = None
    """Of an SDK: the class of its exception, and behind a colon that of the cause."""
    status: int | None = None
    """Where it is not 200."""
    exit: int | tuple[int, ...] | None = None
    """Of curl, where it is not 0; several where it depends on what curl notices first."""
    requests: int
    """How many arrived."""

    def fits(self, seen: "Seen") -> bool:
        """Whether what was seen is this."""
        exits = self.exit if isinstance(self.exit, tuple) else (self.exit,)
        return seen.exit in exits and seen.model_copy(update={"exit": self.exit}) == self


def _by_client(value: Any) -> Any:  # noqa: ANN401 - YAML
    """Take `Python, JavaScript: {...}` for the same of both, and one thing seen for a list of it."""
    if not isinstance(value, dict):
        return value
    return {
        name: seen if isinstance(seen, list) else [seen] for names, seen in value.items() for name in names.split(", ")
    }


class Case(_Part):
    """One case."""

    name: str
    fault: str
    script: dict[str, Any]
    asks: list[Ask] = [Ask()]
    sees: Annotated[dict[ClientName, list[Seen]], BeforeValidator(_by_client)]
    note: str = ""
    """What one might not expect."""

    @property
    def is_of_connections(self) -> bool:
        """Whether it acts before any request, so that a connection that is open already would not see it."""
        return self.fault in {"connect", "tls"}


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases; raises what is wrong with one."""
    text = Path(__file__).with_name("expected.yaml").read_text("utf-8")
    return tuple(Case.model_validate(case) for case in YAML(typ="safe").load(text))
