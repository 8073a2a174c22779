"""The fixture's value: one session, with its token, script, journal and verdict."""

import inspect
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, override

from llemulator_addon.adapters.pytest_plugin.proxy import Proxy
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.client import Client, Clock, Exchange, Finding, Unclaimed, Verdict
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.wire.credentials import key_of

# pytest leaves this file out of its tracebacks: a failure is shown at the line of the test.
__tracebackhide__ = True

ABOUT_THE_SCRIPT = frozenset(("unmatched", "unsupported", "unused", "expectation", "order", "egress", "unclaimed"))
"""Findings that are not about how the client behaved."""


LINE = "line"
"""The name in the evidence of a finding under which the line of the test stands that added its rule."""


class Unverified(AssertionError):
    """The session has findings."""


class Llemulator:
    """A session of the emulator, of one test."""

    def __init__(self, proxy: Proxy, client: Client, folders: Sequence[Path] = ()) -> None:
        """Scripts are searched in `folders`; requests use the connection of `client`."""
        self.token = f"sk-llemulator-{secrets.token_hex(12)}"
        """The API key of the test: it names the session."""
        self.url = proxy.url
        self.client = client.copy_for(self.token)
        """The admin routes."""
        self.settings = PluginSettings()
        self.environment = proxy.environment(self.token, os.environ)
        self.selections: list[On] = []
        """The selections that `on` returned, in the order of the calls."""
        self._folders = tuple(folders)
        self._names: Counter[str] = Counter()
        self._lines: dict[str, str] = {}
        """The line of the test that added a rule, by the rule's name."""

    @override
    def __repr__(self) -> str:
        """Name the rules."""
        return f"<llemulator with {', '.join(self._lines) or 'no rules'}>"

    @property
    def clock(self) -> Clock:
        """The clock of this session, by which rate limits and outages go: `clock.advance(60)`."""
        return self.client.clock

    @property
    def env(self) -> dict[str, str]:
        """The whole environment for a program that the test starts."""
        return self.environment.apply_to(os.environ)

    @property
    def base_url(self) -> str:
        """The base URL, for clients that do not read the environment."""
        return f"{self.url}/v1"

    @property
    def digest(self) -> str:
        """The digest of the token."""
        return digest_of(key_of(self.token))

    # The script

    def script(self, script: str | Path | Mapping[str, object] | Sequence[object]) -> "Llemulator":
        """Add a script: a file's path, a script's text in YAML or JSON, or its value."""
        match script:
            case Path():
                self._load_file(script)
            case str() if "\n" not in script and script.endswith((".yaml", ".yml", ".json")):
                self._load_file(Path(script))
            case str():
                self.client.load_text(script)
            case _:
                self.client.load(script)
        return self

    def reply(self, reply: str | Mapping[str, object], *, times: int | None = 1, **rule: object) -> "Llemulator":
        """Answer the next request with a text, or with a reply as in a rule."""
        return On(self).reply(reply, times=times, **rule)

    def stream(self, text: str, *, times: int | None = 1, **rhythm: object) -> "Llemulator":
        """Answer the next request with a text in a rhythm: `ttft_ms`, `tokens_per_second`, `jitter`, `chunk_by`."""
        return On(self).stream(text, times=times, **rhythm)

    def fail(self, status: int, *, times: int | None = 1, **failure: object) -> "Llemulator":
        """Fail the next request with a status; more as `failure` has it: `retry_after`, `code`, `message`, ….

        That is one request, as without `on` each call answers one; behind `on`, all that match fail. OpenAI's SDKs
        repeat a request after 408, 409, 429 and 500 or more: set `times` to the number of attempts that fail.
        """
        return On(self).fail(status, times=times, **failure)

    def tool_call(
        self,
        tool: str,
        given: Mapping[str, object] | None = None,
        /,
        *,
        times: int | None = 1,
        **arguments: object,
    ) -> "Llemulator":
        """Answer the next request with the call of a tool.

        `given` are arguments, too: those whose names are taken here, such as `times`.
        """
        return On(self).tool_call(tool, given, times=times, **arguments)

    def tool_calls(self, *calls: tuple[str, Mapping[str, object]], times: int | None = 1) -> "Llemulator":
        """Answer the next request with several calls side by side; each is a name and arguments."""
        return On(self).tool_calls(*calls, times=times)

    def on(self, user_text: str | None = None, **match: object) -> "On":
        """Select requests: by a regular expression for the last user message, and by keys of `match`."""
        selection = On(self, match if user_text is None else {"user_text": user_text, **match})
        self.selections.append(selection)
        return selection

    def add(self, rule: Mapping[str, object], *, match: Mapping[str, object] | None = None) -> "Llemulator":
        """Add a rule as a script has it; keys that are None are left out."""
        whole = {name: value for name, value in {"match": match or None, **rule}.items() if value is not None}
        self.client.load({"rules": [whole]})
        self._lines[str(whole.get("name"))] = line_of_the_test()
        return self

    def line_of(self, rule: str | None) -> str | None:
        """Return the line of the test that added a rule, as `test_it.py:5`."""
        return None if rule is None else self._lines.get(rule)

    def make_unique(self, name: str) -> str:
        """Return the name; with a number if a rule has that name already."""
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name} ({self._names[name]})"

    def _load_file(self, file: Path) -> None:
        found = next((folder / file for folder in self._folders if (folder / file).exists()), None)
        if found is None:
            raise FileNotFoundError(f"there is no {file} in {' or '.join(map(str, dict.fromkeys(self._folders)))}")
        self.client.load_text(found.read_text("utf-8"), "json" if file.suffix == ".json" else "yaml")

    # What came

    @property
    def requests(self) -> tuple[Exchange, ...]:
        """The exchanges of this session, oldest first."""
        return self.client.requests()

    def verify(
        self,
        *,
        expectations: Iterable[Mapping[str, object]] = (),
        order: Iterable[str | Mapping[str, object]] = (),
        ignore: Iterable[str] = (),
    ) -> Verdict:
        """Return the verdict. Raises an AssertionError with the findings if there are any."""
        verdict = self.look(expectations=expectations, order=order, ignore=ignore)
        findings = (*self.select(verdict.findings), *self.find_unanswered(ignore))
        if findings:
            self.settings.verify = False  # the findings are reported once
            raise Unverified(self.settings.explain(self, findings))
        return verdict

    def look(
        self,
        *,
        expectations: Iterable[Mapping[str, object]] = (),
        order: Iterable[str | Mapping[str, object]] = (),
        ignore: Iterable[str] = (),
    ) -> Verdict:
        """Return the verdict, without raising an error."""
        ignored = self.settings.list_ignored(*ignore)
        return self.client.verify(expectations=expectations, order=order, ignore=ignored)

    def select(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings that make the test fail, with the lines of their rules."""
        chosen = (each for each in findings if self.settings.verdicts or each.name in ABOUT_THE_SCRIPT)
        return tuple(self._add_line(each) for each in chosen)

    def find_unanswered(self, ignore: Iterable[str] = ()) -> tuple[Finding, ...]:
        """Return a finding for each `on` whose answer was forgotten."""
        if "unused" in {*self.settings.ignore, *ignore}:
            return ()
        forgotten = (each for each in self.selections if not each.is_answered)
        return tuple(
            Finding(
                name="unused",
                sentence=f"{each.spelled} in {each.line} has no answer: "
                "add .reply(…), .stream(…), .tool_call(…) or .fail(…).",
                rule=None,
                requests=(),
                evidence={},
            )
            for each in forgotten
        )

    def _add_line(self, finding: Finding) -> Finding:
        line = self.line_of(finding.rule)
        return finding if line is None else replace(finding, evidence={**finding.evidence, LINE: line})

    def is_own(self, unclaimed: Unclaimed) -> bool:
        """Whether an unclaimed request has this token."""
        return unclaimed.digest == self.digest


class On:
    """A selection of requests. Each method adds a rule for them, named after the call in the test."""

    def __init__(self, llemulator: Llemulator, match: Mapping[str, object] | None = None) -> None:
        self.match = dict(match or {})
        self.line = line_of_the_test()
        self.is_answered = False
        self._llemulator = llemulator

    @property
    def spelled(self) -> str:
        """The call that made it."""
        first, *more = (f"{word}={_short(value)}" for word, value in self.match.items()) if self.match else ("",)
        return f"on({', '.join((first.removeprefix('user_text='), *more))})"

    def reply(self, reply: str | Mapping[str, object], *, times: int | None = None, **rule: object) -> Llemulator:
        """Answer them with a text or a reply; `times`: how often at most (default: any number of times)."""
        return self._add({"name": self._make_name("reply", reply), "reply": reply, "times": times, **rule})

    def stream(self, text: str, *, times: int | None = None, **rhythm: object) -> Llemulator:
        """Answer them with a text in a rhythm: `ttft_ms`, `tokens_per_second`, `jitter`, `chunk_by`.

        Keys of a rule are taken, too: `faults`, `name`, `priority`, ….
        """
        of_rule = {name: rhythm.pop(name) for name in _OF_RULES & rhythm.keys()}
        name = self._make_name("stream", text)
        return self._add({"name": name, "reply": text, "stream": rhythm, "times": times, **of_rule})

    def fail(self, status: int, *, times: int | None = None, **failure: object) -> Llemulator:
        """Fail every request that matches; `times` sets a limit, for example the attempts of an SDK that must fail."""
        failing = {"failure": {"status": status, **failure}}
        return self._add({"name": self._make_name("fail", status), "reply": failing, "times": times})

    def tool_call(
        self,
        tool: str,
        given: Mapping[str, object] | None = None,
        /,
        *,
        times: int | None = None,
        **arguments: object,
    ) -> Llemulator:
        """Answer them with the call of a tool, but not the request that brings its result.

        `given` are arguments, too: those whose names are taken here, such as `times`.
        """
        return self._call("tool_call", tool, ((tool, {**(given or {}), **arguments}),), times)

    def tool_calls(self, *calls: tuple[str, Mapping[str, object]], times: int | None = None) -> Llemulator:
        """Answer them with several calls side by side; each is a name and arguments."""
        return self._call("tool_calls", calls, calls, times)

    def _call(
        self, method: str, argument: object, calls: Iterable[tuple[str, Mapping[str, object]]], times: int | None
    ) -> Llemulator:
        calling = {"tool_calls": [{"name": tool, "arguments": dict(arguments)} for tool, arguments in calls]}
        return self._add({"name": self._make_name(method, argument), "reply": calling, "times": times})

    def _add(self, rule: Mapping[str, object]) -> Llemulator:
        self.is_answered = True
        return self._llemulator.add(rule, match=self.match)

    def _make_name(self, method: str, argument: object) -> str:
        """Name a rule after the call that created it, so that a failure message points to its line."""
        return self._llemulator.make_unique(self.spelled if self.match else f"{method}({_short(argument)})")


_OF_RULES = frozenset(("name", "faults", "priority", "optional", "state", "calls_again"))


def line_of_the_test() -> str:
    """Return the line that called the fixture, as `test_it.py:5`."""
    frame = inspect.currentframe()
    while frame is not None and Path(frame.f_code.co_filename).parent == Path(__file__).parent:
        frame = frame.f_back
    return "" if frame is None else f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def _short(value: object) -> str:
    spelled = repr(value)
    return spelled if len(spelled) <= _LONGEST else f"{spelled[:_LONGEST]}…"


_LONGEST = 50


def _explain(_: Llemulator, findings: Iterable[Finding]) -> str:
    return "\n".join(printable(finding.sentence) for finding in findings)


@dataclass(slots=True, kw_only=True)
class PluginSettings:
    """How a session is verified. The mark, pytest's settings and the test itself may change it."""

    verify: bool = True
    """Whether the session is verified at the end of the test."""
    verdicts: bool = False
    """Whether client checks make the test fail, too."""
    ignore: set[str] = field(default_factory=set)
    """Names of findings that do not count."""
    explain: Any = _explain
    """Writes the failure message from the session and the findings."""

    def list_ignored(self, *more: str) -> list[str]:
        """Return the findings that the server leaves out; unclaimed requests are never left out."""
        return sorted({*self.ignore, *more} - {"unclaimed"})
