"""Texts of PDF and Word files, by libraries that are installed with `llemulator[documents]`."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from io import BytesIO

from llemulator_addon.wire.vector_stores.texts import Unreadable

_PAGES_AT_MOST = 2_000


def find_readers() -> Mapping[str, Callable[[bytes], str]]:
    """Return the readers whose libraries are installed, by extension. The libraries are imported when one is used."""
    readers = {".pdf": ("pypdf", _read_pdf), ".docx": ("docx", _read_docx)}
    return {extension: reader for extension, (library, reader) in readers.items() if find_spec(library) is not None}


def _read_pdf(content: bytes) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 - may be missing, and takes long

    try:
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages[:_PAGES_AT_MOST])
    except Exception as problem:
        # A broken file makes the library raise anything.
        raise Unreadable(_BROKEN) from problem


def _read_docx(content: bytes) -> str:
    from docx import Document  # noqa: PLC0415 - may be missing, and takes long

    try:
        return "\n".join(each.text for each in Document(BytesIO(content)).paragraphs)
    except Exception as problem:
        raise Unreadable(_BROKEN) from problem


_BROKEN = "it is broken"
