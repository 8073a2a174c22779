"""Writing JSON values as YAML that people would write, and that reads as the same value."""

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

_WIDTH = 100
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"))
"""Texts that some readers take for something else."""
_WITHIN = frozenset(" _-./()!?'%+=*&@$^;~|<>")
"""Signs that have no meaning within a text that begins with a letter and is not in a flow."""
_LONGEST_KEY = 500


def write_yaml(value: object) -> str:
    """Write a JSON value. Values with long keys are written as JSON, which is YAML too."""
    if not _is_simple(value):
        return f"{_json(value)}\n"
    return "".join(f"{line}\n" for line in _block(value))


def _is_simple(value: object) -> bool:
    """Whether no key is longer than YAML lets a key on one line be."""
    match value:
        case Mapping():
            return all(len(_scalar(key)) < _LONGEST_KEY and _is_simple(member) for key, member in value.items())
        case list() | tuple():
            return all(map(_is_simple, value))
        case _:
            return True


def _block(value: object) -> Iterator[str]:
    """Yield the lines of a value."""
    match value:
        case Mapping() if value:
            for key, member in value.items():
                yield from _entry(f"{_scalar(key)}:", member, "  ")
        case list() | tuple() if value:
            for member in value:
                yield from _entry("-", member, "  ")
        case _:
            yield _flow(value)


def _entry(opens: str, member: object, deeper: str) -> Iterator[str]:
    """Yield a member behind its key or its dash: on the same line if it fits."""
    if isinstance(member, str) and _is_of_lines(member):
        mark = "|" if member.endswith("\n") else "|-"
        yield f"{opens} {mark}"
        yield from (f"{deeper}{line}" if line else "" for line in member.removesuffix("\n").split("\n"))
        return
    if not isinstance(member, Mapping | list | tuple) or not member:
        yield f"{opens} {_scalar(member) if isinstance(member, str) else _flow(member)}"
        return
    if not _has_lines(member) and _depth(member) <= _DEEPEST and len(flow := _flow(member)) + len(opens) < _WIDTH:
        yield f"{opens} {flow}"
        return
    lines = _block(member)
    if opens == "-":
        yield f"- {next(lines)}"
    else:
        yield opens
    yield from (f"{deeper}{line}" if line else "" for line in lines)


_DEEPEST = 3


def _depth(value: object) -> int:
    match value:
        case Mapping():
            return 1 + max(map(_depth, value.values()), default=0)
        case list() | tuple():
            return 1 + max(map(_depth, value), default=0)
        case _:
            return 0


def _has_lines(value: object) -> bool:
    match value:
        case Mapping():
            return any(map(_has_lines, value.values()))
        case list() | tuple():
            return any(map(_has_lines, value))
        case _:
            return isinstance(value, str) and _is_of_lines(value)


def _flow(value: object) -> str:
    """Return a value on one line."""
    match value:
        case Mapping():
            members = ", ".join(f"{_scalar(key, flow=True)}: {_flow(each)}" for key, each in value.items())
            return f"{{{members}}}"
        case list() | tuple():
            return f"[{', '.join(map(_flow, value))}]"
        case str():
            return _scalar(value, flow=True)
        case _:
            return _json(value)


def _scalar(text: str, *, flow: bool = False) -> str:
    """Return a text, with quotes if it needs some."""
    within = _WITHIN if flow else _WITHIN | {","}
    plain = (
        text[:1].isalpha()
        and not text.endswith(" ")
        and text.lower() not in _WORDS
        and all(letter.isalnum() or letter in within for letter in text)
        and text.isprintable()
    )
    return text if plain else _json(text)


def _json(value: Any) -> str:  # noqa: ANN401
    """Return JSON that YAML reads the same: what YAML does not take for printable is escaped."""
    return "".join(map(_escape, dumps(value, ensure_ascii=False)))


def _escape(letter: str) -> str:
    if letter.isascii() or (letter.isprintable() and letter not in _NOT_PRINTED):
        return letter if letter != "\x7f" else "\\x7f"
    code = ord(letter)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004 - of four digits


_NOT_PRINTED = frozenset("\ufeff\ufffe\uffff")


def _is_of_lines(text: str) -> bool:
    """Whether a text is best written line by line: it has several, and nothing that a block of lines would lose."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and not text.endswith("\n\n")
        and lines[0][:1] not in {"", " ", "\t"}
        and lines[-1] != ""
        and all(line.isprintable() and line == line.rstrip() and not _NOT_PRINTED & {*line} for line in lines)
    )
