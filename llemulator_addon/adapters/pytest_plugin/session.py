"""What a test works with: a token of its own, its script, its journal, its verdict."""

import os
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llemulator_addon.adapters.pytest_plugin.environment import Environment, environment, of_subprocess
from llemulator_addon.adapters.pytest_plugin.proxy import Proxy
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.client import Client, Exchange, Finding, Unclaimed, Verdict
from llemulator_addon.core.unclaimed import digest_of

# What is here stands in no traceback of pytest's: a failure is shown at the line of the test.
__tracebackhide__ = True

ABOUT_THE_SCRIPT = frozenset(("unmatched", "unused", "expectation", "order", "egress", "unclaimed"))
"""Findings that are not about how the client behaved."""


class Unverified(AssertionError):
    """Something is amiss."""


class Llemulator:
    """A session of the emulator, of one test."""

    def __init__(self, proxy: Proxy, client: Client, folders: Sequence[Path] = ()) -> None:
        """`folders` are where files of scripts are looked for; the connection is that of `client`."""
        self.token = f"sk-llemulator-{secrets.token_hex(12)}"
        """The API key of the test: it names the session."""
        self.url = proxy.url
        self.client = client.under(self.token)
        """The admin routes."""
        self.settings = Settings()
        self.environment: Environment = environment(proxy.url, proxy.certs, self.token)
        self._folders = tuple(folders)
        self._names: Counter[str] = Counter()

    @property
    def env(self) -> dict[str, str]:
        """A whole environment for another program that is started by the test."""
        return of_subprocess(os.environ, self.environment)

    @property
    def base_url(self) -> str:
        """For clients that are given one in place of the environment."""
        return f"{self.url}/v1"

    @property
    def digest(self) -> str:
        """Of the token."""
        return digest_of(self.token)

    # The script

    def script(self, script: str | Path | Mapping[str, Any] | Sequence[Any]) -> "Llemulator":
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

    def reply(self, reply: str | Mapping[str, Any], *, times: int | None = 1, **rule: Any) -> "Llemulator":  # noqa: ANN401
        """Answer the next request, whatever it asks: with a text, or with `reply` as a rule has it."""
        return On(self).reply(reply, times=times, **rule)

    def stream(self, text: str, *, times: int | None = 1, **rhythm: Any) -> "Llemulator":  # noqa: ANN401
        """Answer the next request with a text in a rhythm: `ttft_ms`, `tokens_per_second`, `jitter`, `chunk_by`."""
        return On(self).stream(text, times=times, **rhythm)

    def fail(self, status: int, *, times: int | None = 1, **failure: Any) -> "Llemulator":  # noqa: ANN401
        """Fail the next request with a status; more as `failure` has it: `retry_after`, `code`, `message`, ….

        As OpenAI's SDKs try again after 408, 409, 429 and from 500 on, give `times` for each attempt.
        """
        return On(self).fail(status, times=times, **failure)

    def tool_call(self, name: str, *, times: int | None = 1, **arguments: Any) -> "Llemulator":  # noqa: ANN401
        """Answer the next request with the call of a tool."""
        return On(self).tool_call(name, times=times, **arguments)

    def on(self, user_text: str | None = None, **match: Any) -> "On":  # noqa: ANN401
        """Say which requests are meant: a regular expression on the last user message, and words of `match`."""
        return On(self, match if user_text is None else {"user_text": user_text, **match})

    def add(self, rule: Mapping[str, Any], *, match: Mapping[str, Any] | None = None) -> "Llemulator":
        """Add a rule in full; what is None in it is left out."""
        whole = {name: value for name, value in {"match": match or None, **rule}.items() if value is not None}
        self.client.load({"rules": [whole]})
        return self

    def told_apart(self, name: str) -> str:
        """Return a name for a rule, with a number where there is one of that name already."""
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
        """What was asked and what answered, oldest first."""
        return self.client.requests()

    def verify(
        self,
        *,
        expectations: Iterable[Mapping[str, Any]] = (),
        order: Iterable[str | Mapping[str, Any]] = (),
        ignore: Iterable[str] = (),
    ) -> Verdict:
        """Raise an AssertionError that says what is amiss, if anything is; else return the verdict."""
        verdict = self.look(expectations=expectations, order=order, ignore=ignore)
        amiss = self.counted(verdict.findings)
        if amiss:
            self.settings.verify = False  # it was told
            raise Unverified(self.settings.explain(self, amiss))
        return verdict

    def look(
        self,
        *,
        expectations: Iterable[Mapping[str, Any]] = (),
        order: Iterable[str | Mapping[str, Any]] = (),
        ignore: Iterable[str] = (),
    ) -> Verdict:
        """Return the verdict, whatever it is."""
        ignored = self.settings.ignored(*ignore)
        return self.client.verify(expectations=expectations, order=order, ignore=ignored)

    def counted(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings that make a test fail."""
        return tuple(each for each in findings if self.settings.verdicts or each.name in ABOUT_THE_SCRIPT)

    def is_own(self, unclaimed: Unclaimed) -> bool:
        """Whether a request that belongs to no script was made under this token."""
        return unclaimed.digest == self.digest


class On:
    """Requests that are meant. Each of its methods adds a rule for them, named as the test spells it."""

    def __init__(self, llemulator: Llemulator, match: Mapping[str, Any] | None = None) -> None:
        self.match = dict(match or {})
        self._llemulator = llemulator

    def reply(self, reply: str | Mapping[str, Any], *, times: int | None = None, **rule: Any) -> Llemulator:  # noqa: ANN401
        """Answer them, for ever unless `times` says how often."""
        return self._add({"name": self._named("reply", reply), "reply": reply, "times": times, **rule})

    def stream(self, text: str, *, times: int | None = None, **rhythm: Any) -> Llemulator:  # noqa: ANN401
        """Answer them with a text in a rhythm: `ttft_ms`, `tokens_per_second`, `jitter`, `chunk_by`."""
        return self._add({"name": self._named("stream", text), "reply": text, "stream": rhythm, "times": times})

    def fail(self, status: int, *, times: int | None = None, **failure: Any) -> Llemulator:  # noqa: ANN401
        """Fail them."""
        failing = {"failure": {"status": status, **failure}}
        return self._add({"name": self._named("fail", status), "reply": failing, "times": times})

    def tool_call(self, name: str, *, times: int | None = None, **arguments: Any) -> Llemulator:  # noqa: ANN401
        """Answer them with the call of a tool."""
        calling = {"tool_calls": [{"name": name, "arguments": arguments}]}
        return self._add({"name": self._named("tool_call", name), "reply": calling, "times": times})

    def _add(self, rule: Mapping[str, Any]) -> Llemulator:
        return self._llemulator.add(rule, match=self.match)

    def _named(self, method: str, argument: object) -> str:
        """Name a rule by its `on`, or where there is none by what it does, so that a failure leads to its line."""
        first, *more = (f"{word}={_short(value)}" for word, value in self.match.items()) if self.match else ("",)
        first = first.removeprefix("user_text=")
        spelled = f"on({', '.join((first, *more))})" if self.match else f"{method}({_short(argument)})"
        return self._llemulator.told_apart(spelled)


def _short(value: object) -> str:
    spelled = repr(value)
    return spelled if len(spelled) <= _LONGEST else f"{spelled[:_LONGEST]}…"


_LONGEST = 50


def _plainly(_: Llemulator, findings: Iterable[Finding]) -> str:
    return "\n".join(printable(finding.sentence) for finding in findings)


@dataclass(slots=True, kw_only=True)
class Settings:
    """How a session is verified; the mark, the command line and the test itself may change it."""

    verify: bool = True
    """Whether it is verified at the end."""
    verdicts: bool = False
    """Whether how the client behaved makes a test fail too."""
    ignore: set[str] = field(default_factory=set)
    """Names of findings that do not count."""
    explain: Any = _plainly
    """Makes the text of a failure from the session and the findings."""

    def ignored(self, *more: str) -> list[str]:
        """Return what the server need not look for. What was made outside of any session is always told, and shown."""
        return sorted({*self.ignore, *more} - {"unclaimed"})
