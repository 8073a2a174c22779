"""Bodies of `multipart/form-data` (RFC 7578), read as the objects that JSON would have for them.

`a=1` is a member, `a[]=1` and a name that comes again a list, and `a[b]=1` an object, as OpenAI's SDKs write them. All
values are texts, or files.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.errors import INVALID, RequestRefused

FORM = "multipart/form-data"
# It tells of each malformed body, which a client may send as often as it likes.
logging.getLogger("python_multipart.multipart").setLevel(logging.CRITICAL)


class SentFile(dict[str, Any]):
    """A file within a body. To patterns and templates it is an object with `filename`, `content_type` and `bytes`."""

    __slots__ = ("content",)

    def __init__(self, name: str, content_type: str, content: bytes) -> None:
        super().__init__(filename=name, content_type=content_type, bytes=len(content))
        self.content = content

    @property
    def name(self) -> str:
        """Its name, as the client has it."""
        return str(self["filename"])


class _Part(NamedTuple):
    name: str
    value: str | SentFile


def is_form(request: Request) -> bool:
    """Whether a request says that its body is a form."""
    return request.headers.get("content-type", "")[: len(FORM)].lower() == FORM


def read_form(request: Request) -> dict[str, Any]:
    """Read a form; raises `RequestRefused`, where it is malformed or has too many parts."""
    return _join(_split(request.headers.get("content-type", ""), request.body))


# Recorded on audio/transcriptions, 2023 to 2026.
_NO_FORM = Failure(status=400, type=INVALID, message="Could not parse multipart form")
_PARTS_AT_MOST = 2_000
"""This program's own limit: no request of the SDKs comes near to it."""
_DEPTH_AT_MOST = 8


# Bytes → parts --------------------------------------------------------------------------------------------------------


def _split(content_type: str, body: bytes) -> list[_Part]:
    _, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestRefused(_NO_FORM)
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.add_to_field,
                "on_header_value": parts.add_to_value,
                "on_header_end": parts.end_header,
                "on_part_data": parts.add,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise RequestRefused(_NO_FORM) from None
    if not parts.is_whole:
        raise RequestRefused(_NO_FORM)
    return parts.found


class _Parts:
    """The parts that the parser finds. They hold copies of their bytes, so that the body itself can go."""

    def __init__(self) -> None:
        self.found: list[_Part] = []
        self.is_whole = False
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._pieces: list[bytes] = []

    def begin(self) -> None:
        if len(self.found) >= _PARTS_AT_MOST:
            raise RequestRefused(_NO_FORM)
        self._headers, self._field, self._value, self._pieces = {}, b"", b"", []

    def add_to_field(self, whole: bytes, start: int, end: int) -> None:
        self._field += whole[start:end]

    def add_to_value(self, whole: bytes, start: int, end: int) -> None:
        self._value += whole[start:end]

    def end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def add(self, whole: bytes, start: int, end: int) -> None:
        self._pieces.append(whole[start:end])

    def end(self) -> None:
        self.found.append(_read_part(self._headers, b"".join(self._pieces)))

    def finish(self) -> None:
        self.is_whole = True


def _read_part(headers: Mapping[bytes, bytes], content: bytes) -> _Part:
    _, options = parse_options_header(headers.get(b"content-disposition"))
    name = options.get(b"name")
    if not name:
        raise RequestRefused(_NO_FORM)
    filename = options.get(b"filename")
    if filename is not None:
        kind = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
        return _Part(_text(name), SentFile(_text(filename), kind, content))
    try:
        return _Part(_text(name), content.decode())
    except UnicodeDecodeError:
        raise RequestRefused(_NO_FORM) from None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


# Parts → object -------------------------------------------------------------------------------------------------------


def _join(parts: Iterable[_Part]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in parts:
        first, rest = _read_name(name)
        _put(body, first, rest, value)
    return body


def _read_name(name: str) -> tuple[str, tuple[str, ...]]:
    """Read `a[b][]` as `a` and the steps `b` and nothing; any other name stands for itself."""
    first, _, rest = name.partition("[")
    if not first or not rest.endswith("]"):
        return name, ()
    steps = tuple(rest[:-1].split("]["))
    if len(steps) > _DEPTH_AT_MOST:
        raise RequestRefused(_NO_FORM)
    return (name, ()) if any(letter in step for step in steps for letter in "[]") else (first, steps)


def _put(holder: dict[str, Any], name: str, steps: tuple[str, ...], value: str | SentFile) -> None:
    there = holder.get(name)
    if not steps:
        holder[name] = value if there is None else [*_members(there), value]
        return
    step, *more = steps
    if step:
        inner = there if _is_object(there) else {}
        holder[name] = inner
        _put(inner, step, tuple(more), value)
    elif not more:
        holder[name] = [*_members(there), value]
    else:
        # `a[][b]=1&a[][c]=2` are one member until a name comes again.
        members = _members(there)
        if not members or not _is_object(members[-1]) or more[0] in members[-1]:
            members = [*members, {}]
        holder[name] = members
        _put(members[-1], more[0], tuple(more[1:]), value)


def _members(value: Any) -> list[Any]:  # noqa: ANN401 - a member of a form
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:  # noqa: ANN401 - a member of a form
    return isinstance(value, dict) and not isinstance(value, SentFile)


# Texts → values -------------------------------------------------------------------------------------------------------

FieldKind = type[bool] | type[int] | type[float] | Mapping[str, "FieldKind"]
"""Of a member that is no text, or those of an object."""


def type_fields(body: Mapping[str, Any], kinds: Mapping[str, FieldKind]) -> dict[str, Any]:
    """Return the body with numbers and booleans in place of the texts for them; a text that is neither stays."""
    return {name: _type_value(value, kinds[name]) if name in kinds else value for name, value in body.items()}


def _type_value(value: Any, kind: FieldKind) -> Any:  # noqa: ANN401 - a member of a body
    if isinstance(kind, Mapping):
        return type_fields(value, kind) if _is_object(value) else value
    if not isinstance(value, str):
        return value
    if kind is bool:
        return _BOOLEANS.get(value.lower(), value)
    try:
        return kind(value) if value[-1:].isdigit() else value
    except ValueError:
        return value


_BOOLEANS = {"true": True, "false": False}


def files_in(body: Mapping[str, Any], name: str) -> Iterator[SentFile]:
    """Yield the files of a member, which is one file or a list."""
    value = body.get(name)
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, SentFile):
            yield each
