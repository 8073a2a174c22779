"""Methods of mitmproxy that are replaced for the whole process. Together they cost a tenth of each request.

Only a process of our own does this. Stock mitmdump, in which addons of others run, stays as it is.
"""

from typing import Any

from mitmproxy import http


def replace_slow_methods() -> None:
    """Replace two slow methods. May be called again.

    Price: nothing checks the fields of a message that is made with values of wrong types, and `Headers.get` of a
    subclass of ours or of mitmproxy's ignores what the subclass does in `__getitem__`.
    """
    # mitmproxy checks its own messages unless Python runs with `-O`.
    http.MessageData.__post_init__ = lambda _: None  # type: ignore[method-assign]
    # It looks for a header a dozen times: through three classes, and with an exception for each that is not there.
    http.Headers.get = get_header  # type: ignore[method-assign, assignment]


def get_header(headers: http.Headers, name: str | bytes, default: Any = None) -> Any:  # noqa: ANN401 - as mitmproxy's
    """Return the values of a header as one, as `Headers.get` does."""
    wanted = (name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")).lower()
    found = [value for field, value in headers.fields if field.lower() == wanted]
    return b", ".join(found).decode("utf-8", "surrogateescape") if found else default
