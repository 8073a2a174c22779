"""Texts of PDF and Word files."""

from io import BytesIO

import pytest
from docx import Document
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from llemulator_addon.adapters.documents import find_readers
from llemulator_addon.wire.vector_stores.texts import Unreadable, read_text


def _pdf(words: str) -> bytes:
    """A page with some words."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    name = NameObject
    font = DictionaryObject(
        {name("/Type"): name("/Font"), name("/Subtype"): name("/Type1"), name("/BaseFont"): name("/Helvetica")}
    )
    content = DecodedStreamObject()
    content.set_data(f"BT /F1 12 Tf 10 100 Td ({words}) Tj ET".encode())
    page[name("/Resources")] = DictionaryObject({name("/Font"): DictionaryObject({name("/F1"): font})})
    page[name("/Contents")] = writer._add_object(content)  # noqa: SLF001 - the library has no other way to write words
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _docx(words: str) -> bytes:
    document, written = Document(), BytesIO()
    document.add_paragraph(words)
    document.save(written)
    return written.getvalue()


@pytest.mark.parametrize(("name", "content"), [("a.pdf", _pdf("Hello there")), ("a.DOCX", _docx("Hello there"))])
def test_the_words_of_a_document_are_read(name: str, content: bytes) -> None:
    assert read_text(name, content, find_readers()).strip() == "Hello there"


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_a_broken_document_cannot_be_read(name: str) -> None:
    with pytest.raises(Unreadable, match="broken"):
        read_text(name, b"no document", find_readers())


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_without_its_library_a_document_says_how_to_install_it(name: str) -> None:
    with pytest.raises(Unreadable, match=r"llemulator\[documents\]"):
        read_text(name, b"", {})
