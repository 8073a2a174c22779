"""Files with examples for fine-tuning: how many there are, and why a job fails.

Recorded are the codes and words for too few examples and for an unexpected format.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from llemulator_addon.core.work import not_at_once
from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.stored_files import Content

_LEAST = 10
_BYTES_AT_ONCE = 64 << 10
_TEXTS = ("content", "prompt", "completion")


class Examples(NamedTuple):
    """The examples of a file."""

    number: int = 0
    tokens: int = 0
    error: Mapping[str, str] | None = None
    """`code`, `message` and `param` of a job that fails for this file."""


def read_examples(content: Content, encoding: Encoding, param: str) -> Examples:
    """Count the examples of a file; `param` is `training_file` or `validation_file`."""
    if sum(map(len, content)) > _BYTES_AT_ONCE:
        not_at_once()
    kind = param.partition("_")[0]
    lines = [line for line in b"".join(content).splitlines() if line.strip()]
    texts = list[str]()
    for number, line in enumerate(lines, 1):
        try:
            example = read_json(line)
        except ValueError:
            return _fail("invalid_file_format", f"Invalid file format. Line {number} is not valid JSON.", param)
        if not isinstance(example, dict) or not _is_known(example):
            words = (
                f"The job failed due to an invalid {kind} file. Unexpected file format, expected either "
                "prompt/completion pairs or chat messages."
            )
            return _fail("invalid_file_format", words, param)
        texts += _list_texts(example)
    if kind == "training" and len(lines) < _LEAST:
        words = f"Training file has {len(lines)} example(s), but must have at least {_LEAST} examples"
        return _fail("invalid_n_examples", words, param)
    return Examples(len(lines), sum(tokens.count(text, encoding) for text in texts))


def _fail(code: str, message: str, param: str) -> Examples:
    return Examples(error={"code": code, "message": message, "param": param})


def _is_known(example: Mapping[str, Any]) -> bool:
    """Whether an example is one for supervised learning, preferences or reinforcement."""
    match example:
        case {"messages": [dict(), *_]}:
            return True
        case {"prompt": str(), "completion": str()}:
            return True
        case {"input": dict(), "preferred_output": list(), "non_preferred_output": list()}:
            return True
        case _:
            return False


def _list_texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for each in value:
            yield from _list_texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in _TEXTS and isinstance(each, str):
                yield each
            else:
                yield from _list_texts(each)
