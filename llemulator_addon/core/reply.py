"""The reply of the model, in terms common to all endpoints; each endpoint writes it in its own form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


ItemFields = Mapping[str, Any]
"""Fields of an item of Responses, by OpenAI's names, in place of the usual ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A text as it is spoken; missing parts are made."""

    data: str | None = None
    """Base64."""
    id: str | None = None
    expires_at: int | None = None
    seconds: float | None = None
    """Of the tone that is made; None: as long as the text."""
    file: str | None = None
    """The id or the name of a stored file that has the bytes."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the model."""

    text: str
    annotations: tuple[Mapping[str, Any], ...] = ()
    """Citations, in OpenAI's fields for Responses; places in the text count characters."""
    phase: Literal["commentary", "final_answer"] | None = None
    """None: the default of its place, for models that have phases."""
    logprobs: tuple[Mapping[str, Any], ...] | None = None
    """Of its tokens, which joined are the text; None: generated. Shown to those who ask for them."""
    places: tuple[int, ...] | None = None
    """In a stream, the number of characters of the text before each annotation; None: up to its end."""
    sound: Sound | None = None
    continues: bool = False
    """Whether it is a further part of the message before it; chat joins all messages anyway."""
    item: ItemFields | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A summary of the model's reasoning; endpoints without a place for it leave it out and count its tokens."""

    text: str
    """Empty: the model reasoned, and its answer has no summary."""
    more: tuple[str, ...] = ()
    """Further parts of the summary."""
    content: tuple[str, ...] = ()
    """Parts of the reasoning itself."""
    item: ItemFields | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Words in which the model declines."""

    text: str
    continues: bool = False
    """As of a text."""
    logprobs: tuple[Mapping[str, Any], ...] | None = None
    """As of a text; chat alone shows them."""
    item: ItemFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of one of the client's tools."""

    name: str
    arguments: str
    """JSON text for a function, free text for a custom tool."""
    id: str | None = None
    """None: from the stamp."""
    custom: bool = False
    namespace: str | None = None
    """Of a tool that was found by searching: its namespace, shown in Responses only."""
    item: ItemFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedCall:
    """A call of a tool that OpenAI itself runs (web search, code interpreter, …), shown in Responses only."""

    type: str
    """Its item type, as `web_search_call`."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the finished item; those that are missing get OpenAI's usual values."""


Block = Text | Reasoning | Refusal | ToolCall | HostedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts that a script gives; None is counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    of_prompt: Mapping[str, int] = field(default_factory=dict)
    """Further details of the prompt, by OpenAI's names."""
    of_completion: Mapping[str, int] = field(default_factory=dict)
    """Further details of the completion."""
    shown: bool = True
    """Whether the answer says anything of it; else its usage is null."""


NO_USAGE = Usage(shown=False)
"""Of an answer as some gateways send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One alternative of the answer."""

    blocks: tuple[Block, ...]
    finish_reason: FinishReason | None = None
    """None: what follows from the blocks."""
    says_why: bool = True
    """Whether it says why it ends; else its finish reason is null."""
    exact: bool = False
    """Whether the blocks are all that is shown: else a model that reasons begins with an item for its reasoning."""
    side_by_side: bool = False
    """Whether items of a stream of Responses go on side by side, and tool calls of one of chat."""
    order: tuple[int, ...] = ()
    """In a stream of Responses, the items whose events come next: their numbers, from 0. The others follow."""

    @property
    def text(self) -> str:
        """All its text."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A vector that is near to that of a text."""

    text: str
    similarity: float
    """The cosine of the two, from -1 to 1."""


ModerationVerdict = Mapping[str, Any]
"""Scores or booleans by category, or OpenAI's fields of a verdict; missing ones are computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """Verdicts of moderation."""

    verdicts: tuple[ModerationVerdict, ...] = ()
    """One for each input of the endpoint; the last repeats."""
    input: ModerationVerdict = field(default_factory=dict)
    """Of the prompt, in an answer of chat or Responses."""
    output: ModerationVerdict = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The words that are heard in a sound."""

    text: str
    language: str = "english"
    duration: float | None = None
    """Seconds; None: as long as the file."""
    segments: tuple[Mapping[str, Any], ...] = ()
    """Each with `text`, `start`, `end` and maybe `speaker`; empty: the sentences of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that a script gives."""

    data: str
    """Base64; empty until the file is read."""
    file: str | None = None
    """A stored file of the session with the picture, by id or name."""
    revised_prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """A piece of text that a search of a vector store finds."""

    filename: str
    file_id: str | None
    """None: that of a stored file with the name, or a new one."""
    text: str
    score: float
    attributes: Mapping[str, str | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that operations on files find."""

    file_id: str | None
    """None: one that follows from the name."""
    filename: str
    purpose: str
    content: bytes
    size: int | None
    """Its size in bytes, as it is shown; None: those of the content."""
    created_at: int | None
    """Seconds since the epoch; None: the beginning of the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutput:
    """The model answers. A request for more choices than there are gets the last one again."""

    choices: tuple[Choice, ...]
    usage: Usage = Usage()
    model: str | None = None
    """The model's name in the answer; None: the one that was asked for."""
    service_tier: str | None = None
    """The tier that served; None: the one that was asked for."""
    fingerprint: str | None = None
    """`system_fingerprint` of chat; None: that of the model."""
    has_fingerprint: bool = True
    """Whether there is one; else it is null."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the answer, in place of the usual ones of the same name."""
    vectors: tuple[tuple[float, ...] | Near, ...] = ()
    """One for each input of embeddings; the last repeats. None: each text has its own."""
    moderation: Moderation | None = None
    transcript: Transcript | None = None
    """None: the text of the first choice, or what a sound has in it."""
    found: tuple[FoundText, ...] | None = None
    """The texts that a search of a vector store finds; None: the reply has no such list."""
    files: tuple[GivenFile, ...] | None = None
    """The files that operations on files find; None: the reply has no such list."""
    images: tuple[Image, ...] = ()
    """The last repeats; empty: pictures are drawn."""

    def choice(self, index: int) -> Choice:
        """Return the alternative at an index."""
        return self.choices[min(index, len(self.choices) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The request fails with OpenAI's error object."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    bare: bool = False
    """Only code and message are sent, as Azure's gateway does."""
    taken: bool = False
    """Whether a request of Responses is taken all the same, and the response that it makes fails."""


Reply = ModelOutput | Failure


def says(text: str) -> ModelOutput:
    """Return the reply of one choice with one text."""
    return ModelOutput(choices=(Choice(blocks=(Text(text),)),))
