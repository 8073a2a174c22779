"""An answer as the client got it: its steps, as far as they were played."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from llemulator_addon.core.steps import Cut, Head, Headers, Send, Steps, Wait
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire import json_bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event that left."""

    name: str
    """Its type; empty where it has none."""
    text: str
    left: float | None
    """Seconds after the head; None where that was not noted."""

    @property
    def value(self) -> object:
        """Return what it carries as JSON, or None where that is none."""
        try:
            return json_bytes.read(self.text.encode())
        except ValueError:
            return None


def headers(exchange: Exchange) -> dict[str, str]:
    """Return the headers of the answer, names in lower case."""
    return {name.lower(): value for name, value in head_of(exchange.steps)}


def head_of(steps: Steps) -> Headers:
    """Return the headers as they were sent."""
    return next((step.headers for step in steps if isinstance(step, Head)), ())


def sends(exchange: Exchange) -> tuple[bytes, ...]:
    """Return the pieces of the body that left: all of them, as long as nothing else was noted."""
    pieces = tuple(step.piece for step in _list_played(exchange.steps) if isinstance(step, Send))
    return pieces if exchange.ending is None else pieces[: exchange.ending.sends]


def body(exchange: Exchange) -> bytes:
    """Return the body, as far as it left."""
    return b"".join(sends(exchange))


def is_stream(exchange: Exchange) -> bool:
    """Whether the answer is one of server-sent events."""
    types = [value for name, value in head_of(exchange.steps) if name.lower() == "content-type"]
    return bool(types) and types[-1].startswith("text/event-stream")


def events(exchange: Exchange) -> tuple[Event, ...]:
    """Return the events that left whole; none where the answer is no stream."""
    return tuple(_events(exchange)) if is_stream(exchange) else ()


def measure_head_delay(exchange: Exchange) -> float:
    """Return how long the answer waited before its head, or before it was cut without one; as it was planned."""
    seconds = 0.0
    for step in exchange.steps:
        match step:
            case Wait():
                seconds += step.seconds
            case Head() | Cut():
                break
            case Send():
                pass
    return seconds


def find_end(exchange: Exchange) -> float | None:
    """Return when the playing ended, on the clock of `Exchange.at`; None while it is being played."""
    ending = exchange.ending
    if ending is None:
        return None
    # When a connection ended before the head was not noted; it may have been at once.
    is_before_head = ending.is_open and not ending.sends and not ending.seconds
    return exchange.at + (0.0 if is_before_head else measure_head_delay(exchange)) + ending.seconds


def was_cut(exchange: Exchange) -> bool:
    """Whether the script ended the connection, in or before the answer."""
    how = exchange.ending.how if exchange.ending else None
    return how == "cut" or (how is None and any(isinstance(step, Cut) for step in exchange.steps))


def _list_played(steps: Steps) -> Iterator[Head | Send | Wait]:
    for step in steps:
        if isinstance(step, Cut):
            return
        yield step


def _events(exchange: Exchange) -> Iterator[Event]:
    pieces = sends(exchange)
    ends = list(accumulate(len(piece) for piece in pieces))
    left = exchange.ending.left if exchange.ending else ()
    text, position, place = b"".join(pieces).replace(b"\r\n", b"\n"), 0, 0
    while (end := text.find(b"\n\n", position)) >= 0:
        frame, position = text[position:end], end + 2
        while place < len(ends) - 1 and ends[place] < position:
            place += 1
        if (event := _event(frame, left[place] if place < len(left) else None)) is not None:
            yield event


def _event(frame: bytes, left: float | None) -> Event | None:
    """Read one frame (HTML standard, 9.2.6); None where it carries nothing."""
    name, lines = "", []
    for line in frame.decode("utf-8", "replace").split("\n"):
        key, _, value = line.partition(":")
        match key:
            case "event":
                name = value.removeprefix(" ")
            case "data":
                lines.append(value.removeprefix(" "))
            case _:
                pass
    return Event(name, "\n".join(lines), left) if lines else None
