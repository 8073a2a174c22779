"""The text of a file, by the extension of its name. The extensions are those of OpenAI's guide to file search."""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import override

DocumentReader = Callable[[bytes], str]
"""Returns the text of a file's bytes; raises `Unreadable`."""


class Unreadable(Exception):
    """A file without a text that can be read; its text is the reason."""


def extension_of(name: str) -> str:
    """Return the extension with its dot, in lower case; `none` where a name has none, as OpenAI calls it."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if dot and stem else "none"


def is_supported(name: str) -> bool:
    """Whether OpenAI searches files of this name."""
    return extension_of(name) in SUPPORTED


def read_text(name: str, content: bytes, readers: Mapping[str, DocumentReader]) -> str:
    """Return the text of a file; raises `Unreadable`. `readers` are those of libraries that may be missing."""
    extension = extension_of(name)
    if extension in _BY_LIBRARY and extension not in readers:
        raise Unreadable('reading it takes a library that is not here; install "llemulator[documents]"')
    return {**_READERS, **readers}.get(extension, _decode)(content)


def _decode(content: bytes) -> str:
    """Read UTF-8, or UTF-16 with its mark."""
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(coding)
    except UnicodeDecodeError:
        raise Unreadable("its encoding is neither UTF-8 nor UTF-16") from None


class _PageWords(HTMLParser):
    """Collects what a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._hidden = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.shown.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0

    @override
    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.shown.append(data)


_HIDDEN = frozenset({"script", "style", "template"})
_BREAKS = frozenset({"br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "td", "th", "title", "tr"})


def _read_html(content: bytes) -> str:
    words = _PageWords()
    words.feed(_decode(content))
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.shown).splitlines())
    return "\n".join(line for line in lines if line)


_READERS: Mapping[str, DocumentReader] = {".html": _read_html}
_BY_LIBRARY = frozenset({".pdf", ".docx"})

_CODE = (".c", ".cpp", ".cs", ".css", ".go", ".java", ".js", ".php", ".py", ".rb", ".sh", ".tex", ".ts")
SUPPORTED = frozenset({*_CODE, ".docx", ".html", ".json", ".md", ".pdf", ".txt"})
"""Those of OpenAI that are read here; `.doc` and `.pptx` are not."""
