"""Batches as values: what is kept of one, its way through time, and how its files are read and written.

A batch takes `--batch-duration` seconds of the session's clock. In the first tenth it is validated, in the last tenth
finalized, and between them its lines are answered at an even pace. After 24 hours it expires.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.members import object_in, text_in

KIND = "batch"
OPEN = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
WINDOW = 86_400
"""Seconds until a batch expires."""
LINES_AT_MOST = 50_000
_ERRORS_AT_MOST = 100
"""Errors of an input file that are reported; this program's own limit."""
_TENTH = 0.1

Lines = tuple[bytes, ...]
"""Lines of a file that is being written, in pieces of some size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as it is kept."""

    shown: Mapping[str, Any]
    """As the API shows it."""
    begun: float
    """On the session's clock, in seconds."""
    expires_after: Mapping[str, Any] | None = None
    """Of its output files."""
    answered: int = 0
    """Lines of the input that were answered."""
    read_to: int = 0
    """Bytes of the input that they take."""
    output: Lines = ()
    errors: Lines = ()
    cancelled: float | None = None
    """When somebody cancelled it, on the session's clock."""

    @property
    def status(self) -> str:
        """Its status, by OpenAI's name."""
        return str(self.shown["status"])

    @property
    def total(self) -> int:
        """The lines of its input, once it was validated."""
        return int(self.shown["request_counts"]["total"])

    def show(self, **fields: object) -> "Batch":
        """Return it with other fields."""
        return replace(self, shown={**self.shown, **fields})

    def keep(self) -> Kept:
        """Return it as a resource."""
        value = {
            "shown": self.shown,
            "begun": self.begun,
            "expires_after": self.expires_after,
            "answered": self.answered,
            "read_to": self.read_to,
            "output": self.output,
            "errors": self.errors,
            "cancelled": self.cancelled,
        }
        return Kept(KIND, self.shown["id"], value)


def read_kept(value: Mapping[str, Any]) -> Batch:
    """Read what `Batch.keep` made."""
    return Batch(**value)


def list_batches(resources: Resources) -> Iterator[Batch]:
    """Yield the batches, oldest first."""
    return map(read_kept, resources.list_kind(KIND))


def has_open(resources: Resources) -> bool:
    """Whether a batch has not ended."""
    return any(batch.status in OPEN for batch in list_batches(resources))


# The clock ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a batch gets where, in seconds from its beginning."""

    duration: float

    @property
    def validated(self) -> float:
        """When it begins to answer."""
        return self.duration * _TENTH

    @property
    def finalized(self) -> float:
        """When all lines are answered."""
        return self.duration * (1 - _TENTH)

    def due(self, total: int, elapsed: float) -> int:
        """Return how many lines are answered by a time."""
        pace = self.finalized - self.validated
        if elapsed >= self.finalized or not pace:
            return total
        return max(0, min(total, ceil(total * (elapsed - self.validated) / pace)))


# The input ------------------------------------------------------------------------------------------------------------


def find_line(content: Sequence[bytes], start: int) -> tuple[bytes, int]:
    """Return the first line from a place on that is not blank, and where the next one begins; nothing at the end."""
    while (found := _take_line(content, start))[1] > start:
        line, start = found
        if line.strip():
            return line, start
    return b"", start


