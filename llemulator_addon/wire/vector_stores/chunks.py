"""Texts in chunks: how they are cut, and the vector by which one is found."""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.checking import Fields, Place, choose_by_kind, integer, spell
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.tokens import pieces

AUTO: Mapping[str, Any] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
"""The meaning of `auto`, by OpenAI's description; files show it so."""


def _check_overlap(place: Place, given: JSON) -> None:
    _SIZES(place, given)
    sizes: Any = given
    if sizes["chunk_overlap_tokens"] * 2 > sizes["max_chunk_size_tokens"]:
        # The words are not recorded; the rule is in OpenAI's description.
        param = spell((place, "chunk_overlap_tokens"))
        message = f"Invalid '{param}': must not exceed half of 'max_chunk_size_tokens'."
        raise RequestRefused(Failure(status=400, type=INVALID, param=param, message=message))


_SIZES = Fields(
    checks={"max_chunk_size_tokens": integer(100, 4_096), "chunk_overlap_tokens": integer(0)},
    needs=("max_chunk_size_tokens", "chunk_overlap_tokens"),
)
STRATEGY = choose_by_kind(
    {"auto": Fields(checks={}), "static": Fields(checks={"static": _check_overlap}, needs=("static",))}
)
"""`chunking_strategy`."""


def read_strategy(given: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a member of a body that was checked
    """Return a strategy as files show it."""
    return given if isinstance(given, dict) and isinstance(given.get("static"), dict) else AUTO


def cut_text(text: str, strategy: Mapping[str, Any]) -> Iterator[str]:
    """Yield the chunks of a text, each with the end of the one before it."""
    size, overlap = strategy["static"]["max_chunk_size_tokens"], strategy["static"]["chunk_overlap_tokens"]
    tokens = list(pieces(text, "cl100k_base"))
    for start in range(0, max(1, len(tokens) - overlap), size - overlap):
        if chunk := "".join(tokens[start : start + size]).strip():
            yield chunk
