"""The files of skills as they are in a container: of stored ones, and of those that a request has within it."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Resources
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.zip_files import read_all

KIND = "skill"
_BELOW = "/mnt/skills"
"""Assumed: OpenAI's pages do not say where skills are."""
_MOST = 16 << 20
"""Bytes of all files of a skill."""


def list_mounted(resources: Resources, skills: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file; raises `RequestRefused` for a skill that cannot be read."""
    for number, skill in enumerate(skills):
        zipped, name = _find_bundle(resources, skill, number)
        try:
            yield from ((_place(name, path), content) for path, content in read_all(zipped, most=_MOST))
        except ValueError:
            raise _refuse(400, f"skills[{number}]", "The zip file cannot be read.") from None


def _find_bundle(resources: Resources, skill: Mapping[str, Any], number: int) -> tuple[bytes, str]:
    """Return the zip file of a skill, and its name."""
    if text_in(skill, "type") == "inline":
        try:
            data = b64decode(text_in(object_in(skill, "source"), "data") or "", validate=True)
        except (Error, ValueError):
            raise _refuse(400, f"skills[{number}].source.data", "The data is not Base64.") from None
        return data, text_in(skill, "name") or "skill"
    skill_id = text_in(skill, "skill_id")
    kept = resources.get(KIND, skill_id or "")
    if kept is None:
        raise refuse_unknown_skill(skill_id or "")
    wanted = text_in(skill, "version") or kept["default"]
    version = kept["versions"].get(max(kept["versions"], key=int) if wanted == "latest" else wanted)
    if version is None:
        raise _refuse(404, f"skills[{number}].version", f"Skill version '{wanted}' not found.")
    return b"".join(version["content"]), version["shown"]["name"]


def _place(name: str, path: str) -> str:
    """Return where a file is: below the folder that it has in its bundle, else below one with the skill's name."""
    return f"{_BELOW}/{path}" if "/" in path else f"{_BELOW}/{name}/{path}"


def refuse_unknown_skill(skill_id: str) -> RequestRefused:
    """Refuse a skill that is not there. The words are not recorded."""
    return _refuse(404, None, f"Skill with id '{skill_id}' not found.")


def _refuse(status: int, param: str | None, message: str) -> RequestRefused:
    return RequestRefused(Failure(status=status, type=INVALID, param=param, message=message))
