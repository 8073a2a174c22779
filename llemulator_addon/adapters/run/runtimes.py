"""Which runtime a command is of, and why one may have gone past the proxy."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from llemulator_addon.adapters.hosts import Hosts

Runtime = Literal["python", "node", "bun", "deno", "java", "go", "ruby", "php", "dotnet", "wget", "curl"]

_NAMES: tuple[tuple[str, Runtime], ...] = (
    (r"python[\d.]*|pypy[\d.]*|uvicorn|gunicorn|flask|django-admin|pytest|poetry|uv|pip\d?|jupyter", "python"),
    (r"node(js)?|npm|npx|pnpm|yarn|tsx|ts-node|next|vite|jest|vitest", "node"),
    (r"bunx?", "bun"),
    (r"deno", "deno"),
    (r"java|mvnw?|gradlew?|kotlin|scala|sbt", "java"),
    (r"go", "go"),
    (r"ruby|rails|bundle|rake|rspec", "ruby"),
    (r"php[\d.]*|composer|artisan", "php"),
    (r"dotnet", "dotnet"),
    (r"wget", "wget"),
    (r"curl", "curl"),
)
_GO_MAGIC = b"\xff Go buildinf:"
"""The mark that Go writes into each program, https://pkg.go.dev/debug/buildinfo."""
_LOOKED_INTO = 64 << 20

REASONS: Mapping[Runtime, str] = {
    "python": "a client with a proxy or a resolver of its own (uvloop, aiodns),"
    " or `python -I`, `-E` or `-S`, which leave out what leads the others here",
    "node": "a base URL in its configuration, its own proxy, or NODE_OPTIONS replaced on the way",
    "bun": "Node's https module or got, which in Bun need NODE_USE_ENV_PROXY to be supported, or a base URL of its own",
    "deno": "Deno was not allowed to read the environment or the network (--allow-env, --allow-net)",
    "java": "a client built with a proxy selector of its own (Proxy.NO_PROXY), or Reactor Netty without"
    " proxyWithSystemProperties()",
    "go": "an http.Transport without Proxy: http.ProxyFromEnvironment",
    "ruby": "a client that uses no proxy (Net::HTTP.new(host, port, nil))",
    "php": "PHP's streams (file_get_contents, fopen), which know no proxy variable; its curl extension does",
    "dotnet": "an HttpClientHandler with UseProxy = false or a proxy of its own",
    "wget": "--no-proxy",
    "curl": "--noproxy, or a proxy in .curlrc",
}


def runtime_of(command: Sequence[str], program: Path) -> Runtime | None:
    """Return the runtime of a command by its name, by the first line of its file, or by what is in its file.

    Of one that runs another (`sh -c`, `env`, `timeout`), it is the first that is named in its arguments.
    """
    return (
        _find_by_name(Path(command[0]).name)
        or _find_by_name(program.resolve().name)
        or _first_named(_words_of_first_line(program))
        or ("go" if _is_go(program) else None)
        or _first_named(Path(word).name for words in command[1:] for word in words.split())
    )


def why_not(runtime: Runtime | None, environment: Mapping[str, str], hosts: Hosts) -> Iterator[str]:
    """Yield reasons for which nothing came, the likeliest first."""
    for name in sorted(environment):
        value = environment[name]
        if (
            name.upper().endswith(("BASE_URL", "API_BASE", "_ENDPOINT"))
            and _is_url(value)
            and not _leads_here(value, hosts)
        ):
            yield f"{name} resolves to another address"
    if runtime is not None:
        yield f"{runtime}: {REASONS[runtime]}"
    yield "another base URL in the program's own configuration (--base-url is for those that read OPENAI_BASE_URL)"
    yield "requests made by a program that was running before, as a server, a daemon or a container"
    yield "a client that reads no proxy variable: --listen 443, and api.openai.com in /etc/hosts, lead it here"


def _first_named(words: Iterable[str]) -> Runtime | None:
    return next(filter(None, map(_find_by_name, words)), None)


def _find_by_name(name: str) -> Runtime | None:
    bare = name.lower().removesuffix(".exe")
    return next((runtime for pattern, runtime in _NAMES if re.fullmatch(pattern, bare)), None)


def _words_of_first_line(program: Path) -> list[str]:
    with suppress(OSError), program.open("rb") as opened:
        line = opened.readline(256)
        if line.startswith(b"#!"):
            return [Path(word).name for word in line[2:].decode("utf-8", "replace").split()]
    return []


def _is_go(program: Path) -> bool:
    try:
        with program.open("rb") as opened:
            return _GO_MAGIC in opened.read(_LOOKED_INTO)
    except OSError:
        return False


def _is_url(value: str) -> bool:
    return value.startswith(("http://", "https://"))


def _leads_here(url: str, hosts: Hosts) -> bool:
    with suppress(ValueError):
        return urlsplit(url).hostname in hosts
    return False
