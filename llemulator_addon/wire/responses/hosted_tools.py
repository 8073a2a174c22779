"""Calls of tools that OpenAI runs, as items: what a script does not say is filled in as recorded.

Of types without a recording (`computer_call`, `program`), the fields are those of the SDK's types.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import HostedCall
from llemulator_addon.wire.api_dates import TODAYS, Api
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.pictures import WIDEST, Picture
from llemulator_addon.wire.responses import echoed_parameters
from llemulator_addon.wire.responses.ids import Ids, lone, make_encrypted, prefix

NewItem = dict[str, Any]

PARTIAL_IMAGES = "partial_images"
"""A field of a hosted call that no item has: the images to show, as base64, before the image is finished."""

_FORMS = frozenset({"png", "jpeg", "webp"})
_SQUARE = 1_024
"""Points of a side where the tool names no size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A call, and what its item is written with."""

    call: HostedCall
    at: int
    """Its place in the output."""
    prompt: Prompt
    ids: Ids
    api: Api = TODAYS
    """The features of the API that answers."""

    @property
    def call_id(self) -> str:
        """The id under which the client answers it."""
        return self.ids.call(str(self.at))

    def includes(self, what: str) -> bool:
        """Whether the request asks for something that is left out otherwise."""
        return echoed_parameters.includes(self.prompt.body, what)

    def tool(self, kind: str) -> Mapping[str, object]:
        """Return the request's tool of a type, or an empty one."""
        return _find_tool(self.prompt, kind)


def _find_tool(prompt: Prompt, kind: str) -> Mapping[str, object]:
    asked = prompt.body.get("tools")
    tools = asked if isinstance(asked, list) else []
    return next((tool for tool in tools if isinstance(tool, dict) and tool.get("type") == kind), {})


def write_item(hosted: Hosted) -> NewItem:
    """Return the finished item: `id`, `type`, `status`, and the other keys by name."""
    kind = hosted.call.type
    usual = _USUAL.get(kind, _unknown)
    fields = _join(usual(hosted), _read_given(hosted.call))
    first = {"id": fields.get("id") or hosted.ids.make(prefix(kind), f"output/{hosted.at}"), "type": kind}
    status = {"status": fields["status"]} if "status" in fields else {}
    return first | status | {key: fields[key] for key in sorted(fields) if key not in _NOT_AGAIN}


_NOT_AGAIN = frozenset({"id", "type", "status", PARTIAL_IMAGES})


def _read_given(call: HostedCall) -> Mapping[str, object]:
    """Return what a script gives, with the error of a remote call as an object (the SDK's types) where it is a text."""
    error = call.fields.get("error")
    if call.type != "mcp_call" or not isinstance(error, str):
        return call.fields
    content = [{"type": "text", "text": error}]
    return {**call.fields, "error": {"type": "mcp_tool_execution_error", "content": content}}


def _join(usual: NewItem, given: Mapping[str, object]) -> NewItem:
    """Fill in what is not given, in an object of the same type too; arguments given as an object are spelled."""
    filled = {key: _fill(usual.get(key), value) for key, value in given.items()}
    return {**usual, **filled}


def _fill(usual: object, given: object) -> object:
    if isinstance(usual, str) and isinstance(given, dict | list):
        return compact(given).decode()
    if not isinstance(usual, dict) or not isinstance(given, dict):
        return given
    return {**usual, **given} if given.get("type", usual.get("type")) == usual.get("type") else given


def _unknown(_: Hosted) -> NewItem:
    return {"status": "completed"}


def _web_search(hosted: Hosted) -> NewItem:
    action = hosted.call.fields.get("action")
    query = action.get("query") if isinstance(action, dict) else None
    asked = query or hosted.prompt.user_text
    queries = {"queries": [asked]} if "queries_of_search" in hosted.api else {}
    return {"status": "completed", "action": {"type": "search", **queries, "query": asked}}


def _file_search(hosted: Hosted) -> NewItem:
    found: list[object] | None = [] if hosted.includes("file_search_call.results") else None
    return {"status": "completed", "queries": [hosted.prompt.user_text], "results": found}


def _code_interpreter(hosted: Hosted) -> NewItem:
    outputs: list[object] | None = [] if hosted.includes("code_interpreter_call.outputs") else None
    container = hosted.tool("code_interpreter").get("container")
    container_id = container if isinstance(container, str) else lone(hosted.ids.stamp, "cntr", "container")
    return {"status": "completed", "code": "", "container_id": container_id, "outputs": outputs}


def _image_generation(hosted: Hosted) -> NewItem:
    """Return an image of the form that the tool is set to."""
    tool = hosted.tool("image_generation")
    return {
        "status": "completed",
        "background": _choose(tool, "background", "opaque"),
        "output_format": _choose(tool, "output_format", "png"),
        "quality": _choose(tool, "quality", "medium"),
        "result": draw_image(hosted.prompt),
        "revised_prompt": hosted.prompt.user_text,
        "size": _choose(tool, "size", "1024x1024"),
    }


