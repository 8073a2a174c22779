"""The plugin's state in one process of pytest, and what it does around a test."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llemulator_addon.adapters.pytest_plugin.messages import Ink, asked, explained
from llemulator_addon.adapters.pytest_plugin.proxy import Proxy
from llemulator_addon.adapters.pytest_plugin.report import COLOURED, PROPERTY, Report, Row
from llemulator_addon.adapters.pytest_plugin.session import ABOUT_THE_SCRIPT, Llemulator, Unverified
from llemulator_addon.client import Client, Finding, Refused, Unclaimed

MARK = "llemulator"


class Plugin:
    """One for each process of pytest: a proxy, which is started when the first test needs it."""

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
        """The admin routes, of no test."""
        if self._watcher is None:
            self._watcher = Client(self.proxy.url, "pytest")
        return self._watcher

    def stop(self) -> None:
        """End the proxy, if there is one, and count in what it saw."""
        if self._proxy is None:
            return
        self.report.add_egress(self.watcher.egress())
        self.watcher.close()
        self._proxy.stop()
        self._proxy = None

    @contextmanager
    def session(self, node: pytest.Item | pytest.Session, *, folders: tuple[Path, ...]) -> Iterator[Llemulator]:
        """Lead what runs within this to a session of its own, and verify it in the end."""
        session = Llemulator(self.proxy, self.watcher, folders)
        session.settings.verdicts = self._config.getini("llemulator_verdicts") == "fail"
        session.settings.explain = lambda asked_of, findings: explained(findings, asked_of.requests, self.ink)
        self._sessions.append(session)
        refused = self._refused()
        is_forgotten = False
        try:
            with _environment(session):
                if isinstance(node, pytest.Item):
                    _marked(node, session)
                yield session
            is_forgotten = self._conclude(node, session, refused)
        finally:
            self._sessions.remove(session)
            # A client that goes on with this token is noticed from now on.
            if not is_forgotten:
                session.client.reset()

    def shown_of(self, item: pytest.Item, error: BaseException | None) -> str | None:
        """Return what was asked by a test that failed; None where it has no session, or its error tells that."""
        session = getattr(item, "funcargs", {}).get("llemulator")
        if not isinstance(session, Llemulator) or isinstance(error, Unverified):
            return None
        return asked(session.requests, self.ink)

    def _conclude(self, node: pytest.Item | pytest.Session, session: Llemulator, refused: dict[str, int]) -> bool:
        """Verify a session; whether the server has forgotten it, because it has nothing to say of it."""
        # All in one request: this is what the fixture costs.
        verdict = session.client.conclude(
            unclaimed=self._unclaimed_seen, ignore=session.settings.ignored(), reset=not self._is_hermetic
        )
        strays = self._strays(Unclaimed(**each.evidence) for each in verdict.findings if each.name == "unclaimed")
        about_it = tuple(each for each in verdict.findings if each.name != "unclaimed")
        findings = (*session.counted(about_it), *self._stray_findings(session, strays))
        findings = (*findings, *self._refused_since(session, refused))
        names = [finding.name for finding in about_it]
        row = Row(
            answered=verdict.answered,
            unmatched=verdict.unmatched,
            unused=names.count("unused"),
            verdicts=tuple(name for name in names if name not in ABOUT_THE_SCRIPT),
            strays=strays,
        )
        self._note(node, row)
        if session.settings.verify and findings and not _has_failed(node):
            pytest.fail(explained(findings, session.requests, self.ink), pytrace=False)
        return verdict.passed and not self._is_hermetic

    def note_strays(self, item: pytest.Item) -> None:
        """Note what a test without a session of its own asked."""
        if self._watcher is None:
            return
        if strays := self._strays(self._watcher.unclaimed(self._unclaimed_seen)):
            self._note(item, Row(strays=strays))

    def _note(self, node: pytest.Item | pytest.Session, row: Row) -> None:
        if isinstance(node, pytest.Item):
            node.user_properties.append((PROPERTY, row.written()))
        else:
            self.report.rows["(llemulator_session)"] = row

    def _stray_findings(self, session: Llemulator, strays: tuple[str, ...]) -> Iterator[Finding]:
        if "unclaimed" in session.settings.ignore:
            return
        for stray in strays:
            sentence = (
                f"{stray} was made outside of any session. Was its client made before the test, or given its key?"
            )
            yield Finding(name="unclaimed", sentence=sentence, rule=None, requests=(), evidence={})

    def _strays(self, unclaimed: Iterable[Unclaimed]) -> tuple[str, ...]:
        """Return those of requests without a script that were made outside of any session, in words."""
        new = tuple(unclaimed)
        self._unclaimed_seen = max((self._unclaimed_seen, *(each.number for each in new)))
        return tuple(_in_words(each) for each in new if not any(session.is_own(each) for session in self._sessions))

    def _refused_since(self, session: Llemulator, before: dict[str, int]) -> Iterator[Finding]:
        if "egress" in session.settings.ignore:
            return
        for host, count in self._refused().items():
            if count > before.get(host, 0):
                sentence = f"The host {host} was refused; llemulator_allow in pytest's settings lets a host through."
                yield Finding(name="egress", sentence=sentence, rule=None, requests=(), evidence={})

    def _refused(self) -> dict[str, int]:
        """Return how often each host was refused; only a hermetic proxy does."""
        if self._watcher is None or not self._is_hermetic:
            return {}
        return {host.host: host.refused for host in self._watcher.egress()}

    @property
    def _is_hermetic(self) -> bool:
        return bool(self._config.getoption("--llemulator-hermetic"))

    def _options(self) -> list[str]:
        options = ["--hermetic"] if self._is_hermetic else []
        allowed = self._config.getini("llemulator_allow")
        return [*options, *(["--allow", ",".join(allowed)] if allowed else [])]


def _is_coloured(config: pytest.Config) -> bool:
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
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


def _marked(item: pytest.Item, session: Llemulator) -> None:
    """Do what the mark says; what is wrong in it is told without the code that found it."""
    try:
        _apply_mark(item, session)
    except (Refused, OSError, pytest.UsageError) as error:
        pytest.fail(f"pytest.mark.llemulator: {error}", pytrace=False)


def _apply_mark(item: pytest.Item, session: Llemulator) -> None:
    for mark in reversed(list(item.iter_markers(MARK))):
        _check(mark)
        session.settings.verify = mark.kwargs.get("verify", session.settings.verify)
        session.settings.verdicts = mark.kwargs.get("verdicts", session.settings.verdicts)
        session.settings.ignore |= set(mark.kwargs.get("ignore", ()))
        if (script := mark.args[0] if mark.args else mark.kwargs.get("script")) is not None:
            session.script(script)


def _check(mark: pytest.Mark) -> None:
    unknown = set(mark.kwargs) - {"script", "verify", "verdicts", "ignore"}
    if unknown or len(mark.args) > 1:
        wrong = ", ".join(sorted(unknown)) or "a second argument"
        raise pytest.UsageError(f"it takes script, verify, verdicts and ignore, not {wrong}")


def _has_failed(node: pytest.Item | pytest.Session) -> bool:
    """Whether the test itself failed, or was skipped on its way: what was asked stands beside its own failure."""
    return bool(node.stash.get(FAILED, False))


FAILED = pytest.StashKey[bool]()


def _in_words(unclaimed: Unclaimed) -> str:
    key = f"a key that ends in {unclaimed.session}" if unclaimed.digest else "no key"
    return f"{unclaimed.method} https://{unclaimed.host}{unclaimed.path} with {key}"
