"""Skills and their versions: bundles of files go in and come out as zip files; one version is the default."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.wire.answer import Answer, Call, Operation, Served, show_kept
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, Place, boolean, refuse_type, text
from llemulator_addon.wire.errors import INVALID, RequestRefused, missing
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import SentFile, files_in, is_form, type_fields
from llemulator_addon.wire.paging import page
from llemulator_addon.wire.skill_bundles import KIND, refuse_unknown_skill
from llemulator_addon.wire.stored_files import send_content
from llemulator_addon.wire.zip_files import BEGIN, list_names, read_one, write_zip

_MANIFEST = "skill.md"
"""The file that says what a skill is; its name in any case."""
_MOST_FILES = 500
_MANIFEST_AT_MOST = 1 << 20


def create(call: Call) -> Served:
    """Make a skill, with its first version."""
    skill = _begin(call, f"skill_{call.stamp.hex('skill', 32)}", _read_bundle(call))
    return Served(answer=_answer(_show(skill)), resources=call.resources.put(_keep(skill)))


def _begin(call: Call, skill_id: str, body: Mapping[str, Any]) -> Value:
    empty = {"id": skill_id, "created_at": call.stamp.created, "default": "1", "last": 0, "versions": {}}
    return _add_version(call, empty, body)


def _keep(skill: Value) -> Kept:
    """Keep a skill together with its versions, so that none goes without the others."""
    return Kept(KIND, skill["id"], skill)


def _show(skill: Value) -> Mapping[str, Any]:
    default = skill["versions"][skill["default"]]["shown"]
    return {
        "id": skill["id"],
        "object": "skill",
        "created_at": skill["created_at"],
        "name": default["name"],
        "description": default["description"],
        "default_version": skill["default"],
        "latest_version": _find_newest(skill["versions"]),
    }


def _find_newest(versions: Mapping[str, Any]) -> str:
    return max(versions, key=int)


def list_all(call: Call) -> Served:
    """List the skills, the newest first."""
    return Served(answer=_answer(page(call, map(_show, call.resources.list_kind(KIND)))))


def retrieve(call: Call) -> Served:
    """Show a skill."""
    return Served(answer=_answer(_show(_find(call))))


def update(call: Call) -> Served:
    """Set the default version."""
    skill = _find(call)
    body: Any = check_body(_CHANGE, read_object(call.request), lenient=call.lenient)
    wanted = _choose_version(call, skill, body["default_version"], "default_version")
    skill = {**skill, "default": wanted}
    return Served(answer=_answer(_show(skill)), resources=_change(call, skill))


def delete(call: Call) -> Served:
    """Forget a skill with its versions."""
    skill_id = _find(call)["id"]
    gone = {"id": skill_id, "object": "skill.deleted", "deleted": True}
    return Served(answer=_answer(gone), resources=call.resources.remove(KIND, skill_id))


def download(call: Call) -> Served:
    """Give the default version back as a zip file."""
    skill = _find(call)
    return _send(skill["versions"][skill["default"]])


def _find(call: Call) -> Value:
    """Return the skill in the path; raises `RequestRefused`. A lenient call gets a new one."""
    skill_id = call.params["skill_id"]
    if (kept := call.resources.get(KIND, skill_id)) is not None:
        return kept
    if not call.lenient:
        raise refuse_unknown_skill(skill_id)
    return _begin(call, skill_id, {})


def _change(call: Call, skill: Value) -> Resources | None:
    """Return resources with a changed skill, but not one that was invented for a lenient call."""
    return None if call.resources.get(KIND, skill["id"]) is None else call.resources.put(_keep(skill))


# Versions -------------------------------------------------------------------------------------------------------------


def create_version(call: Call) -> Served:
    """Add a version; `default` makes it the default one."""
    body = _read_bundle(call)
    skill = _add_version(call, _find(call), body)
    number = str(skill["last"])
    if body.get("default") is True:
        skill = {**skill, "default": number}
    return Served(answer=_answer(skill["versions"][number]["shown"]), resources=_change(call, skill))


def list_versions(call: Call) -> Served:
    """List the versions of a skill, the newest first."""
    return Served(answer=_answer(page(call, [each["shown"] for each in _find(call)["versions"].values()])))


def retrieve_version(call: Call) -> Served:
    """Show a version."""
    return Served(answer=_answer(_find_version(call, _find(call))["shown"]))


def download_version(call: Call) -> Served:
    """Give a version back as a zip file."""
    return _send(_find_version(call, _find(call)))


def delete_version(call: Call) -> Served:
    """Forget a version. The default one is refused, unless it is the last: then the skill goes too."""
    skill = _find(call)
    version = _find_version(call, skill)["shown"]
    number = version["version"]
    rest = {name: each for name, each in skill["versions"].items() if name != number}
    if rest and number == skill["default"] and not call.lenient:
        # The words are not recorded.
        message = f"Version '{number}' is the default version. Set another default version first."
        raise RequestRefused(Failure(status=400, type=INVALID, param="version", message=message))
    if rest:
        default = skill["default"] if skill["default"] in rest else _find_newest(rest)
        resources = _change(call, {**skill, "versions": rest, "default": default})
    else:
        resources = call.resources.remove(KIND, skill["id"])
    gone = {"object": "skill.version.deleted", "id": version["id"], "version": number, "deleted": True}
    return Served(answer=_answer(gone), resources=resources)


def _find_version(call: Call, skill: Value) -> Mapping[str, Any]:
    found: Mapping[str, Any] = skill["versions"][_choose_version(call, skill, call.params["version"], "version")]
    return found


def _choose_version(call: Call, skill: Value, wanted: str, param: str) -> str:
    """Return a version that is there; raises `RequestRefused`. A lenient call gets the default one."""
    if wanted in skill["versions"]:
        return wanted
    if not call.lenient:
        # The words are not recorded.
        message = f"Skill version '{wanted}' not found."
        raise RequestRefused(Failure(status=404, type=INVALID, param=param, message=message))
    default: str = skill["default"]
    return default


def _add_version(call: Call, skill: Value, body: Mapping[str, Any]) -> Value:
    number, sent = skill["last"] + 1, list(files_in(body, "files"))
    described = _describe(sent, lenient=call.lenient)
    shown = {
        "id": f"skillver_{call.stamp.hex('skill version', 32)}",
        "object": "skill.version",
        "created_at": call.stamp.created,
        "skill_id": skill["id"],
        "version": str(number),
        "name": described.get("name", "skill"),
        "description": described.get("description", ""),
    }
    zipped = sent[0].content if _is_zip(sent) else write_zip({each.name: each.content for each in sent})
    version = {"shown": shown, "content": (zipped,)}
    return {**skill, "last": number, "versions": {**skill["versions"], str(number): version}}


def _send(version: Mapping[str, Any]) -> Served:
    return Served(answer=send_content(version["content"], "application/zip", f"{version['shown']['name']}.zip"))


# Bundles --------------------------------------------------------------------------------------------------------------


def _read_bundle(call: Call) -> Mapping[str, Any]:
    given = read_object(call.request) if call.request.body or call.request.json else {}
    if is_form(call.request):
        given = type_fields(given, {"default": bool})
    body = check_body(_BUNDLE, given, lenient=call.lenient)
    if not call.lenient and next(files_in(body, "files"), None) is None:
        raise RequestRefused(missing("files"))
    return body


def _is_zip(sent: list[SentFile]) -> bool:
    return len(sent) == 1 and (sent[0].content.startswith(BEGIN) or sent[0].name.lower().endswith(".zip"))


def _describe(sent: list[SentFile], *, lenient: bool) -> Mapping[str, str]:
    """Return the name and the description in a bundle's manifest; raises `RequestRefused` where it is wrong."""
    try:
        return _read_front_matter(_read_manifest(sent))
    except ValueError as error:
        if lenient:
            return {}
        # The words are not recorded.
        raise RequestRefused(Failure(status=400, type=INVALID, param="files", message=f"{error}")) from None


