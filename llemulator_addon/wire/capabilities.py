"""The columns of the table of families: what may differ from one model to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Encoding = Literal["cl100k_base", "o200k_base"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
FormatKind = Literal["text", "json_object", "json_schema"]
RefusalWording = Literal[
    "unsupported_parameter",  # with any value but null
    "unsupported_value",  # with any value but null and the default, which is 1
    "forbidden",  # answered with 403
    "incompatible",  # "Model incompatible request argument supplied"
    "unrecognized",  # "Unrecognized request argument supplied"
]
"""How the API words that a model does not take a parameter."""
TextEndpoint = Literal["chat", "responses"]
Verbosity = Literal["low", "medium", "high"]

REPLACED_BY: Mapping[str, str] = MappingProxyType({"max_tokens": "max_completion_tokens"})
"""The replacement that the message about a refused parameter names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningSupport:
    """That a model thinks before it answers, and how much one may ask of it."""

    efforts: tuple[Effort, ...]
    """The values that both endpoints accept, from least to most; empty when the parameter itself is refused."""
    default: Effort = "medium"
    """The default of the request."""
    max_on_responses: bool = False
    """Whether Responses accepts `max` too. Chat completions refuses it for every model (pydantic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRefusal:
    """A parameter that a family does not take at an endpoint."""

    endpoint: TextEndpoint
    parameter: str
    how: RefusalWording
    while_reasoning: bool = False
    """Only then; with the effort `none` it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """The output of an embedding model."""

    size: int
    shortens: bool
    """Whether `dimensions` may ask for fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Facts for all models whose names begin alike."""

    name: str
    encoding: Encoding = "o200k_base"
    reasoning: ReasoningSupport | None = None
    window: int = 128_000
    """Tokens of a prompt and its answer together."""
    output_limit: int = 16_384
    input_limit: int | None = None
    """Tokens of a prompt, where that is less than the window."""
    refusals: tuple[ParameterRefusal, ...] = ()
    refused_roles: frozenset[str] = frozenset()
    formats: frozenset[FormatKind] = frozenset({"text", "json_object", "json_schema"})
    tools: bool = True
    chat_tools_while_reasoning: bool = True
    """Whether chat completions takes function tools unless the effort is `none`."""
    top_logprobs: int = 20
    """The most that `top_logprobs` may ask for."""
    fingerprint: Literal["fp", "null", "empty"] = "fp"
    """The `system_fingerprint` of chat completions: one that begins so, null or no text (recorded)."""
    audio: bool = False
    """Whether chat completions takes `audio` and `modalities`."""
    verbosities: tuple[Verbosity, ...] = ("medium",)
    """The values of `verbosity` that both endpoints accept, from least to most (a measurement of 2026-01)."""
    images: bool = True
    """Whether it sees images (docs; reported for gpt-3.5-turbo, gpt-4 and o3-mini)."""
    images_of_any_role: bool = False
    """Whether chat completions takes images in messages that are not the user's (reported 2026-02 for gpt-5.2)."""
    searches_in_chat: bool = False
    """Whether chat completions takes `web_search_options` (recorded for gpt-4o, which does not)."""
    refused_tools: frozenset[str] = frozenset()
    """Hosted tools of Responses that it does not have, by type."""
    phase: bool = False
    """Whether messages of Responses carry `phase`."""
    embedding: Embedding | None = None

    @property
    def logprobs_key(self) -> bool:
        """Whether a choice has `logprobs` that nobody asked for (recorded: not if the model reasons)."""
        return self.reasoning is None

    @property
    def prompt_offset(self) -> int:
        """Tokens that are added to the counted ones of a prompt (recorded: reasoning models report one less)."""
        return -1 if self.reasoning else 0

    @property
    def room(self) -> int:
        """The tokens that a prompt may have."""
        return self.window if self.input_limit is None else min(self.window, self.input_limit)

    def reasons(self, effort: str | None = None) -> bool:
        """Whether it thinks when a request asks for this effort, or for none in particular."""
        return self.reasoning is not None and (effort or self.reasoning.default) != "none"

    def efforts(self, endpoint: TextEndpoint) -> tuple[Effort, ...]:
        """Return the efforts that an endpoint accepts, from least to most; empty: it takes no effort at all."""
        if self.reasoning is None:
            return ()
        more: tuple[Effort, ...] = ("max",) if endpoint == "responses" and self.reasoning.max_on_responses else ()
        return self.reasoning.efforts + more
