"""Values of a shape: what is known stays, and the rest is invented, the same for the same label."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.described.shapes import fits
from llemulator_addon.wire.described.table import Member, TypeShape, read_table
from llemulator_addon.wire.headers import ORGANIZATION

_MISSING = object()
_DEEPEST = 12
_LIKELY = ("completed", "processed", "active", "succeeded", "ready", "enabled", "accepted", "valid", "all", "idle")
"""Words for a state in which there is nothing to wait for."""


@dataclass(frozen=True, slots=True)
class MakingUp:
    """How values are invented."""

    stamp: Stamp
    created: int
    """Seconds since the epoch; every time that is invented is this one."""
    label: str
    """The same label draws the same again."""
    kind: str = "object"
    """The word of `object` where its type does not say it."""

    def complete(self, shape: TypeShape, known: object = _MISSING, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401
        """Return a value of a shape, with all of what is known that has a place in it."""
        match shape:
            case int():
                return self._make_object(shape, known if isinstance(known, dict) else {}, depth)
            case ["[", of] if isinstance(known, list):
                return [self.complete(of, each, name, depth + 1) for each in known]
            case ["{", of] if isinstance(known, dict):
                return {key: self.complete(of, each, key, depth + 1) for key, each in known.items()}
            case ["|", *shapes]:
                return self._make_variant(shapes, known, name, depth)
            case _ if known is not _MISSING and fits(shape, known):
                return known
            case _:
                return self._draw(shape, name)

    def _make_object(self, number: int, known: Mapping[str, Any], depth: int) -> dict[str, Any]:
        made = {}
        for member in read_table().members(number):
            value = known.get(member.name, _MISSING)
            if value is not _MISSING and (depth > _DEEPEST or fits(member.shape, value)):
                made[member.name] = self._keep_named(member.shape, value, depth)
            elif isinstance(value, dict | list) and value and depth <= _DEEPEST and _may_hold(member.shape, value):
                made[member.name] = self.complete(member.shape, value, member.name, depth + 1)
            elif member.needed == 1:
                made[member.name] = self.complete(member.shape, _MISSING, member.name, depth + 1)
            elif member.needed:
                self._send_always(made, member, depth)
        return made

    def _keep_named(self, shape: TypeShape, value: Any, depth: int) -> Any:  # noqa: ANN401 - JSON
        """Leave out of a value what its type does not name, such as a secret that is never shown."""
        holds_more = isinstance(value, dict | list) and depth <= _DEEPEST
        return self.complete(shape, value, "", depth + 1) if holds_more else value

    def _send_always(self, made: dict[str, Any], member: Member, depth: int) -> None:
        """Send what OpenAI always sends: null where it may be null."""
        shape = member.shape
        if isinstance(shape, list) and shape[0] == "|" and "null" in shape:
            made[member.name] = None
        elif depth <= _DEEPEST:
            made[member.name] = self.complete(shape, _MISSING, member.name, depth + 1)

    def _make_variant(self, shapes: list[TypeShape], known: object, name: str, depth: int) -> Any:  # noqa: ANN401 - JSON
        if known is not _MISSING:
            fitting = next((each for each in shapes if fits(each, known)), None)
            if fitting is not None:
                return self.complete(fitting, known, name, depth)
            objects = [each for each in shapes if isinstance(each, int)]
            if isinstance(known, dict) and (near := [each for each in objects if _agrees(each, known)]):
                return self.complete(near[0], known, name, depth)
        if "null" in shapes:
            return None
        simple = [each for each in shapes if not isinstance(each, int)]
        return self.complete((simple or shapes)[0], _MISSING, name, depth + 1)

    def _draw(self, shape: TypeShape, name: str) -> Any:  # noqa: ANN401 - JSON
        match shape:
            case ["=", *values]:
                return next((word for word in _LIKELY if word in values), values[0])
            case ["[", _]:
                return []
            case ["{", _]:
                return {}
            case "text":
                return self._make_text(name)
            case "time":
                return self._write_time()
            case "integer":
                return self.created if name.endswith("_at") else 0
            case "number":
                return 0.0
            case "boolean":
                return name in _DONE
            case "null":
                return None
            case _:
                return {}

    def _make_text(self, name: str) -> str:
        if name == "object":
            return self.kind
        if name.endswith("_at"):
            return self._write_time()
        if name in _OWN_IDS:
            return _OWN_IDS[name]
        if name == "id" or name.endswith("_id"):
            return f"{_ID_PREFIXES.get(name, '')}{self.stamp.base62(f'{self.label}/{name}', 24)}"
        if name.endswith("url"):
            return f"https://example.com/{self.stamp.hex(f'{self.label}/{name}', 16)}"
        if name == "email" or name.endswith("_email"):
            return "user@example.com"
        if name in _SECRETS:
            return f"{_SECRETS[name]}{self.stamp.base62(f'{self.label}/{name}', 32)}"
        return name

    def _write_time(self) -> str:
        return datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_DONE = frozenset({"deleted", "removed", "valid", "is_valid"})
_SECRETS = {
    "secret": "whsec_",
    "signing_secret": "whsec_",
    "value": "sk-admin-",
    "client_secret": "ek_",
    "key": "sk-svcacct-",
}
_OWN_IDS = {"organization_id": ORGANIZATION}
_ID_PREFIXES = {"project_id": "proj_", "user_id": "user-", "file_id": "file-"}


def _may_hold(shape: TypeShape, value: object) -> bool:
    """Whether a value of this kind may stand here: an object or an array."""
    match shape:
        case int() | ["{", _]:
            return isinstance(value, dict)
        case ["[", _]:
            return isinstance(value, list)
        case ["|", *shapes]:
            return any(
                _may_hold(each, value) and (not isinstance(each, int) or _agrees(each, value)) for each in shapes
            )
        case _:
            return False


def _agrees(number: int, known: object) -> bool:
    """Whether what is known of an object says nothing else than this type."""
    if not isinstance(known, dict):
        return False
    members = read_table().members(number)
    return all(
        fits(each.shape, known[each.name])
        for each in members
        if each.name in known and isinstance(each.shape, list) and each.shape[0] == "="
    )