def _read_manifest(sent: list[SentFile]) -> str:
    zipped = sent[0].content if _is_zip(sent) else None
    try:
        names = [each.name for each in sent] if zipped is None else list_names(zipped)
    except ValueError:
        raise ValueError(_NO_ZIP) from None
    if len(names) > _MOST_FILES:
        raise ValueError(_TOO_MANY)
    if any(name.startswith("/") or ".." in name.replace("\\", "/").split("/") for name in names):
        raise ValueError(_OUTSIDE)
    manifests = [name for name in names if name.rpartition("/")[2].lower() == _MANIFEST]
    if len(manifests) != 1:
        raise ValueError(_NO_MANIFEST)
    if zipped is None:
        content = next(each.content for each in sent if each.name == manifests[0])
    else:
        content = _unzip(zipped, manifests[0])
    return content[:_MANIFEST_AT_MOST].decode("utf-8", "replace")


def _unzip(zipped: bytes, name: str) -> bytes:
    try:
        return read_one(zipped, name, most=_MANIFEST_AT_MOST)
    except ValueError:
        raise ValueError(_NO_ZIP) from None


def _read_front_matter(manifest: str) -> Mapping[str, str]:
    """Read the lines between the first two `---`: one value for each name, or a folded text below it."""
    begin, *lines = manifest.lstrip("\ufeff").splitlines() or [""]
    if begin.strip() != "---" or "---" not in (each.strip() for each in lines):
        raise ValueError(_NO_FRONT_MATTER)
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.strip() == "---":
            break
        if line.startswith((" ", "\t")):
            found.setdefault(name, []).append(line.strip())
        elif ":" in line:
            name, _, value = (each.strip() for each in line.partition(":"))
            found[name] = [] if value in _FOLDED else [value.strip("\"'")]
    told = {name: " ".join(lines) for name, lines in found.items()}
    if not told.get("name") or not told.get("description"):
        raise ValueError(_NO_FRONT_MATTER)
    return told


