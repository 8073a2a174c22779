"""The journal of a session: requests, answers, and how they ended. Bounded, newest kept.

Recording costs the same for an empty and a full journal, and little: an exchange holds values that exist already, and
what a reader wants to see is made of it when it is read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple, TypedDict, Unpack
from zlib import crc32

from rpds import HashTrieMap

from llemulator_addon.core.changes import Changes
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request, Way
from llemulator_addon.core.server_settings import DEFAULTS
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.core.talk import NO_MESSAGES, TalkMessage, TalkMessages
from llemulator_addon.wire.redaction import redact_headers, redact_query

NO_HEADERS: Mapping[str, str] = {}

_KEPT = 256 << 10
"""Bytes of one body, asked or answered, that are kept."""
_PARSED = 64 << 10
"""The largest body whose prompt is kept whole: a parsed body takes several times the memory of its bytes."""
_WORDS = 2_000
"""Characters of the user's text that are kept of a prompt that is not kept whole."""

_HEAD_KEPT = 32 << 10
"""Bytes of headers that are kept, and as many of a query and of a path."""
_NAME_KEPT = 256
"""Characters of a method or the name of a host that are kept."""
_MESSAGES = 5_000
"""The most messages of a prompt that is kept whole."""

_BYTES_OF_AN_EXCHANGE = 1_400
_BYTES_OF_A_HEADER = 150
_BYTES_OF_A_STEP = 130
_BYTES_OF_A_MESSAGE = 120
_BYTES_OF_PARSED = ((b"{", 150), (b"[", 70), (b",", 40))
"""Bytes of memory, as measured: the journal has a bound in bytes, which need not be exact."""


class Basis(NamedTuple):
    """The origin of an answer."""

    endpoint: str | None = None
    """None where the path names no operation."""
    prompt: Prompt | None = None
    """None where the request was refused before it was understood, or asks no model."""
    rule: str | None = None
    """Name of the rule that answered."""
    unmatched: str | None = None
    """Where no rule answered: the closest rule and what differed."""
    upstream: str | None = None
    """Base URL of the server that it was forwarded to."""
    faults: tuple[str, ...] = ()
    """Names of the faults that refused the request or changed its answer."""


NOTHING = Basis()


