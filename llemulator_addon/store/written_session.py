"""A session as text, part by part, for a store that keeps it outside of this process.

A session is a head, a script and rows. The head is small and written with each change. A row is what has a place in
one of the parts: how often a rule was used, a resource, an exchange, its ending. Of rows only those are written that
were changed (`Changes`), and only those are read that another process changed. The text of a script is kept by its
digest, and written when it changes.

The policy of the server is not written, nor is the default script: each server has its own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from llemulator_addon.core.changes import Changes
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Progress, Session
from llemulator_addon.store.port import Beginnings, StoreFailed
from llemulator_addon.store.written_script import Scripts
from llemulator_addon.store.written_values import read_value, write_value
from llemulator_addon.wire.json_bytes import compact

VERSION = 1
"""Of the written form. A session of another version is refused."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "progress": ("used", "heads", "memories"),
    "resources": ("resources",),
    "journal": ("exchanges", "endings"),
}
"""The kinds of rows of each part."""
_GONE_AT_MOST = 500
"""Rows of resources that are gone, of which other processes learn so; above it they read the session whole."""
_GONE_AT_LEAST = 16
"""That many are always remembered; more only while the session keeps more rows than are gone. A session with less is
read whole as quickly, and takes no memory for what is gone."""


class OtherVersion(StoreFailed):
    """A session was written in a form that this program does not read."""


class RowPlace(NamedTuple):
    """Names a row within its session."""

    kind: str
    place: str


class Stored(NamedTuple):
    """A session, or what changed of it, as a store gives it."""

    life: int
    version: int
    """Counts the changes of a session."""
    head: str
    since: int
    """The version after which these rows were written; 0: they are all."""
    rows: Sequence[tuple[str, str, str | None]]
    """Kind, place and text; None: it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The writing of a changed session."""

    head: str
    head_value: "SessionHead"
    """The same, not written."""
    digest: str
    """Of the script."""
    script: str | None
    """Its text, if another one is written than before."""
    rows: Mapping[RowPlace, str | None]
    """None: it is gone, and others are to learn that."""
    dropped: Iterable[RowPlace]
    """Rows that others know to be gone."""
    wiped: Sequence[str]
    """Kinds of which no other row stays."""
    prunes: bool
    """Whether the rows that are gone are forgotten."""


class SessionHead(NamedTuple):
    """The head of a session."""

    form: int
    """`VERSION` of the program that wrote it."""
    turn: int
    clock_ahead: float
    clock_is_set: bool
    script: str
    """Digest of its text."""
    state: str
    connection_rules: Sequence[int]
    first: int
    """As in `Journal`, these three."""
    recorded: int
    unmatched: int
    next_resource: int
    gone: int
    """Rows of resources that are gone, about."""
    whole: int
    """The version before which a process must have read nothing, to read only what changed."""
    wiped: Mapping[str, int]
    """The version in which each part was written whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session as this process knows it, with what its store has of it."""

    session: Session
    version: int
    head: SessionHead
    has_script: bool
    """Whether the store has its script; not, where the default script of this server is another one."""


def write_session(after: Session, before: KnownSession | None, scripts: Scripts) -> Written:
    """Write what a change made of a session; all of it, where the store has none or one of another life."""
    same = before if before is not None and before.session.life == after.life else None
    version = 1 if before is None else before.version + 1
    rows: dict[RowPlace, str | None] = {}
    wiped_kinds: list[str] = []
    wiped: dict[str, int] = dict.fromkeys(_PARTS, version) if same is None else dict(same.head.wiped)
    for part, changes in _changes_of(after).items():
        if same is not None and changes is not None and changes.since == same.version:
            places: Iterable[tuple[str, int | str]] = set(changes.places)
        else:
            places = _all_places(after, part)
            wiped[part] = version
            wiped_kinds += _PARTS[part]
        for kind, place in places:
            text = _write_row(after, kind, place)
            if text is not None or (kind == "resources" and same is not None and _knew(same, place)):
                rows[RowPlace(kind, str(place))] = text
    gone = (0 if same is None else same.head.gone) + sum(text is None for text in rows.values())
    kept = len(after.resources) + after.journal.recorded + 1 - after.journal.first
    prunes = gone > min(_GONE_AT_MOST, max(_GONE_AT_LEAST, kept))
    if same is not None and same.has_script and same.session.script is after.script:
        digest, script = same.head.script, None
    else:
        digest, script = scripts.write(after.script)
    head = SessionHead(
        form=VERSION,
        turn=after.turn,
        clock_ahead=after.clock_ahead,
        clock_is_set=after.clock_is_set,
        script=digest,
        state=after.progress.state,
        connection_rules=after.progress.connection_rules,
        first=after.journal.first,
        recorded=after.journal.recorded,
        unmatched=after.journal.unmatched,
        next_resource=after.resources.next_number,
        gone=0 if prunes else gone,
        whole=version if prunes or same is None else same.head.whole,
        wiped=wiped,
    )
    return Written(
        head=compact(head._asdict()).decode(),
        head_value=head,
        digest=digest,
        script=script,
        rows=rows,
        dropped=() if same is None else tuple(_list_dropped(same.head, head)),
        wiped=wiped_kinds,
        prunes=prunes,
    )


def settle(session: Session, version: int, written: Written) -> KnownSession:
    """Return what is known of a session once a store has written it in a version."""
    return KnownSession(session=_settle(session, version), version=version, head=written.head_value, has_script=True)


