"""A session as plain JSON, part by part: its script, progress, resources and journal.

The policy of the server is not written, nor is the default script: each server has its own. A compiled
script is not written either, but its rules are; each process compiles them once, by their digest.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from rpds import HashTrieMap

from llemulator_addon.core.resources import Resources, TooLarge
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.upstream import Upstream, Upstreams, upstream_in
from llemulator_addon.engine.index import Index
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.loaded_script import LoadedScript
from llemulator_addon.engine.session import Progress, Session
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.rule import Rule
from llemulator_addon.store.written_values import read_value, write_value

VERSION = 1
"""Of the written form. A session of another version is refused."""

Written = Mapping[str, Any]
"""JSON."""


class OtherVersion(Exception):
    """A session was written in a form that this program does not read."""


class Beginnings(NamedTuple):
    """Sessions of a token that was never seen, of the server that writes or reads."""

    fresh: Session
    """It plays the default script."""
    bare: Session
    """The same without the default script."""


class CompiledRules:
    """Rules that were compiled in this process, by their digest. The last that were used are kept."""

    def __init__(self, most: int = 100) -> None:
        """Take how many scripts are kept."""
        self._most = most
        self._kept: OrderedDict[str, Index] = OrderedDict()

    def get(self, digest: str, rules: Sequence[Written]) -> Index:
        """Return the index of rules as they were written; raises `ScriptError` for what is no rule."""
        if (index := self._kept.pop(digest, None)) is None:
            index = Index(tuple(_read_rule(rule) for rule in rules))
        self._kept[digest] = index
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return index


def write_session(session: Session, beginnings: Beginnings) -> dict[str, Any]:
    """Write a session."""
    return {
        "version": VERSION,
        "key": list(session.key),
        "life": session.life,
        "turn": session.turn,
        "clock_ahead": session.clock_ahead,
        "clock_is_set": session.clock_is_set,
        "script": _write_script(session.script, beginnings),
        "progress": _write_progress(session.progress),
        "resources": [write_value(kept) for kept in session.resources],
        "journal": _write_journal(session.journal),
    }


def read_session(written: Written, beginnings: Beginnings, compiled: CompiledRules) -> Session:
    """Read a session; raises `OtherVersion`.

    If it played a default script with other rules than this server's, it plays this one from its start.
    """
    if (version := written.get("version")) != VERSION:
        raise OtherVersion(
            f"a session was stored in version {version} of its form; this llemulator reads version {VERSION}. "
            "Choose another store, or remove the stored sessions."
        )
    fresh, parts = beginnings.fresh, written["script"]
    is_other_default = parts["owner"] != "token" and parts["digest"] != fresh.script.index.digest
    return fresh.change(
        key=SessionKey(*written["key"]),
        life=written["life"],
        turn=written["turn"],
        clock_ahead=written["clock_ahead"],
        clock_is_set=written["clock_is_set"],
        script=_read_script(parts, beginnings, compiled),
        progress=Progress() if is_other_default else _read_progress(written["progress"]),
        resources=_read_resources(written["resources"], fresh.resources),
        journal=_read_journal(written["journal"], fresh.journal),
    )


# The script -----------------------------------------------------------------------------------------------------------


def _write_script(script: LoadedScript, beginnings: Beginnings) -> dict[str, Any]:
    own, is_own = script.own, script.owner == "token"
    return {
        "owner": script.owner,
        "digest": script.index.digest,
        "rules": [_write_rule(rule) for rule in script.index.rules] if is_own else [],
        "left_default": is_own and script.server != beginnings.fresh.script.server,
        "own": write_value(own.settings),
        "own_upstreams": _write_upstreams(own.upstreams),
    }


def _read_script(written: Written, beginnings: Beginnings, compiled: CompiledRules) -> LoadedScript:
    own = read_script({**read_value(written["own"]), "rules": []})
    own = replace(own, upstreams=_read_upstreams(written["own_upstreams"]))
    default = beginnings.fresh.script
    if written["owner"] != "token":
        return replace(default, own=own)
    server = default.leave_default(beginnings.bare.script).server if written["left_default"] else default.server
    index = compiled.get(written["digest"], written["rules"])
    return LoadedScript(owner="token", index=index, server=server, own=own)


def _write_rule(rule: Rule) -> dict[str, Any]:
    return {"is_named": rule.is_named, "rule": write_value(rule.written)}


def _read_rule(written: Written) -> Rule:
    (rule,) = read_script({"rules": [read_value(written["rule"])]}).rules
    return replace(rule, is_named=written["is_named"])


def _write_upstreams(upstreams: Upstreams) -> dict[str, Any]:
    anything, models = upstreams.anything, upstreams.models
    return {
        "anything": None if anything is None else anything.written,
        "models": {model: upstream.written for model, upstream in models.items()},
    }


def _read_upstreams(written: Written) -> Upstreams:
    anything = written["anything"]
    return Upstreams(
        anything=None if anything is None else _read_upstream(anything),
        models={model: _read_upstream(url) for model, url in written["models"].items()},
    )


def _read_upstream(url: str) -> Upstream:
    return upstream_in(url, "script")


# Progress, resources, journal -----------------------------------------------------------------------------------------


def _write_progress(progress: Progress) -> dict[str, Any]:
    used, heads, state, memories, connection_rules = progress
    return {
        "used": sorted(used.items()),
        "heads": sorted(heads.items()),
        "state": state,
        "memories": {place: write_value(memory) for place, memory in sorted(memories.items())},
        "connection_rules": list(connection_rules),
    }


def _read_progress(written: Written) -> Progress:
    memories = {place: read_value(memory) for place, memory in written["memories"].items()}
    return Progress(
        used=HashTrieMap(dict(written["used"])),
        heads=HashTrieMap(dict(written["heads"])),
        state=written["state"],
        memories=HashTrieMap(memories),
        connection_rules=tuple(written["connection_rules"]),
    )


def _read_resources(written: Sequence[Written], empty: Resources) -> Resources:
    """Read resources. Above this server's bound the oldest are dropped, and those that are too large alone."""
    resources = empty
    for kept in written:
        with suppress(TooLarge):
            resources = resources.put(read_value(kept))
    return resources


def _write_journal(journal: Journal) -> dict[str, Any]:
    return {
        "recorded": journal.recorded,
        "unmatched": journal.unmatched,
        "exchanges": [write_value(exchange) for exchange in journal],
    }


def _read_journal(written: Written, empty: Journal) -> Journal:
    """Read a journal. Above this server's bounds the oldest exchanges are dropped."""
    exchanges = [read_value(exchange) for exchange in written["exchanges"]]
    return empty.restore(exchanges, recorded=written["recorded"], unmatched=written["unmatched"])