class Exchange(NamedTuple):
    """One request and its answer. Holds no token and no key: they were taken out before it was made.

    A named tuple, because one is made for each request, and a frozen dataclass with that many fields
    costs five times as much.
    """

    number: int
    """Counted from 1 in each session."""
    at: float
    """When the request was complete, in seconds since the epoch."""
    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = NO_HEADERS
    body: bytes = b""
    """At most so much of it as is kept; `body_bytes` is how long it was."""
    body_bytes: int = 0
    way: Way = "connect"
    http_version: str = "HTTP/1.1"
    connection: str = ""
    endpoint: str | None = None
    prompt: Prompt | None = None
    rule: str | None = None
    unmatched: str | None = None
    upstream: str | None = None
    """As in its basis, these five."""
    steps: Steps = ()
    """The answer as it was decided, or as it came from a person or an upstream; `ending` says how much of it left."""
    ending: Ending | None = None
    """None while it is being played."""
    fingerprint: int = 0
    """The same for requests that carry the same body, also where it is not kept whole."""
    size: int = 0
    """Bytes of memory that it takes, about."""
    goes_on: bool = False
    """Whether of its answer only the beginning is kept."""
    messages: TalkMessages = NO_MESSAGES
    """Of the WebSocket connection that it began."""
    faults: tuple[str, ...] = ()
    """As in its basis."""

    @property
    def request(self) -> Request:
        """The request again, without its secrets, and without what was not kept of its body."""
        return Request(
            method=self.method,
            host=self.host,
            path=self.path,
            query=self.query,
            headers=self.headers,
            body=self.body,
            way=self.way,
            http_version=self.http_version,
            connection=self.connection,
            at=self.at,
        )

    @property
    def status(self) -> int:
        """Status of the answer; 0 for a connection that was cut before there was one."""
        return next((step.status for step in self.steps if isinstance(step, Head)), 0)

    @property
    def is_unsupported(self) -> bool:
        """Whether its path or method names no operation, and no rule or upstream answered all the same."""
        return self.endpoint is None and self.rule is None and self.upstream is None

    @property
    def model(self) -> str | None:
        """The model that was asked."""
        return self.prompt.model if self.prompt else None

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return self.prompt.stream if self.prompt else False

    @property
    def user_text(self) -> str | None:
        """The last user message."""
        return self.prompt.user_text if self.prompt else None


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The exchanges of a session, in a ring: an exchange takes the place of the one that is `limit` older.

    Without slots, as the session: each request makes two changed copies.
    """

    entries: "HashTrieMap[int, Exchange]" = field(default_factory=HashTrieMap)
    """By place in the ring."""
    endings: "HashTrieMap[int, Ending]" = field(default_factory=HashTrieMap)
    """By the place of the exchange that ended so."""
    recorded: int = 0
    """How many there ever were; the number of the last."""
    first: int = 1
    """The number of the oldest that is kept."""
    unmatched: int = 0
    """How many of all that there ever were no rule answered."""
    size: int = 0
    """Bytes of memory that those take which are kept, about."""
    limit: int = DEFAULTS.journal_entries
    size_limit: int = DEFAULTS.journal_size
    changes: Changes | None = field(default=None, compare=False)
    """Of `entries` and `endings`, by number."""

    def record(self, request: Request, steps: Steps, basis: Basis = NOTHING, *, goes_on: bool = False) -> "Journal":
        """Add an exchange under the next number; the oldest are dropped. `goes_on`: the answer has more steps."""
        number, body = self.recorded + 1, request.body
        kept, sent = _keep_steps(steps)
        path, headers = request.path[:_HEAD_KEPT], redact_headers(request.headers)
        query = redact_query(request.query) if request.query else ()
        told = len(path) + _length(headers.items()) + (_length(query) if query else 0)
        if told > _HEAD_KEPT:
            query, headers = _beginning(query), dict(_beginning(headers.items()))
            told = len(path) + _length(headers.items()) + _length(query)
        prompt, weight = _keep_prompt(basis.prompt, body)
        size = _BYTES_OF_AN_EXCHANGE + told + weight + sent + _BYTES_OF_A_STEP * len(kept)
        exchange = Exchange(
            number=number,
            at=request.at,
            method=request.method[:_NAME_KEPT],
            host=request.host[:_NAME_KEPT],
            path=path,
            query=query,
            headers=headers,
            body=body if len(body) <= _KEPT else body[:_KEPT],
            body_bytes=len(body),
            way=request.way,
            http_version=request.http_version,
            connection=request.connection,
            endpoint=basis.endpoint,
            prompt=prompt,
            rule=basis.rule,
            unmatched=basis.unmatched,
            upstream=basis.upstream,
            steps=kept,
            fingerprint=crc32(body),
            size=size,
            goes_on=goes_on or kept is not steps,
            faults=basis.faults,
        )
        place, first = number % self.limit, self.first
        size += self.size
        if number - first >= self.limit:
            size -= self.entries[place].size
            first += 1
        added = self._change(
            entries=self.entries.insert(place, exchange),
            endings=self.endings.discard(place),
            recorded=number,
            first=first,
            unmatched=self.unmatched + (basis.unmatched is not None),
            size=size,
            changes=None if self.changes is None else self.changes.add("exchanges", number),
        )
        return added if size <= self.size_limit else added.drop_oldest()

    def note_end(self, number: int, ending: Ending) -> "Journal":
        """Note how the playing of an answer ended; nothing, where its exchange has made room meanwhile."""
        if self._find(number) is None:
            return self
        changes = None if self.changes is None else self.changes.add("endings", number)
        return self._change(endings=self.endings.insert(number % self.limit, ending), changes=changes)

    def note_answer(self, number: int, steps: Steps, basis: Basis = NOTHING, *, goes_on: bool = False) -> "Journal":
        """Note the answer of an exchange that had none yet; nothing, where it has made room meanwhile.

        Of its basis, the faults are noted, and the rule or the reason why none matched if it has one of them.
        """
        if (exchange := self._find(number)) is None:
            return self
        kept, sent = _keep_steps(steps)
        size = exchange.size + sent + _BYTES_OF_A_STEP * len(kept)
        goes_on = goes_on or kept is not steps
        answered = exchange._replace(steps=kept, size=size, goes_on=goes_on, faults=basis.faults or exchange.faults)
        if basis.rule is not None or basis.unmatched is not None:
            answered = answered._replace(rule=basis.rule, unmatched=basis.unmatched)
        return self._change(
            entries=self.entries.insert(number % self.limit, answered),
            unmatched=self.unmatched + (answered.unmatched is not None) - (exchange.unmatched is not None),
            size=self.size + size - exchange.size,
            changes=None if self.changes is None else self.changes.add("exchanges", number),
        ).drop_oldest()

    def note_messages(self, number: int, messages: Iterable[TalkMessage]) -> "Journal":
        """Note messages of a WebSocket connection; nothing, where its handshake has made room meanwhile."""
        if (exchange := self._find(number)) is None:
            return self
        told = exchange.messages.add(messages)
        size = exchange.size + told.size - exchange.messages.size
        entries = self.entries.insert(number % self.limit, exchange._replace(messages=told, size=size))
        changes = None if self.changes is None else self.changes.add("exchanges", number)
        return self._change(entries=entries, size=self.size + size - exchange.size, changes=changes).drop_oldest()

    def empty(self) -> "Journal":
        """Return it without exchanges; numbers go on."""
        return Journal(
            recorded=self.recorded,
            first=self.recorded + 1,
            unmatched=self.unmatched,
            limit=self.limit,
            size_limit=self.size_limit,
        )

    def restore(  # noqa: PLR0913 - one for each thing that went on
        self,
        exchanges: Mapping[int, Exchange],
        endings: Mapping[int, Ending],
        *,
        first: int,
        recorded: int,
        unmatched: int,
        changes: Changes | None = None,
    ) -> "Journal":
        """Return this journal as it went on elsewhere: with these new or changed exchanges and endings, by number.

        `first` is the oldest that is kept there. Above this one's bounds the oldest are dropped.
        """
        first = max(first, recorded - self.limit + 1)
        kept, ended, size = self.entries, self.endings, self.size
        for number in range(self.first, min(first, self.recorded + 1)):
            if (gone := kept.get(number % self.limit)) is not None:
                kept, ended = kept.remove(number % self.limit), ended.discard(number % self.limit)
                size -= gone.size
        for number, exchange in exchanges.items():
            if number >= first:
                before = kept.get(number % self.limit)
                size += exchange.size - (0 if before is None else before.size)
                kept = kept.insert(number % self.limit, exchange)
        for number, ending in endings.items():
            if number >= first:
                ended = ended.insert(number % self.limit, ending)
        return self._change(
            entries=kept,
            endings=ended,
            recorded=recorded,
            first=first,
            unmatched=unmatched,
            size=size,
            changes=changes,
        ).drop_oldest()

    def renumber(self, first: int) -> "Journal":
        """Return a journal of the same exchanges whose numbers have no gap and begin with `first`."""
        exchanges = dict(enumerate(self, first))
        last = first + len(exchanges) - 1
        numbers = {each.number: number for number, each in exchanges.items()}
        entries = HashTrieMap(
            {
                number: each._replace(number=number, messages=each.messages.renumber(numbers))
                for number, each in exchanges.items()
            }
        )
        # With a limit above all numbers, the place of each is its number.
        return Journal(entries=entries, first=first, recorded=last, unmatched=self.unmatched, limit=last + 1)

    def get(self, number: int) -> Exchange | None:
        """Return the exchange of a number, if it is kept."""
        if (exchange := self._find(number)) is None:
            return None
        ending = self.endings.get(number % self.limit)
        return exchange if ending is None else _end(exchange, ending)

    def __iter__(self) -> Iterator[Exchange]:
        """Yield the exchanges that are kept, oldest first."""
        for number in range(self.first, self.recorded + 1):
            if (exchange := self.get(number)) is not None:
                yield exchange

    def _change(self, **fields: Unpack["_JournalFields"]) -> "Journal":
        """Return a copy with some fields changed, as `dataclasses.replace` does, and faster."""
        copy = object.__new__(Journal)
        copy.__dict__.update(self.__dict__, **fields)
        return copy

    def settle(self, changes: Changes) -> "Journal":
        """Return it with other changes."""
        return self._change(changes=changes)

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of a number without its ending, if it is kept."""
        return self._find(number)

    def ending_of(self, number: int) -> Ending | None:
        """Return how the exchange of a number ended, if it is kept and did."""
        return None if self._find(number) is None else self.endings.get(number % self.limit)

    def _find(self, number: int) -> Exchange | None:
        return self.entries.get(number % self.limit) if self.first <= number <= self.recorded else None

    def drop_oldest(self) -> "Journal":
        """Return it without the oldest, as long as it is too large. The newest stays, whatever its size."""
        entries, endings, first, size = self.entries, self.endings, self.first, self.size
        while first < self.recorded and size > self.size_limit:
            place = first % self.limit
            size -= entries[place].size
            entries, endings, first = entries.remove(place), endings.discard(place), first + 1
        return self._change(entries=entries, endings=endings, first=first, size=size)


