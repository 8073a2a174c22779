"""Refusals of images and files in a request, without looking at them: by how they are addressed or enclosed.

The words are from public reports of 2025 and 2026, and recorded for files on Responses.
"""

from binascii import Error, a2b_base64

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.checking import Place, refuse, refuse_missing, refuse_type, spell
from llemulator_addon.wire.errors import INVALID, RequestRefused

# Images -------------------------------------------------------------------------------------------------------------


def chat_image(place: Place, given: JSON) -> None:
    """Check the URL of an image in a chat completion."""
    _check_image(place, given, "Invalid image URL: '{}'.")


def responses_image(place: Place, given: JSON) -> None:
    """Check the URL of an image in Responses."""
    _check_image(place, given, "Invalid '{}'.")


_IMAGE = (
    "Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=')"
)
_FORMATS = ("png", "jpeg", "jpg", "gif", "webp")


def _check_image(place: Place, url: JSON, said: str) -> None:
    if not isinstance(url, str):
        raise refuse_type(place, "a string", url)
    if url[:8].lower().startswith(("https://", "http://")):
        return
    kind, content = _split_url(url)
    if kind is not None and kind.startswith("image/") and kind.removeprefix("image/") not in _FORMATS:
        raise RequestRefused(Failure(status=400, type=INVALID, code="invalid_image_format", message=_UNSUPPORTED))
    wrong_kind = kind is not None and not kind.startswith("image/")
    refuse(_refuse_enclosed(place, f"{said} {_IMAGE}", kind, content, wrong_kind=wrong_kind))


_UNSUPPORTED = (
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', "
    "'gif', 'webp']."
)

# Files --------------------------------------------------------------------------------------------------------------


def chat_file(place: Place, given: JSON) -> None:
    """Check a file in a chat completion: uploaded before, or a PDF with its name.

    Reported: without a name, a file with contents counts as one that was uploaded, and misses its id.
    """
    if not isinstance(given, dict):
        raise refuse_type(place, "an object", given)
    if given.get("file_id") is not None:
        return
    if (enclosed := given.get("file_data")) is None:
        raise refuse_missing(place, "file_id")
    at: Place = (place, "file_data")
    kind, content = _read_url(at, enclosed)
    wrong_kind = kind is not None and kind != "application/pdf"
    refuse(_refuse_enclosed(at, f"Invalid file data: '{{}}'. {_PDF}", kind, content, wrong_kind=wrong_kind))
    if given.get("filename") is None:
        raise refuse_missing(place, "file_id")


def responses_file(place: Place, given: JSON) -> None:
    """Check an `input_file` of a message, whose contents may be base64 alone: no report of a refusal is known."""
    _check_file(place, given, is_output=False)


def output_file(place: Place, given: JSON) -> None:
    """Check an `input_file` of a tool's result, whose contents must be a data URL."""
    _check_file(place, given, is_output=True)


_PDF = (
    "Expected a base64-encoded data URL with an application/pdf MIME type (e.g. "
    "'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ==')"
)
_FILE = (
    "Invalid file data: '{}'. Expected a base64-encoded data URL with a valid file MIME type (e.g. "
    "'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ==')"
)
_WHICH = (
    " Please see https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file "
    "types."
)
_NEVER_READ = ("audio/", "video/", "image/", "font/", "application/zip", "application/octet-stream")
"""Beginnings of types that are no documents. Recorded for audio/mpeg; OpenAI's list of supported files has none."""
_NO_DOCUMENTS = (".mp3", ".wav", ".m4a", ".ogg", ".flac", ".mp4", ".mov", ".avi", ".webm", ".mkv", ".zip")
"""Ends of URLs of such files. Recorded for .mp3."""


def _check_file(place: Place, given: JSON, *, is_output: bool) -> None:
    if not isinstance(given, dict):
        raise refuse_type(place, "an object", given)
    url, enclosed = given.get("file_url"), given.get("file_data")
    if isinstance(url, str) and url.partition("?")[0].partition("#")[0].lower().endswith(_NO_DOCUMENTS):
        raise RequestRefused(_UNSUPPORTED_FILE)
    if enclosed is None:
        return
    at: Place = (place, "file_data")
    kind, content = _read_url(at, enclosed)
    if kind is not None:
        wrong_kind = kind.startswith(_NEVER_READ)
        refuse(_refuse_enclosed(at, _FILE, kind, content, wrong_kind=wrong_kind, more=_WHICH if wrong_kind else ""))
    elif is_output:
        param = spell(at)
        message = f"Invalid '{param}'."
        raise RequestRefused(Failure(status=400, type=INVALID, param=param, code="invalid_value", message=message))
    if given.get("filename") is None:
        raise refuse_missing(place, "filename")


_UNSUPPORTED_FILE = Failure(
    status=400,
    type=INVALID,
    param="input",
    code="unsupported_file",
    message="The file type you uploaded is not supported. Please try again with a pdf",
)

# Data URLs ----------------------------------------------------------------------------------------------------------


def _read_url(place: Place, given: JSON) -> tuple[str | None, str]:
    if not isinstance(given, str):
        raise refuse_type(place, "a string", given)
    return _split_url(given)


def _split_url(url: str) -> tuple[str | None, str]:
    """Return the type and the content of a data URL; None for another."""
    if url[:5].lower() != "data:":
        return None, ""
    head, _, content = url.partition(",")
    return head[5:].partition(";")[0].lower(), content


def _refuse_enclosed(  # noqa: PLR0913 - what a message is made of
    place: Place, said: str, kind: str | None, content: str, *, wrong_kind: bool, more: str = ""
) -> Failure | None:
    """Refuse what is enclosed; `said` is the message before what was found, with `{}` for the place."""
    if kind is None:
        found = "a value without the 'data:' prefix"
    elif wrong_kind:
        found = f"unsupported MIME type '{kind}'"
    elif not content:
        found = "empty base64-encoded bytes"
    elif not _is_base64(content):
        found = "an invalid base64-encoded value"
    else:
        return None
    param = spell(place)
    message = f"{said.format(param)}, but got {found}.{more}"
    return Failure(status=400, type=INVALID, param=param, code="invalid_value", message=message)


def _is_base64(content: str) -> bool:
    try:
        a2b_base64(content.encode(), strict_mode=True)
    except (Error, ValueError):
        return False
    return True
