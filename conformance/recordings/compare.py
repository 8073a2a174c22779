"""What differs between a recorded answer and ours, after taking out what no two answers share.

Taken out is this, and no more:

- ids: every answer has new ones. They are numbered by first appearance, so that equal ones stay equal
- times of creation and completion: ours come from the seed, so that the same requests give the same bytes
- obfuscation: random letters
- where a text was cut into deltas, and so the numbers of the events: the network and the model's load decide it
- encrypted content in events before the last: the API encrypts the same content anew in each event, and the script says
  that of the finished response, which is compared
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ID = re.compile(r"(?P<prefix>[a-z]{2,8})[-_][0-9A-Za-z]{20,}")
_TIMES = frozenset({"created_at", "completed_at", "created"})


class Plain:
    """Takes out, over one whole answer, what no two answers share."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event or a body without it."""
        said = event.get("item")
        if isinstance(said, dict) and "encrypted_content" in said:
            event = {**event, "item": {**said, "encrypted_content": "<encrypted>"}}
        return {key: self._value(key, value) for key, value in event.items() if key != "sequence_number"}

    def _value(self, key: str, value: Any) -> Any:  # noqa: ANN401
        match value:
            case dict():
                return self.event(value)
            case list():
                return [self._value("", part) for part in value]
            case str() if key == "obfuscation":
                return f"<{key}>"
            case int() | float() if key in _TIMES:
                return f"<{key}>"
            case str() if found := _ID.fullmatch(value):
                return self._ids.setdefault(value, f"<{found['prefix']} {len(self._ids)}>")
            case _:
                return value


def plain_stream(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a stream's events, the deltas of each text put together into the first."""
    plain = Plain()
    whole: list[dict[str, Any]] = []
    texts: dict[tuple[Any, ...], dict[str, Any]] = {}
    for event in map(plain.event, events):
        place = _place(event)
        if place is not None and place in texts:
            texts[place]["delta"] += event["delta"]
            continue
        whole.append(event)
        if place is not None:
            texts[place] = event
    return whole


def plain_chunks(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a chat stream's chunks, the deltas of each text put together into its first."""
    plain = Plain()
    whole: list[dict[str, Any]] = []
    for chunk in map(plain.event, chunks):
        if not whole or not _joins(whole[-1], chunk):
            whole.append(chunk)
    return whole


def differences(recorded: Any, ours: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401
    """Yield one line for each place where the two differ."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in recorded.keys() | ours.keys():
            inner = f"{place}.{key}".lstrip(".")
            if key not in ours:
                yield f"{inner}: recorded {_short(recorded[key])}, missing in ours"
            elif key not in recorded:
                yield f"{inner}: not recorded, ours {_short(ours[key])}"
            else:
                yield from differences(recorded[key], ours[key], inner)
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for number, (one, other) in enumerate(zip(recorded, ours, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif recorded != ours or type(recorded) is not type(ours):
        yield f"{place}: recorded {_short(recorded)}, ours {_short(ours)}"


def _place(event: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Tell which text an event brings a piece of; None where it brings none."""
    if "delta" not in event or not isinstance(event["delta"], str):
        return None
    return tuple(event.get(key) for key in ("type", "output_index", "content_index", "summary_index"))


def _joins(before: dict[str, Any], chunk: dict[str, Any]) -> bool:
    """Put a chunk's text to the chunk before it, if both bring a piece of the same text."""
    if not before["choices"] or not chunk["choices"]:
        return False
    one, other = before["choices"][0], chunk["choices"][0]
    if set(one["delta"]) != set(other["delta"]) or "role" in one["delta"] or other["finish_reason"]:
        return False
    for key in ("content", "refusal"):
        if key in one["delta"]:
            one["delta"][key] += other["delta"][key]
            return True
    calls = one["delta"].get("tool_calls"), other["delta"].get("tool_calls")
    if not calls[0] or not calls[1] or calls[0][0].keys() != calls[1][0].keys() or "id" in calls[1][0]:
        return False
    calls[0][0]["function"]["arguments"] += calls[1][0]["function"]["arguments"]
    return True


def _short(value: Any) -> str:  # noqa: ANN401
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
