"""Python imports this at its start, by `PYTHONPATH`: OpenAI's hosts resolve to the emulator, which is trusted."""  # noqa: INP001 - a folder of Python's path

# For clients that ask no proxy variable (aiohttp without `trust_env`, urllib3, http.client), and for those that bring
# roots of their own whatever the variables say (`trust_env=False`, `verify=` with certifi's). The emulator's port takes
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


def _trust(ssl: object, ca: str, globs: list) -> None:  # type: ignore[type-arg] # the same
    """Have each TLS handshake with OpenAI's hosts trust the emulator in addition to the client's authorities."""
    contexts = vars(ssl)["SSLContext"]

    def trusting(wrap: object, place: int) -> object:
        def wrap_call(context: object, *given: object, **named: object) -> object:
            host = named.get("server_hostname", given[place] if len(given) > place else None)
            if host and _is_openai(host, globs):
                context.load_verify_locations(ca)  # type: ignore[attr-defined] # an SSLContext
            return wrap(context, *given, **named)  # type: ignore[operator] # a method

        return wrap_call

    # Where each of them takes the name, if not by keyword.
    contexts.wrap_socket = trusting(contexts.wrap_socket, 4)
    contexts.wrap_bio = trusting(contexts.wrap_bio, 3)


class _WhenImported:
    """Finds `ssl` as Python would, and has it trust. Most programs never import it, and it takes long."""

    def __init__(self, ca: str, globs: list) -> None:  # type: ignore[type-arg] # the same
        self._ca = ca
        self._globs = globs

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name != "ssl":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type] # a finder, in all that is asked of one
        finders = (finder.find_spec(name, path, target) for finder in sys.meta_path)  # type: ignore[arg-type] # the same
        spec = next((found for found in finders if found is not None), None)
        load = getattr(spec and spec.loader, "exec_module", None)
        if load is not None:
            spec.loader.exec_module = self._trusting(load)  # type: ignore[union-attr, method-assign] # its own loader
        return spec

    def _trusting(self, load: object) -> object:
        def exec_module(module: object) -> None:
            load(module)  # type: ignore[operator] # a method
            _trust(module, self._ca, self._globs)

        return exec_module


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
    _globs = os.environ.get("LLEMULATOR_RUN_HOSTS", "").split(",")
    _ca = os.environ.get("LLEMULATOR_RUN_CA", "")
    _lead(_here, _port, _globs)
    if "ssl" in sys.modules:
        _trust(sys.modules["ssl"], _ca, _globs)
    else:
        sys.meta_path.insert(0, _WhenImported(_ca, _globs))  # type: ignore[arg-type] # the same
if __name__ == "sitecustomize":
    _run_shadowed()
