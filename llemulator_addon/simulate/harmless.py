"""Values that harm nobody who acts on them: what is run, written, fetched or asked of a database.

A client may execute a simulated call without a person who looks at it. So these values never come from the prompt.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, assert_never

from llemulator_addon.core.chance import Chance

Words = tuple[str, ...]
ActingKind = Literal["command", "code", "sql", "path", "folder", "url", "patch", "danger"]

FOLDER = "/tmp/llemulator"  # noqa: S108 - shown to clients, never opened here
"""Below this all paths lie."""
ECHO = "echo hello"
_PATCH = f"*** Begin Patch\n*** Add File: {FOLDER}/notes.txt\n+hello\n*** End Patch"


def kind_of(name: Words, doing: frozenset[str]) -> ActingKind | None:
    """Return what is done with a property by its name; `doing` are the words of the tool. None: nothing dangerous."""
    words = frozenset(name) | frozenset(word.removesuffix("s") for word in name)
    whole = frozenset({"".join(name), "".join(name).removesuffix("s")})
    last = frozenset({word.removesuffix("s") for word in name[-1:]}) | whole
    executes = doing & _EXECUTES
    tried: tuple[tuple[ActingKind, object], ...] = (
        ("danger", words & _DANGERS),
        ("command", whole & _COMMANDS or (executes and whole & _INPUTS)),
        ("code", whole & _CODES or (doing & (_EXECUTES | _LANGUAGES.keys()) and whole & _MAYBE_CODES)),
        ("sql", words & _SQL or (doing & _DATABASES and whole & _QUERIES)),
        ("patch", whole & _PATCHES),
        ("folder", last & _FOLDERS),
        ("path", last & _PATHS),
        ("url", words & _URLS),
    )
    return next((kind for kind, holds in tried if holds), None)


def values_of(acting: ActingKind, kind: str, name: Words, doing: frozenset[str], chance: Chance) -> Iterator[Any]:
    """Yield a harmless value of a JSON type, if one is known."""
    match kind:
        case "string" if acting != "danger":
            yield _text_of(acting, doing, chance)
        case "array" if acting == "command" and name[-1:] != ("commands",):
            yield ["echo", "hello"]  # one command in its words; where there are several, each is made by itself
        case "boolean" if acting == "danger":
            yield False
        case _:
            pass


def _text_of(kind: ActingKind, doing: frozenset[str], chance: Chance) -> str:
    """Return a harmless text of a kind."""
    match kind:
        case "command":
            return ECHO
        case "code":
            return next((_LANGUAGES[word] for word in sorted(doing & _LANGUAGES.keys())), ECHO)
        case "sql":
            return "SELECT 1"
        case "patch":
            return _PATCH
        case "folder":
            return FOLDER
        case "path":
            return f"{FOLDER}/{chance.one(_FILES)}"
        case "url":
            return f"https://example.com/{chance.one(_PAGES)}"
        case "danger":
            return "none"
        case never:
            assert_never(never)


def free_text(name: Words, doing: frozenset[str]) -> str | None:
    """Return the input of a tool that takes any text; None where that is not acted on."""
    words = frozenset(name)
    if words & _PATCHES:
        return _PATCH
    if doing & _DATABASES and words & {"query", "sql", "run", "execute"}:
        return "SELECT 1"
    if words & (_EXECUTES | _CODE_WORDS) or doing & _RUNS_CODE:
        return next((_LANGUAGES[word] for word in sorted(doing & _LANGUAGES.keys())), ECHO)
    return None


def deletes(name: Words) -> bool:
    """Whether a tool takes something away, by its name."""
    return bool(frozenset(name) & _DELETES)


def harmless_first(values: Sequence[Any]) -> list[Any]:
    """Return the values of an enum that delete and write nothing; all of them if there are no such values."""
    kept = [value for value in values if not (isinstance(value, str) and _split(value) & (_DELETES | _WRITES))]
    return kept or list(values)


def _split(value: str) -> frozenset[str]:
    return frozenset("".join(letter if letter.isalnum() else " " for letter in value.lower()).split())


_COMMANDS = frozenset(
    {"command", "cmd", "commandline", "shellcommand", "bashcommand", "bash", "shell", "script", "argv", "exec", "stdin",
     "char", "keystroke", "terminalcommand", "execute", "cli", "powershell"}
)  # fmt: skip
_INPUTS = frozenset({"input", "text", "line", "arg", "argument"})
_EXECUTES = frozenset(
    {"shell", "bash", "exec", "terminal", "execute", "interpreter", "powershell", "subprocess", "stdin"}
)
_RUNS_CODE = frozenset({"interpreter", "sandbox", "repl"})
_CODE_WORDS = frozenset({"code", "python", "javascript", "js", "script", "command"})
_CODES = frozenset({"sourcecode", "pythoncode", "javascriptcode", "program", "codetorun", "codeblock", "codesnippet"})
_MAYBE_CODES = frozenset({"code", "source", "snippet", "function"})
_QUERIES = frozenset({"query", "statement", "queries"})
_LANGUAGES: Mapping[str, str] = {
    "python": 'print("hello")',
    "javascript": 'console.log("hello")',
    "js": 'console.log("hello")',
    "typescript": 'console.log("hello")',
    "node": 'console.log("hello")',
    "sql": "SELECT 1",
}
_SQL = frozenset({"sql"})
_DATABASES = frozenset(
    {"sql", "sqlite", "postgres", "postgresql", "mysql", "database", "db", "bigquery", "snowflake", "duckdb"}
)
_PATCHES = frozenset({"patch", "diff"})
_PATHS = frozenset(
    {"path", "file", "filepath", "filename", "notebook", "filetext", "outfile", "outputfile", "inputfile"}
)
_FOLDERS = frozenset({"directory", "folder", "dir", "cwd", "workdir", "workingdirectory", "directorie"})
_URLS = frozenset({"url", "uri", "link", "href", "website", "webpage", "homepage", "endpoint", "site"})
_DELETES = frozenset(
    {"delete", "remove", "drop", "destroy", "purge", "rm", "rmdir", "unlink", "uninstall", "kill", "wipe", "erase",
     "truncate", "clear", "revoke", "shutdown"}
)  # fmt: skip
_WRITES = frozenset(
    {"write", "create", "overwrite", "replace", "insert", "edit", "move", "push", "danger", "escalated"}
)
_DANGERS = _DELETES | {"dangerously", "danger", "escalated", "sudo", "overwrite", "force", "recursive"}
_FILES = ("notes.txt", "draft.txt", "list.txt", "report.txt")
_PAGES = ("guide", "news", "notes", "overview")
