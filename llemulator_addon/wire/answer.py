"""Operations: the values they are given, and the body or the pieces of a stream that they make of a reply."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from llemulator_addon.core.answer_tokens import SaidUsage
from llemulator_addon.core.model_server import Demand
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.prompt_cache import PromptCache
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire import errors, tokens
from llemulator_addon.wire.api_dates import LATEST, Api, Day, api_on
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import is_long, write_pieces
from llemulator_addon.wire.models import is_shut_down

DELETED_MODEL = "model.deleted"
"""The kind of resource under which the name of a deleted model is kept."""

NO_PARAMS: Mapping[str, str] = {}

ChunkBy = Literal["token", "word", "character"] | int


class Manner(NamedTuple):
    """How an answer is to be written, apart from what it says."""

    stamp: Stamp
    chunk_by: ChunkBy = "token"
    """The size of one delta of a stream; a number is that many characters."""
    dated_models: bool = False
    """Whether an alias is answered with the dated name, as the real API does."""
    in_pieces: bool = False
    """Whether the answer is made while it is sent, because all of it would take too much memory."""
    day: Day = LATEST
    """The day whose API answers."""
    talk: str = ""
    """The WebSocket connection on which it is sent; empty for HTTP."""

    @property
    def api(self) -> Api:
        """The features of the API on that day."""
        return api_on(self.day)


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream, framed. `tokens` is how many of the model's tokens it brings: pacing waits for those."""

    piece: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Made[P]:
    """Pieces that are made when they are iterated; each time they are the same."""

    make: Callable[[], Iterable[P]]

    def __iter__(self) -> Iterator[P]:
        """Make them."""
        return iter(self.make())


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An answer in one piece, mostly JSON."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Headers = ()
    """In addition to those that every answer has."""
    keeps: tuple[Kept, ...] = ()
    """Resources that the session keeps from now on."""
    usage: SaidUsage | None = None
    """The tokens that it says; None: they can only be read from the bytes."""
    prompt_cache: PromptCache | None = None
    """The cache of prompts that the session has from now on; None: the same as before."""
    demand: Demand | None = None
    """The tokens that a model server works on; None: it has no work, or none is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """An answer as server-sent events."""

    pieces: Iterable[Piece]
    """May be gone through again."""
    status: int = 200
    headers: Headers = ()
    keeps: tuple[Kept, ...] = ()
    prompt_cache: PromptCache | None = None
    demand: Demand | None = None
    """As in `Body`, these two."""
    size: int = 0
    """Bytes, about, where that was estimated."""
    announced: int = 0
    """How many of its first events leave at once, before the model begins."""
    keeps_alive: bool = False
    """Whether events `keepalive` fill long silences."""
    usage: SaidUsage | None = None
    """As in `Body`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongBody:
    """An answer like `Body`, which is never there at once, so that its length is not known before."""

    pieces: Made[bytes]
    content_type: str = "application/json"
    headers: Headers = ()
    keeps: tuple[Kept, ...] = ()
    prompt_cache: PromptCache | None = None
    demand: Demand | None = None
    """As in `Body`, these two."""
    size: int = 0
    """As in `EventStream`."""
    usage: SaidUsage | None = None
    """As in `Body`."""


Answer = Body | EventStream | LongBody


def show_kept(value: object, spell: Callable[[object], bytes], end: bytes = b"") -> Body | LongBody:
    """Return an answer that shows what is kept: in one piece, or made while it is sent where that would be large."""
    if is_long(value):
        return LongBody(pieces=Made(lambda: chain(write_pieces(value, spell), (end,) if end else ())))
    return Body(body=spell(value) + end)


@dataclass
class BrokenOff(RequestRefused):
    """A request that is refused after its stream has begun; the answer is what was sent, with the refusal."""

    answer: EventStream


