"""The plugin's state in one process of pytest, and its work around a test."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llemulator_addon.adapters.own_admin_key import own_admin_key
from llemulator_addon.adapters.pytest_plugin.messages import (
    NO_REQUESTS,
    Ink,
    explain,
    is_about_a_client,
    show_exchanges,
)
from llemulator_addon.adapters.pytest_plugin.proxy import Proxy
from llemulator_addon.adapters.pytest_plugin.report import COLOURED, PROPERTY, Report, ResultRow
from llemulator_addon.adapters.pytest_plugin.session import ABOUT_THE_SCRIPT, Llemulator, Unverified
from llemulator_addon.client import Client, Finding, Refused, Unclaimed

MARK = "llemulator"
_ON_UNMATCHED = "LLEMULATOR_ON_UNMATCHED"


class Plugin:
    """The state of one process of pytest. Its proxy starts when the first test needs it."""

    def __init__(self, config: pytest.Config, report: Report) -> None:
        self.report = report
        self.ink = Ink(_is_coloured(config))
        self._config = config
        self._proxy: Proxy | None = None
        self._watcher: Client | None = None
        self._unclaimed_seen = 0
        self._sessions: list[Llemulator] = []

    @property
    def proxy(self) -> Proxy:
        """The proxy, running."""
        if self._proxy is None:
            self._proxy = Proxy(self._options())
        return self._proxy

    @property
    def watcher(self) -> Client:
        """A client of the admin routes that belongs to no test."""
        if self._watcher is None:
            self._watcher = Client(self.proxy.url, "pytest", admin_key=own_admin_key())
        return self._watcher

    def stop(self) -> None:
        """Stop the proxy, if it runs, and add its traffic to the report."""
        if self._proxy is None:
            return
        self.report.add_egress(self.watcher.egress())
        self.watcher.close()
        self._proxy.stop()
        self._proxy = None

    @contextmanager
    def session(self, node: pytest.Item | pytest.Session, *, folders: tuple[Path, ...]) -> Iterator[Llemulator]:
        """Route clients of the body through the proxy to a new session, and verify it at the end."""
        session = Llemulator(self.proxy, self.watcher, folders)
        session.settings.verdicts = self._config.getini("llemulator_verdicts") == "fail"
        session.settings.explain = lambda owner, findings: explain(findings, owner.requests, self.ink)
        self._sessions.append(session)
        refused = self._count_refused()
        is_forgotten = False
        try:
            with _environment(session):
                if isinstance(node, pytest.Item):
                    _follow_mark(node, session)
                yield session
            is_forgotten = self._conclude(node, session, refused)
        finally:
            self._sessions.remove(session)
            # From now on, requests with this token are unclaimed.
            if not is_forgotten:
                session.client.reset()

    def show_requests(self, item: pytest.Item, error: BaseException | None) -> str | None:
        """Return the requests of a test that failed; None if it has no session, or its error shows them."""
        session = getattr(item, "funcargs", {}).get("llemulator")
        if not isinstance(session, Llemulator) or isinstance(error, Unverified):
            return None
        if requests := session.requests:
            return show_exchanges(requests, self.ink)
        if strays := [_describe(each) for each in self.watcher.unclaimed(self._unclaimed_seen)]:
            return "\n".join((NO_REQUESTS, "Others came:", *(f"  {stray}" for stray in strays)))
        return show_exchanges((), self.ink) if is_about_a_client(error) else None

    def _conclude(self, node: pytest.Item | pytest.Session, session: Llemulator, refused: dict[str, int]) -> bool:
        """Verify a session. Returns whether the server has forgotten it, as it does with one that passes."""
        # One request does all of this: it is most of the cost of the fixture.
        verdict = session.client.conclude(
            unclaimed=self._unclaimed_seen, ignore=session.settings.list_ignored(), reset=not self._is_hermetic
        )
        strays = self._strays(Unclaimed(**each.evidence) for each in verdict.findings if each.name == "unclaimed")
        about_it = tuple(each for each in verdict.findings if each.name != "unclaimed")
        findings = (*session.select(about_it), *session.find_unanswered(), *self._stray_findings(session, strays))
        findings = (*findings, *self._find_refused(session, refused))
        names = [finding.name for finding in about_it]
        row = ResultRow(
            answered=verdict.answered,
            unmatched=verdict.unmatched,
            unused=names.count("unused"),
            verdicts=tuple(name for name in names if name not in ABOUT_THE_SCRIPT),
            strays=strays,
        )
        self._note(node, row)
        if session.settings.verify and findings and not _has_failed(node):
            pytest.fail(explain(findings, session.requests, self.ink), pytrace=False)
        return verdict.passed and not self._is_hermetic

    def note_strays(self, item: pytest.Item) -> None:
        """Note the unclaimed requests of a test without a session."""
        if self._watcher is None:
            return
        if strays := self._strays(self._watcher.unclaimed(self._unclaimed_seen)):
            self._note(item, ResultRow(strays=strays))

    def _note(self, node: pytest.Item | pytest.Session, row: ResultRow) -> None:
        if isinstance(node, pytest.Item):
            node.user_properties.append((PROPERTY, row.to_json()))
        else:
            self.report.rows["(llemulator_session)"] = row

    def _stray_findings(self, session: Llemulator, strays: tuple[str, ...]) -> Iterator[Finding]:
        if "unclaimed" in session.settings.ignore:
            return
        for stray in strays:
            sentence = (
                f"{stray} was made outside of any session. Was its client created before the test, or with another key?"
            )
            yield Finding(name="unclaimed", sentence=sentence, rule=None, requests=(), evidence={})

    def _strays(self, unclaimed: Iterable[Unclaimed]) -> tuple[str, ...]:
        """Return the unclaimed requests that have the token of no session, described."""
        new = tuple(unclaimed)
        self._unclaimed_seen = max((self._unclaimed_seen, *(each.number for each in new)))
        return tuple(_describe(each) for each in new if not any(session.is_own(each) for session in self._sessions))

    def _find_refused(self, session: Llemulator, before: dict[str, int]) -> Iterator[Finding]:
        if "egress" in session.settings.ignore:
            return
        for host, count in self._count_refused().items():
            if count > before.get(host, 0):
                sentence = f"The host {host} was blocked; add it to llemulator_allow in pytest's settings to allow it."
                yield Finding(name="egress", sentence=sentence, rule=None, requests=(), evidence={})

    def _count_refused(self) -> dict[str, int]:
        """Return how often each host was blocked; only a hermetic proxy blocks."""
        if self._watcher is None or not self._is_hermetic:
            return {}
        return {host.host: host.refused for host in self._watcher.egress()}

    @property
    def _is_hermetic(self) -> bool:
        return bool(self._config.getoption("--llemulator-hermetic"))

    def _options(self) -> list[str]:
        options = ["--hermetic"] if self._is_hermetic else []
        if _ON_UNMATCHED not in os.environ:
            # A test has a script, even if it adds no rule.
            options += ["--on-unmatched", "error"]
        allowed = self._config.getini("llemulator_allow")
        return [*options, *(["--allow", ",".join(allowed)] if allowed else [])]


def _is_coloured(config: pytest.Config) -> bool:
    workerinput: dict[str, object] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return bool(workerinput.get(COLOURED))
    return bool(config.get_terminal_writer().hasmarkup)


@contextmanager
def _environment(session: Llemulator) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in session.environment.removed:
            patch.delenv(name, raising=False)
        for name, value in session.environment.set.items():
            patch.setenv(name, value)
        yield


def _follow_mark(item: pytest.Item, session: Llemulator) -> None:
    """Apply the mark; an error in it is reported without a traceback."""
    try:
        _apply_mark(item, session)
    except (Refused, OSError, pytest.UsageError) as error:
        pytest.fail(f"pytest.mark.llemulator: {error}", pytrace=False)


def _apply_mark(item: pytest.Item, session: Llemulator) -> None:
    for mark in reversed(list(item.iter_markers(MARK))):
        _check(mark)
        session.settings.verify = mark.kwargs.get("verify", session.settings.verify)
        session.settings.verdicts = mark.kwargs.get("verdicts", session.settings.verdicts)
        if ignored := set(mark.kwargs.get("ignore", ())):
            session.client.verify(ignore=ignored)  # refuses a name that it does not know
            session.settings.ignore |= ignored
        if (script := mark.args[0] if mark.args else mark.kwargs.get("script")) is not None:
            session.script(script)


def _check(mark: pytest.Mark) -> None:
    unknown = set(mark.kwargs) - {"script", "verify", "verdicts", "ignore"}
    if unknown or len(mark.args) > 1:
        wrong = ", ".join(sorted(unknown)) or "a second argument"
        raise pytest.UsageError(f"it takes script, verify, verdicts and ignore, not {wrong}")


def _has_failed(node: pytest.Item | pytest.Session) -> bool:
    """Whether the test failed or was skipped itself: then its own failure shows the requests."""
    return bool(node.stash.get(FAILED, False))


FAILED = pytest.StashKey[bool]()


def _describe(unclaimed: Unclaimed) -> str:
    return f"{unclaimed.method} {unclaimed.host}{unclaimed.path} with {unclaimed.key}"
