"""OpenAI's vocabularies, read from this folder: nothing is downloaded.

`tools/make_vocabulary.py` writes the files and says how; tiktoken's licence is next to them.

Measured on one core of a 2-core machine with Python 3.13 and tiktoken 0.14: importing tiktoken 0.05 s, loading
o200k_base 0.35 s and 53 MB, cl100k_base 0.15 s and 27 MB. More than half of the time is tiktoken building its tables,
which holds the interpreter.
"""

import json
from array import array
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import tiktoken


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """One encoding, loaded."""

    encoding: "tiktoken.Encoding"
    """Without special tokens, so that `<|endoftext|>` in a text is text, as it is for the API."""
    tokens: "Tokens"
    """By id. Some are no whole characters: 中 may be two tokens."""
    special_tokens: "Mapping[int, str]"
    """Ids that stand for no text but may be sent to the embeddings endpoint."""
    words: list[str | None] = field(repr=False)
    """By id: the token as text, once it was asked for, so that a piece that occurs often is kept once."""


class Tokens:
    """Tokens by id, cut out of the bytes that hold them one after the other: objects would take ten times as much."""

    def __init__(self, row: bytes, sizes: bytes) -> None:
        """Take all tokens in a row, and the size of each."""
        self._row = row
        self._starts = array("I", accumulate(sizes, initial=0))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, token: int) -> bytes:
        return self._row[self._starts[token] : self._starts[token + 1]]

    def first_byte(self, token: int) -> int:
        """Return the first byte of a token."""
        return self._row[self._starts[token]]


def load(name: str) -> Vocabulary:
    """Read an encoding. Takes a moment and tens of megabytes each time it is called."""
    import lzma  # noqa: PLC0415 - not in every Python, and the rest of the program does without

    import tiktoken  # noqa: PLC0415 - slow to import, and not needed before something is counted

    about = json.loads((files(__name__) / f"{name}.json").read_text())
    size = about["tokens"]
    packed = lzma.decompress((files(__name__) / f"{name}.tokens.xz").read_bytes())
    tokens = Tokens(packed[size:], packed[:size])
    ranks = {packed[start:end]: rank for rank, (start, end) in enumerate(_places(packed, size))}
    encoding = tiktoken.Encoding(name, pat_str=about["pattern"], mergeable_ranks=ranks, special_tokens={})
    # The encoding keeps it, and has no use for it any more.
    ranks.clear()
    special_tokens = {rank: text for text, rank in about["special_tokens"].items()}
    return Vocabulary(encoding=encoding, tokens=tokens, special_tokens=special_tokens, words=[None] * size)


def _places(packed: bytes, size: int) -> "Iterator[tuple[int, int]]":
    return pairwise(accumulate(packed[:size], initial=size))