class Call(NamedTuple):
    """One request to an operation, and what the session knows that it may need."""

    request: Request
    stamp: Stamp
    models: Mapping[str, None]
    """The names of the models that are valid for this token, in order."""
    params: Mapping[str, str] = NO_PARAMS
    """The parts of the path in place of `{…}`, decoded."""
    resources: Resources = Resources()
    day: Day = LATEST
    """The day whose API answers."""
    models_day: Day | None = None
    """The day by which models are shut down; None: none is, because somebody named those that are valid."""
    lenient: bool = False
    """Parameters are not validated, and an unknown id stands for something."""
    now: float = 0.0
    """The time on the session's clock, in seconds since the epoch. Times in answers come from the stamp."""
    fine_tuning_duration: float = 1.0
    """Seconds of the session's clock that a fine-tuning job takes."""
    webhooks: tuple[str, ...] = ()
    """The addresses to which webhooks may be sent."""
    readers: Mapping[str, Callable[[bytes], str]] = MappingProxyType({})
    """By extension: how the text of a document is read, where a library for it is installed."""
    gave: Callable[[str], bool] = lambda _: False
    """Whether a text was sent to this token before, as its journal has it. Slow."""

    def knows(self, model: str) -> bool:
        """Whether a model is valid: it is listed, and was not deleted."""
        listed = model in self.models and self.resources.get(DELETED_MODEL, model) is None
        return listed and not self.is_shut_down(model)

    def is_shut_down(self, model: str) -> bool:
        """Whether OpenAI took a model away before this day; not if its name was given for this token."""
        return self.models_day is not None and model in self.models and is_shut_down(model, self.models_day)

    def missing_model(self, model: str, unknown: Callable[[str], Failure] = errors.unknown_model) -> Failure:
        """Refuse a model that is not valid: one that was shut down in other words than an unknown one."""
        return errors.shut_down(model) if self.is_shut_down(model) else unknown(model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One of OpenAI's operations in which a model answers."""

    name: str
    """As scripts name it: `chat.completions`."""
    method: str
    path: str
    """Below `/v1`, with `{…}` for a segment that varies."""
    read: Callable[[Call, Mapping[str, Any]], Prompt]
    """Understand a body; raises `RequestRefused`."""
    write: Callable[[Prompt, ModelOutput, Manner], Answer | Failure]
    speaks: bool = True
    """Whether any reply answers it. Else only a rule that names the endpoint does, and there is an answer without."""
    unknown_model: Callable[[str], Failure] = errors.unknown_model
    fail: "Callable[[Prompt, Failure, Manner], Answer | Failure] | None" = None
    """Write a failure in the endpoint's own form. None: the plain error object is sent."""
    break_off: Callable[[Sequence[bytes], Failure], tuple[bytes, ...]] = errors.break_off
    """Return the events that end a stream with an error, after the pieces that were sent."""
    find_held: Callable[[Prompt], str | None] = lambda _: None
    """Return the conversation that nobody else may go on with while an answer is sent."""
    size: Callable[[Prompt, ModelOutput], int] = lambda *_: 0
    """Estimate the bytes of an answer before it is made. One that is much larger than usual is made in
    pieces while it is sent (`Manner.in_pieces`), and what is too large is refused."""
    takes_forms: bool = False
    """Whether its body may be a form, which no other server is asked."""
    only_openai: bool = False
    """Whether other servers have nothing like it, so that one that stands for any model is not asked."""
    only_in_talks: bool = False
    """Whether only messages of WebSocket ask it; then no other server is asked either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The answer of an operation in which no model speaks."""

    answer: Answer | Failure
    resources: Resources | None = None
    """The session's resources afterwards; None: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One of OpenAI's operations on what a token owns; it consumes no rule."""

    name: str
    method: str
    path: str
    """Below `/v1`, with `{…}` for a segment that varies."""
    serve: Callable[[Call], Served]
    fail: "Callable[[Call, Failure], Served] | None" = None
    """Take a request whose work fails later, as a script says. None: a failure always refuses it."""
    asks_model: bool = False
    """Whether the body names a model, which may be one that acts."""
    for_pages: bool = False
    """Whether a page in a browser may read the answer: it holds nothing that was stored before."""
    takes_turn: bool = True
    """Whether it counts as an answer of the session. Requests that a client sends from its own thread must
    not: the ids of other answers would depend on when they come."""


def cut(text: str, encoding: Encoding, chunk_by: ChunkBy) -> Iterable[tuple[str, int]]:
    """Cut a text into deltas, each with the number of tokens that it stands for; joined they are the text."""
    match chunk_by:
        case "token":
            return ((piece, 1) for piece in tokens.pieces(text, encoding))
        case "word":
            return _measure(_words(text))
        case "character":
            return _measure(text)
        case _:
            return _measure(text[at : at + chunk_by] for at in range(0, len(text), chunk_by))


def take_turns[T](streams: Iterable[Iterable[T]]) -> Iterator[T]:
    """Take one of each stream, then the next of each, until none has any more."""
    left = [iter(stream) for stream in streams]
    while left:
        taken, left = left, []
        for stream in taken:
            for each in islice(stream, 1):
                yield each
                left.append(stream)


def _words(text: str) -> Iterable[str]:
    """Yield words, each with the white space before it, as tokens have it."""
    start = end = 0
    for word in text.split():
        end = text.index(word, end) + len(word)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _measure(pieces: Iterable[str]) -> Iterable[tuple[str, int]]:
    # Pacing needs a size, not an exact count: four characters are about one token of English.
    return ((piece, max(1, len(piece) // 4)) for piece in pieces)