def _end(exchange: Exchange, ending: Ending) -> Exchange:
    """Return it with its ending, as `_replace` does, in two thirds of the time: all exchanges are shown so."""
    return Exchange._make((*exchange[:_ENDING], ending, *exchange[_ENDING + 1 :]))


_ENDING = Exchange._fields.index("ending")


class _JournalFields(TypedDict, total=False):
    """The fields of a journal that change with its exchanges."""

    entries: "HashTrieMap[int, Exchange]"
    endings: "HashTrieMap[int, Ending]"
    recorded: int
    first: int
    unmatched: int
    size: int
    changes: Changes | None


def _keep_steps(steps: Steps) -> tuple[Steps, int]:
    """Return the steps that are kept of an answer, and how many bytes they send."""
    sent = 0
    for number, step in enumerate(steps):
        if isinstance(step, Send):
            sent += len(step.piece)
            if sent > _KEPT:
                rest = len(step.piece) - (sent - _KEPT)
                return (*steps[:number], Send(step.piece[:rest])), _KEPT
    return steps, sent


def _length(pairs: Collection[tuple[str, str]]) -> int:
    """Return the bytes that the pairs of a query or of headers take."""
    return _BYTES_OF_A_HEADER * len(pairs) + sum(map(len, chain.from_iterable(pairs)))


