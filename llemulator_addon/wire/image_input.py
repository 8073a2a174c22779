"""Images that the API refuses by their address or encoding, without looking at them.

Its words are from public reports of 2025 and 2026.
"""

from binascii import Error, a2b_base64

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.errors import INVALID

_EXPECTED = (
    "Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=')"
)
_FORMATS = ("png", "jpeg", "jpg", "gif", "webp")


def refuse_image(url: str, param: str, said: str) -> Failure | None:
    """Return how an image's URL is refused; `said` is what comes before the expectation: `Invalid 'x'.`."""
    if url[:8].lower().startswith(("https://", "http://")):
        return None
    kind, content = _split_url(url)
    if kind is not None and kind.startswith("image/") and kind.removeprefix("image/") not in _FORMATS:
        return Failure(status=400, type=INVALID, code="invalid_image_format", message=_UNSUPPORTED)
    if (found := _amiss(kind, content)) is None:
        return None
    message = f"{said} {_EXPECTED}, but got {found}."
    return Failure(status=400, type=INVALID, param=param, code="invalid_value", message=message)


_UNSUPPORTED = (
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', "
    "'gif', 'webp']."
)


def _split_url(url: str) -> tuple[str | None, str]:
    """Return the type and the content of a data URL; None for another."""
    if url[:5].lower() != "data:":
        return None, ""
    head, _, content = url.partition(",")
    return head[5:].partition(";")[0].lower(), content


def _amiss(kind: str | None, content: str) -> str | None:
    if kind is None:
        return "a value without the 'data:' prefix"
    if not kind.startswith("image/"):
        return f"unsupported MIME type '{kind}'"
    if not content:
        return "empty base64-encoded bytes"
    try:
        a2b_base64(content.encode(), strict_mode=True)
    except (Error, ValueError):
        return "an invalid base64-encoded value"
    return None
