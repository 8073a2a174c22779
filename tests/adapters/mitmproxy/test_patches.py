import pytest
from mitmproxy.http import Headers

from llemulator_addon.adapters.mitmproxy.internals.patches import get_header

_HEADERS = Headers(
    [(b"Host", b"api.openai.com"), (b"X-Twice", b"one"), (b"x-twice", b"tw\xc3\xb6"), (b"X-Odd", b"\xff")]
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "api.openai.com"),
        (b"HOST", "api.openai.com"),
        ("X-Twice", "one, twö"),
        ("x-odd", "\udcff"),
        ("missing", None),
    ],
)
def test_a_header_is_found_as_mitmproxy_finds_it(name: str | bytes, value: str | None) -> None:
    assert get_header(_HEADERS, name) == value
    assert get_header(_HEADERS, name, "else") == (value or "else")
    # Not by `get`, which another test may have replaced.
    assert ", ".join(_HEADERS.get_all(name)) == (value or "")
