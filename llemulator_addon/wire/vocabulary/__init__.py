"""OpenAI's vocabularies, read from this folder: nothing is downloaded.

`conformance/make_vocabulary.py` writes the files and says how; tiktoken's licence is beside them.

Measured on one core of a 2-core machine with Python 3.13 and tiktoken 0.14: importing tiktoken 0.05 s, loading
o200k_base 0.35 s and 75 MB, cl100k_base 0.15 s and 33 MB. More than half of the time is tiktoken building its tables,
which holds the interpreter.
"""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import tiktoken


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """One encoding, loaded."""

    encoding: "tiktoken.Encoding"
    """Without special tokens, so that `<|endoftext|>` in a text is text, as it is for the API."""
    tokens: tuple[bytes, ...]
    """By id. Some are no whole characters: 中 may be two tokens."""
    special_tokens: "Mapping[int, str]"
    """Ids that stand for no text but may be sent to the embeddings endpoint."""
    words: list[str | None] = field(repr=False)
    """By id: the token as text, once it was asked for, so that a piece that occurs often is kept once."""


def load(name: str) -> Vocabulary:
    """Read an encoding. Takes a moment and tens of megabytes each time it is called."""
    import lzma  # noqa: PLC0415 - not in every Python; `available` says so

    import tiktoken  # noqa: PLC0415 - slow to import, and not needed by a program that counts approximately

    about = json.loads((files(__name__) / f"{name}.json").read_text())
    size = about["tokens"]
    packed = lzma.decompress((files(__name__) / f"{name}.tokens.xz").read_bytes())
    tokens = tuple(packed[start:end] for start, end in pairwise(accumulate(packed[:size], initial=size)))
    encoding = tiktoken.Encoding(
        name,
        pat_str=about["pattern"],
        mergeable_ranks={token: rank for rank, token in enumerate(tokens)},
        special_tokens={},
    )
    special_tokens = {rank: text for text, rank in about["special_tokens"].items()}
    return Vocabulary(encoding=encoding, tokens=tokens, special_tokens=special_tokens, words=[None] * size)


def available() -> bool:
    """Whether everything that `load` needs is installed. Loads nothing."""
    return all(find_spec(module) is not None for module in ("tiktoken", "_lzma"))