def _take_line(content: Sequence[bytes], start: int) -> tuple[bytes, int]:
    line, place = b"", 0
    for piece in content:
        at = start + len(line) - place
        place += len(piece)
        if 0 <= at < len(piece):
            end = piece.find(b"\n", at) + 1
            line += piece[at : end or len(piece)]
            if end:
                break
    return line, start + len(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The findings in an input file."""

    total: int
    model: str | None
    errors: tuple[dict[str, object], ...]


def check_lines(content: Sequence[bytes], endpoint: str) -> Checked:
    """Check all lines of an input file. The words for JSON, URLs, ids and models are reported."""
    errors: list[dict[str, object]] = []
    ids: set[str] = set()
    model: str | None = None
    total = start = 0
    while (found := find_line(content, start))[0]:
        line, start = found
        total += 1
        asked = _read(line)
        for code, message, param in _check_line(asked, endpoint, ids, model):
            if len(errors) < _ERRORS_AT_MOST:
                errors.append({"code": code, "message": message, "param": param, "line": total})
        model = model or text_in(object_in(asked, "body"), "model")
    if not total:
        message = "The input file is empty. Please ensure that the batch contains at least one request."
        errors.append({"code": "empty_file", "message": message, "param": None, "line": None})
    if total > LINES_AT_MOST:
        message = f"The batch input file contains too many requests. The limit is {LINES_AT_MOST}."
        errors.append({"code": "too_many_tasks", "message": message, "param": None, "line": None})
    return Checked(total=total, model=model, errors=tuple(errors))


def _check_line(
    asked: object, endpoint: str, ids: set[str], model: str | None
) -> Iterator[tuple[str, str, str | None]]:
    if not isinstance(asked, dict):
        yield "invalid_json_line", "This line is not parseable as valid JSON.", None
        return
    for name in ("custom_id", "method", "url", "body"):
        if asked.get(name) is None:
            yield "missing_required_parameter", f"Missing required parameter: '{name}'.", name
            return
    custom_id = str(asked["custom_id"])
    if custom_id in ids:
        message = f"The custom_id '{custom_id}' for this request is a duplicate of another request. "
        message += "The custom_id parameter must be unique for each request in a batch."
        yield "duplicate_custom_id", message, "custom_id"
    ids.add(custom_id)
    if asked["method"] != "POST":
        yield "invalid_method", f"Invalid method: '{asked['method']}'. Supported values are: 'POST'.", "method"
    if asked["url"] != endpoint:
        yield "invalid_url", "The URL provided for this request does not match the batch endpoint.", "url"
    if not isinstance(asked["body"], dict):
        yield "invalid_type", "Invalid type for 'body': expected an object.", "body"
    elif model is not None and asked["body"].get("model") != model:
        message = (
            f"The provided model '{asked['body'].get('model')}' does not match '{model}'. All requests in a batch "
        )
        yield "mismatched_model", f"{message}must use the same model.", "body.model"


def _read(line: bytes) -> object:
    try:
        return read_json(line)
    except ValueError:
        return None


# The output -----------------------------------------------------------------------------------------------------------


def write_line(
    line_id: str, custom_id: object, response: dict[str, object] | None, error: dict[str, object] | None
) -> bytes:
    """Spell a line of an output or error file."""
    return compact({"id": line_id, "custom_id": custom_id, "response": response, "error": error}) + b"\n"


EXPIRED: dict[str, object] = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}


def add_line(lines: Lines, line: bytes) -> Lines:
    """Add a line to a file that is being written; pieces grow to a size, so that there are few."""
    if lines and len(lines[-1]) < _PIECE:
        return (*lines[:-1], lines[-1] + line)
    return (*lines, line)


_PIECE = 64 << 10


def add_usage(usage: Mapping[str, Any], body: object) -> dict[str, Any]:
    """Add the usage of one answer, of any endpoint, to that of a batch."""
    used = object_in(body, "usage")
    asked = object_in(used, "input_tokens_details") or object_in(used, "prompt_tokens_details")
    made = object_in(used, "output_tokens_details") or object_in(used, "completion_tokens_details")
    return {
        "input_tokens": usage["input_tokens"] + _count(used, "input_tokens", "prompt_tokens"),
        "input_tokens_details": {
            "cached_tokens": usage["input_tokens_details"]["cached_tokens"] + _count(asked, "cached_tokens")
        },
        "output_tokens": usage["output_tokens"] + _count(used, "output_tokens", "completion_tokens"),
        "output_tokens_details": {
            "reasoning_tokens": usage["output_tokens_details"]["reasoning_tokens"] + _count(made, "reasoning_tokens")
        },
        "total_tokens": usage["total_tokens"] + _count(used, "total_tokens"),
    }


NO_USAGE: Mapping[str, Any] = {
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}


def _count(used: Mapping[str, Any], *names: str) -> int:
    return next((used[name] for name in names if isinstance(used.get(name), int)), 0)
