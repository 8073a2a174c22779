"""The script of a session as text, by its digest. A process compiles the rules of each text once."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from llemulator_addon.core.upstream import Upstream, Upstreams, upstream_in
from llemulator_addon.engine.index import Index
from llemulator_addon.engine.loaded_script import LoadedScript
from llemulator_addon.engine.session import Session
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.rule import Rule
from llemulator_addon.store.port import Beginnings
from llemulator_addon.store.written_values import read_value, write_value

ScriptText = Mapping[str, Any]


class Scripts:
    """The texts of scripts that this process knows, and what they mean here. The last that were used are kept.

    Not a value; any thread may use it, as long as no two add the same.
    """

    def __init__(self, most: int = 100) -> None:
        """Take how many are kept."""
        self._most = most
        self._parts: OrderedDict[str, ScriptText] = OrderedDict()
        self._indexes: OrderedDict[str, Index] = OrderedDict()
        self._meant: OrderedDict[str, tuple[LoadedScript, LoadedScript]] = OrderedDict()
        """By the digest of a text: the default script of the server, and the script that was made with it."""

    def __contains__(self, digest: str) -> bool:
        parts = self._parts.get(digest)
        return parts is not None and (parts["owner"] != "token" or parts["digest"] in self._indexes)

    def add(self, digest: str, text: str) -> None:
        """Keep a text that a store had, and compile its rules; raises `ScriptError` for what is no script."""
        parts = json.loads(text)
        if parts["owner"] == "token":
            self._index(parts["digest"], parts["rules"])
        _keep(self._parts, digest, {**parts, "rules": ()}, self._most)

    def write(self, script: LoadedScript) -> tuple[str, str]:
        """Return the digest of a script's text, and the text."""
        parts = _write_script(script)
        text = json.dumps(parts)
        digest = sha256(text.encode()).hexdigest()
        if parts["owner"] == "token":
            _keep(self._indexes, parts["digest"], script.index, self._most)
        _keep(self._parts, digest, {**parts, "rules": ()}, self._most)
        return digest, text

    def read(self, digest: str, beginnings: Beginnings, fresh: Session) -> tuple[LoadedScript, bool]:
        """Return the script of a text, and whether that played a default script with other rules than this server's.

        Raises KeyError where the text is not known.
        """
        parts, default = self._parts[digest], fresh.script
        is_other_default = parts["owner"] != "token" and parts["digest"] != default.index.digest
        meant = self._meant.get(digest)
        if meant is None or meant[0] is not default:
            meant = default, self._make(parts, beginnings, fresh)
        for kept in (self._parts, self._meant):
            if digest in kept:
                kept.move_to_end(digest)
        _keep(self._meant, digest, meant, self._most)
        return meant[1], is_other_default

    def _make(self, parts: ScriptText, beginnings: Beginnings, fresh: Session) -> LoadedScript:
        own = read_script({**read_value(parts["own"]), "rules": []})
        own = replace(own, upstreams=_read_upstreams(parts["own_upstreams"]))
        default = fresh.script
        if parts["owner"] != "token":
            return replace(default, own=own) if own != default.own else default
        server = default.server
        has_left = parts["left_default"]
        if has_left:
            server = default.leave_default(beginnings.bare(fresh.key).script).server
        index = self._indexes[parts["digest"]]
        return LoadedScript(owner="token", index=index, server=server, has_left_default=has_left, own=own)

    def _index(self, digest: str, rules: Sequence[ScriptText]) -> None:
        index = self._indexes.get(digest)
        if index is None:
            index = Index(tuple(_read_rule(rule) for rule in rules))
            index.prepare()
        _keep(self._indexes, digest, index, self._most)


def _keep[V](kept: OrderedDict[str, V], digest: str, value: V, most: int) -> None:
    kept[digest] = value
    kept.move_to_end(digest)
    if len(kept) > most:
        kept.popitem(last=False)


def _write_script(script: LoadedScript) -> dict[str, Any]:
    own, is_own = script.own, script.owner == "token"
    return {
        "owner": script.owner,
        "digest": script.index.digest,
        "rules": [_write_rule(rule) for rule in script.index.rules] if is_own else [],
        "left_default": is_own and script.has_left_default,
        "own": write_value(own.settings),
        "own_upstreams": _write_upstreams(own.upstreams),
    }


def _write_rule(rule: Rule) -> dict[str, Any]:
    return {"is_named": rule.is_named, "rule": write_value(rule.written)}


def _read_rule(written: ScriptText) -> Rule:
    (rule,) = read_script({"rules": [read_value(written["rule"])]}).rules
    return replace(rule, is_named=written["is_named"])


def _write_upstreams(upstreams: Upstreams) -> dict[str, Any]:
    anything, models = upstreams.anything, upstreams.models
    return {
        "anything": None if anything is None else anything.written,
        "models": {model: upstream.written for model, upstream in models.items()},
    }


def _read_upstreams(written: ScriptText) -> Upstreams:
    anything = written["anything"]
    return Upstreams(
        anything=None if anything is None else _read_upstream(anything),
        models={model: _read_upstream(url) for model, url in written["models"].items()},
    )


def _read_upstream(url: str) -> Upstream:
    return upstream_in(url, "script")