def missing_script(stored: Stored, known: KnownSession | None, scripts: Scripts) -> str | None:
    """Return the digest of a script that `read_session` needs and that is not known; raises `OtherVersion`."""
    head = _read_head(stored.head)
    if head.script in scripts or (stored.since and known is not None and _has_script(known, head)):
        return None
    return head.script


def _has_script(known: KnownSession, head: SessionHead) -> bool:
    return known.has_script and known.head.script == head.script


def can_go_on(stored: Stored, known: KnownSession | None) -> bool:
    """Whether what changed is enough to know the session; else all of it is needed."""
    return stored.since == 0 or (
        known is not None
        and known.session.life == stored.life
        and known.version == stored.since >= _read_head(stored.head).whole
    )


def read_session(
    key: SessionKey, stored: Stored, known: KnownSession | None, beginnings: Beginnings, scripts: Scripts
) -> KnownSession:
    """Read a session. Raises `OtherVersion`, and KeyError for a script that `scripts` does not have.

    If it played a default script with other rules than this server's, it plays this one from its start.
    """
    head, fresh, version = _read_head(stored.head), beginnings.fresh(key), stored.version
    base = None if stored.since == 0 or known is None else known
    if base is not None and _has_script(base, head):
        script, is_other_default = base.session.script, False
    else:
        script, is_other_default = scripts.read(head.script, beginnings, fresh)
    rows: dict[str, dict[str, Any]] = {}
    for kind, place, text in stored.rows:
        rows.setdefault(kind, {})[place] = None if text is None else read_value(json.loads(text))

    def has_kept(part: str) -> bool:
        return base is not None and head.wiped[part] <= base.version

    began = Changes(version)
    session = base.session if base is not None else fresh
    progress = fresh.progress
    if not is_other_default:
        before = session.progress if has_kept("progress") else Progress()
        progress = _read_progress(before, head, rows)._replace(changes=began)
    resources = session.resources if has_kept("resources") else fresh.resources
    journal = session.journal if has_kept("journal") else fresh.journal
    read = fresh.change(
        life=stored.life,
        turn=head.turn,
        clock_ahead=head.clock_ahead,
        clock_is_set=head.clock_is_set,
        script=script,
        progress=progress,
        resources=resources.restore(
            {int(number): each for number, each in rows.get("resources", {}).items()},
            next_number=head.next_resource,
            changes=began,
        ),
        journal=journal.restore(
            {int(number): each for number, each in rows.get("exchanges", {}).items()},
            {int(number): each for number, each in rows.get("endings", {}).items()},
            first=head.first,
            recorded=head.recorded,
            unmatched=head.unmatched,
            changes=began,
        ),
    )
    return KnownSession(session=read, version=version, head=head, has_script=not is_other_default)


def _read_head(text: str) -> SessionHead:
    written = json.loads(text)
    if (form := written.get("form")) != VERSION:
        raise OtherVersion(
            f"a session was stored in version {form} of its form; this llemulator reads version {VERSION}. "
            "Choose another store, or remove the stored sessions."
        )
    head = SessionHead(**written)
    return head._replace(connection_rules=tuple(head.connection_rules))


def _changes_of(session: Session) -> dict[str, Changes | None]:
    return {
        "progress": session.progress.changes,
        "resources": session.resources.changes,
        "journal": session.journal.changes,
    }


def _settle(session: Session, version: int) -> Session:
    began = Changes(version)
    return session.change(
        progress=session.progress._replace(changes=began),
        resources=session.resources.settle(began),
        journal=session.journal.settle(began),
    )


# Rows -----------------------------------------------------------------------------------------------------------------


def _all_places(session: Session, part: str) -> Iterator[tuple[str, int | str]]:
    progress, journal = session.progress, session.journal
    match part:
        case "progress":
            yield from (("used", position) for position in progress.used)
            yield from (("heads", number) for number in progress.heads)
            yield from (("memories", place) for place in progress.memories)
        case "resources":
            yield from (("resources", number) for number in session.resources.numbers)
        case _:
            for number in range(journal.first, journal.recorded + 1):
                yield "exchanges", number
                yield "endings", number


def _write_row(session: Session, kind: str, place: Any) -> str | None:  # noqa: ANN401 - a number or a name
    value: object
    match kind:
        case "used":
            value = session.progress.used.get(place)
        case "heads":
            value = session.progress.heads.get(place)
        case "memories":
            value = session.progress.memories.get(place)
        case "resources":
            value = session.resources.find_number(place)
        case "exchanges":
            value = session.journal.find(place)
        case _:
            value = session.journal.ending_of(place)
    return None if value is None else compact(write_value(value)).decode()


def _knew(known: KnownSession, number: Any) -> bool:  # noqa: ANN401 - a number
    """Whether the store has a row of a resource."""
    return bool(number < known.head.next_resource)


def _list_dropped(before: SessionHead, after: SessionHead) -> Iterator[RowPlace]:
    for number in range(before.first, min(after.first, before.recorded + 1)):
        yield RowPlace("exchanges", str(number))
        yield RowPlace("endings", str(number))


def _read_progress(before: Progress, head: SessionHead, rows: Mapping[str, Mapping[str, Any]]) -> Progress:
    used, heads, memories = before.used, before.heads, before.memories
    for place, times in rows.get("used", {}).items():
        used = used.insert(int(place), times)
    for place, number in rows.get("heads", {}).items():
        heads = heads.insert(int(place), number)
    for place, memory in rows.get("memories", {}).items():
        memories = memories.insert(place, memory)
    return Progress(used, heads, head.state, memories, tuple(head.connection_rules))
