"""The prompt of a request, in terms common to all endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledTool:
    """A tool call in the conversation, as the client sent it back."""

    id: str
    name: str
    arguments: str
    """The text that the model wrote: JSON for a function, anything for a custom tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation; `role` as the client sent it (`developer` stays `developer`)."""

    role: str
    text: str = ""
    """All its text parts, joined by line feeds."""
    parts: tuple[str, ...] = ()
    """The text parts, where there are several."""
    called: tuple[CalledTool, ...] = ()
    answers: str | None = None
    """For a tool's result: the id of the call that it answers."""
    unread: str = ""
    """A digest of its content that is no text: images, sounds, files."""
    breakpoints: tuple[int, ...] = ()
    """After how many of its text parts the prompt is to be cached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the model may call."""

    name: str
    kind: str = "function"
    """`function`, `custom`, or the type of one of OpenAI's built-in tools."""
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON schema of its arguments."""
    namespace: str | None = None
    """In which it stands, in Responses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to an endpoint that makes a model answer."""

    endpoint: str
    model: str
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    stream: bool = False
    choices: int = 1
    apart: bool = False
    """Whether each message is a prompt of its own, as in legacy completions, with as many choices as the others."""
    azure: bool = False
    """Whether it was sent to one of Azure's paths."""
    origin: str = ""
    """Where the client asks, as a URL without a path; only where an answer names addresses."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The request body as it was sent, fields that this program does not know included. Never changed."""

    def select_choice(self, index: int) -> "Prompt":
        """Return what a choice answers."""
        if not self.apart or len(self.messages) < 2:  # noqa: PLR2004 - one prompt is the whole
            return self
        return replace(self, messages=(self.messages[index // (self.choices // len(self.messages))],))

    @property
    def user_text(self) -> str:
        """Text of the last user message; empty if there is none."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def system_text(self) -> str:
        """Texts of all system and developer messages, joined by line feeds."""
        return "\n".join(m.text for m in self.messages if m.role in _INSTRUCTING)

    @property
    def user_turns(self) -> int:
        """How many user messages the conversation has."""
        return sum(m.role == "user" for m in self.messages)

    def tool_called(self, call_id: str | None) -> CalledTool | None:
        """Return the call in this conversation that has the id."""
        return next((call for m in reversed(self.messages) for call in m.called if call.id == call_id), None)


_INSTRUCTING: frozenset[Literal["system", "developer"]] = frozenset({"system", "developer"})