def draw_image(prompt: Prompt, shown: float = 1.0) -> str:
    """Return the image where a script gives none, in Base64; `shown` is the part of it that is there, from the top."""
    tool, words = _find_tool(prompt, "image_generation"), prompt.user_text
    width, _, height = _choose(tool, "size", "").partition("x")
    picture = Picture(
        _read_side(width),
        _read_side(height),
        words,
        crc32(words.encode("utf-8", "replace")) & 0xFFFFFF,
        transparent=tool.get("background") == "transparent" and tool.get("output_format") != "jpeg",
        shown=shown,
        form=form if (form := _choose(tool, "output_format", "png")) in _FORMS else "png",
    )
    return b64encode(picture.draw()).decode("ascii")


def _read_side(text: str) -> int:
    return min(int(text), WIDEST) or _SQUARE if text.isdecimal() and len(text) <= len(str(WIDEST)) else _SQUARE


def _choose(tool: Mapping[str, object], key: str, usual: str) -> str:
    asked = tool.get(key)
    return asked if isinstance(asked, str) and asked != "auto" else usual


def _mcp_list_tools(hosted: Hosted) -> NewItem:
    return {"server_label": _server(hosted), "tools": []}


def _mcp_call(hosted: Hosted) -> NewItem:
    failed = hosted.call.fields.get("error") is not None
    return {
        **({"status": "failed" if failed else "completed"} if "mcp_status" in hosted.api else {}),
        "approval_request_id": None,
        "arguments": "{}",
        "error": None,
        "name": "",
        "output": None if failed else "",
        "server_label": _server(hosted),
    }


def _mcp_approval_request(hosted: Hosted) -> NewItem:
    return {"arguments": "{}", "name": "", "server_label": _server(hosted)}


def _server(hosted: Hosted) -> str:
    label = hosted.tool("mcp").get("server_label")
    return label if isinstance(label, str) else "mcp"


def _computer(hosted: Hosted) -> NewItem:
    action = {} if "actions" in hosted.call.fields else {"action": {"type": "screenshot"}}
    return {"status": "completed", **action, "call_id": hosted.call_id, "pending_safety_checks": []}


def _local_shell(hosted: Hosted) -> NewItem:
    return {
        "status": "completed",
        "action": {"type": "exec", "command": [], "env": {}},
        "call_id": hosted.call_id,
    }


def _shell(hosted: Hosted) -> NewItem:
    return {
        "status": "completed",
        "action": {"commands": [], "max_output_length": None, "timeout_ms": None},
        "call_id": hosted.call_id,
        "environment": {"type": "local"},
    }


def _shell_output(hosted: Hosted) -> NewItem:
    return {"status": "completed", "call_id": hosted.call_id, "max_output_length": None, "output": []}


def _apply_patch(hosted: Hosted) -> NewItem:
    operation = {"type": "create_file", "diff": "", "path": ""}
    return {"status": "completed", "call_id": hosted.call_id, "operation": operation}


def _tool_search(hosted: Hosted) -> NewItem:
    by_client = hosted.call.fields.get("execution") == "client"
    return {
        "status": "completed",
        "arguments": {},
        "call_id": hosted.call_id if by_client else None,
        "execution": "server",
    }


def _tool_search_output(_: Hosted) -> NewItem:
    return {"status": "completed", "call_id": None, "execution": "server", "tools": []}


def _compaction(hosted: Hosted) -> NewItem:
    return {"encrypted_content": make_encrypted(f"compaction/{hosted.at}", hosted.ids)}


def _program(hosted: Hosted) -> NewItem:
    return {"call_id": hosted.call_id, "code": "", "fingerprint": hosted.ids.stamp.hex("program", 32)}


def _program_output(hosted: Hosted) -> NewItem:
    return {"status": "completed", "call_id": hosted.call_id, "result": ""}


_USUAL: Mapping[str, Callable[[Hosted], NewItem]] = {
    "web_search_call": _web_search,
    "file_search_call": _file_search,
    "code_interpreter_call": _code_interpreter,
    "image_generation_call": _image_generation,
    "mcp_list_tools": _mcp_list_tools,
    "mcp_call": _mcp_call,
    "mcp_approval_request": _mcp_approval_request,
    "computer_call": _computer,
    "local_shell_call": _local_shell,
    "shell_call": _shell,
    "shell_call_output": _shell_output,
    "apply_patch_call": _apply_patch,
    "tool_search_call": _tool_search,
    "tool_search_output": _tool_search_output,
    "compaction": _compaction,
    "program": _program,
    "program_output": _program_output,
}

HOSTED = tuple(_USUAL)
"""The types whose fields are known; any other type gets a status in addition to the fields of the script."""
