"""The cases of `conformance/cases`, read and checked; `conformance/cases/README.md` says what each key means."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

_FOLDER = Path(__file__).with_name("cases")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Failed(_Part):
    """The exception that a call must end with."""

    raises: str | dict[Literal["python", "js"], str] = Field(alias="class")
    status: int | None = None
    code: Any = {"$all": []}
    param: Any = {"$all": []}
    type: Any = {"$all": []}
    message: Any = {"$all": []}


class Streamed(_Part):
    """What a stream must be, piece by piece as the SDK hands them out."""

    each: Any = {}
    first: Any = {}
    last: Any = {}
    same: list[str] = []
    more_than: int = 0


class Call(_Part):
    """One call of the SDK and what it must come to."""

    op: str = "chat.completions.create"
    path: list[str] = []
    params: dict[str, Any] = {}
    ask: str | None = None
    key: Literal["own", "absent"] = "own"
    times: int = 1
    says: str | list[str] | None = None
    answer: Any = {"$all": []}
    stream: Streamed | None = None
    error: Failed | None = None
    retries: int = 0

    def arguments(self) -> dict[str, Any]:
        """Return the parameters with those that `ask` stands for."""
        if self.ask is None:
            return self.params
        return {"model": "gpt-4", "messages": [{"role": "user", "content": self.ask}], **self.params}


class Refused(_Part):
    """How the script must be refused."""

    status: int
    error: Any = {}


class Together(_Part):
    """Many requests on many tokens, in place of `script` and `calls`."""

    tokens: int
    requests: int
    at_once: bool = False

    @staticmethod
    def answer(token: int, request: int) -> str:
        """Return what this request of this token must get."""
        return f"token {token}, answer {request}"


class Case(_Part):
    """One case."""

    name: str
    script: Any = None
    yaml: str | None = None
    refused: Refused | None = None
    calls: list[Call] = []
    together: Together | None = None


def cases() -> list[Case]:
    """Return all cases in the order of their files and places; raises what is wrong with one."""
    return [
        Case.model_validate(case) for file in sorted(_FOLDER.glob("*.yaml")) for case in YAML(typ="safe").load(file)
    ]
