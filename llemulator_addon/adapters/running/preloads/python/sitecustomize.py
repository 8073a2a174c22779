"""What Python imports at its start, by `PYTHONPATH`: names of OpenAI's hosts lead to the emulator."""  # noqa: INP001 - a folder of Python's path

# For clients that ask no proxy variable (aiohttp without `trust_env`, urllib3, http.client). The emulator's port takes
# a bare TLS handshake, so the client verifies the certificate and the name as it always does. This runs in whatever
# Python the application has: it is written for 3.6 too, and imports nothing but Python's own.

import os
import socket
import sys

_TLS = (443, "443", "https", b"443", b"https")
_asked = vars(socket)["getaddrinfo"]


def _lead(here: str, port: str, globs: list) -> None:  # type: ignore[type-arg] # an older Python knows no list[str]
    def getaddrinfo(host: object, service: object, family: int = 0, *rest: object, **named: object) -> object:
        if service not in _TLS or not _is_openai(host, globs):
            return _asked(host, service, family, *rest, **named)
        # A socket of IPv6 reaches a listener of IPv4 by its mapped address.
        mapped = "::ffff:" + here if family == socket.AF_INET6 and ":" not in here else here
        return _asked(mapped, port, family, *rest, **named)

    vars(socket)["getaddrinfo"] = getaddrinfo


def _is_openai(host: object, globs: list) -> bool:  # type: ignore[type-arg] # the same
    from fnmatch import fnmatchcase  # noqa: PLC0415 - most programs never ask for a host

    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return any(fnmatchcase(name.lower().rstrip("."), glob) for glob in globs)


def _run_shadowed() -> None:
    """Let the `sitecustomize` run that would have run without this one, and leave no trace on `sys.path`."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would be imported at every start
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100 - the same
    own = sys.modules.pop(__name__)
    try:
        __import__(__name__)
    except ImportError as error:
        if error.name != __name__:
            raise
        sys.modules[__name__] = own


_here, _, _port = os.environ.get("LLEMULATOR_RUN_ADDRESS", "").rpartition(":")
if _here:
    _lead(_here, _port, os.environ.get("LLEMULATOR_RUN_HOSTS", "").split(","))
if __name__ == "sitecustomize":
    _run_shadowed()