def _beginning(pairs: Collection[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the first of the pairs, as many as are kept; the last of them may be cut."""
    kept, left = [], _HEAD_KEPT
    for name, value in pairs:
        if (left := left - _BYTES_OF_A_HEADER - len(name)) < 0:
            break
        kept.append((name, value[:left]))
        left -= len(value)
    return tuple(kept)


def _keep_prompt(prompt: Prompt | None, body: bytes) -> tuple[Prompt | None, int]:
    """Return what is kept of a prompt, and what that takes together with the body.

    A prompt holds what the body says, and what was said before it in a conversation that is stored.
    """
    length = len(body)
    if length > _PARSED:
        return prompt if prompt is None else _short(prompt), min(length, _KEPT) + 2 * _WORDS
    weight = 2 * length if body.isascii() and b"\\u" not in body else 5 * length
    for sign, size in _BYTES_OF_PARSED:
        weight += size * body.count(sign)
    if prompt is None:
        return None, weight
    said, messages = 0, prompt.messages
    for message in messages:
        said += len(message.text)
        if message.called:
            said += sum([_BYTES_OF_A_MESSAGE + len(call.arguments) for call in message.called])
    if said > _PARSED or len(messages) > _MESSAGES:
        return _short(prompt), weight + 2 * _WORDS
    return prompt, weight + _BYTES_OF_A_MESSAGE * len(messages) + max(0, said - length)


def _short(prompt: Prompt) -> Prompt:
    """Return of a prompt what lists of exchanges show."""
    last = next((message for message in reversed(prompt.messages) if message.role == "user"), None)
    messages = () if last is None else (replace(last, text=last.text[:_WORDS], called=()),)
    return Prompt(
        endpoint=prompt.endpoint,
        model=prompt.model[:_WORDS],
        messages=messages,
        stream=prompt.stream,
        choices=prompt.choices,
    )