_FOLDED = frozenset((">", "|", ">-", "|-"))
_NO_ZIP = "The zip file cannot be read."
_TOO_MANY = f"A skill can have at most {_MOST_FILES} files."
_OUTSIDE = "The path of a file must stay below the skill."
_NO_MANIFEST = "A skill must have exactly one SKILL.md file."
_NO_FRONT_MATTER = "SKILL.md must begin with front matter that has a name and a description."


def _answer(value: object) -> Answer:
    return show_kept(value, pretty, b"\n")


def _take_files(place: Place, given: Any) -> None:  # noqa: ANN401 - a member of a form
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, SentFile):
            raise refuse_type(place, "a file", each)


_BUNDLE = Fields(checks={"files": _take_files, "default": boolean})
_CHANGE = Fields(checks={"default_version": text(least=1)}, needs=("default_version",))

_ALL = "/skills"
_ONE = f"{_ALL}/{{skill_id}}"
_VERSIONS = f"{_ONE}/versions"
_VERSION = f"{_VERSIONS}/{{version}}"

CREATE = Operation(name="skills.create", method="POST", path=_ALL, serve=create, for_pages=True)
LIST = Operation(name="skills.list", method="GET", path=_ALL, serve=list_all)
RETRIEVE = Operation(name="skills.retrieve", method="GET", path=_ONE, serve=retrieve)
UPDATE = Operation(name="skills.update", method="POST", path=_ONE, serve=update)
DELETE = Operation(name="skills.delete", method="DELETE", path=_ONE, serve=delete)
CONTENT = Operation(name="skills.content.retrieve", method="GET", path=f"{_ONE}/content", serve=download)
CREATE_VERSION = Operation(name="skills.versions.create", method="POST", path=_VERSIONS, serve=create_version)
LIST_VERSIONS = Operation(name="skills.versions.list", method="GET", path=_VERSIONS, serve=list_versions)
RETRIEVE_VERSION = Operation(name="skills.versions.retrieve", method="GET", path=_VERSION, serve=retrieve_version)
DELETE_VERSION = Operation(name="skills.versions.delete", method="DELETE", path=_VERSION, serve=delete_version)
VERSION_CONTENT = Operation(
    name="skills.versions.content.retrieve", method="GET", path=f"{_VERSION}/content", serve=download_version
)
