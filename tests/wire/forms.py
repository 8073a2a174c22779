"""Forms as clients send them."""

from collections.abc import Iterable

from llemulator_addon.core.request import Request
from tests.playing import TOKEN, request

File = tuple[str, bytes]
"""Its name and its bytes."""

_BOUNDARY = "wXyZ"


def form(path: str, *fields: tuple[str, str | File], token: str | None = TOKEN, at: float = 0.0) -> Request:
    """Send a form of these fields in this order."""
    return send_form(path, write_form(fields), token=token, at=at)


def send_form(path: str, body: bytes, *, token: str | None = TOKEN, at: float = 0.0) -> Request:
    """Send bytes as a form."""
    headers = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return request("POST", path, body=body, token=token, at=at, headers=headers)


def write_form(fields: Iterable[tuple[str, str | File]]) -> bytes:
    """Spell a form."""
    return b"".join(_part(name, value) for name, value in fields) + f"--{_BOUNDARY}--\r\n".encode()


def _part(name: str, value: str | File) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}\r\n".encode("utf-8", "replace")
    filename, content = value
    return (
        f'{head}; filename="{filename}"\r\nContent-Type: text/plain\r\n\r\n'.encode("utf-8", "replace")
        + content
        + b"\r\n"
    )
