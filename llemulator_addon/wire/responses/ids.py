"""The ids of responses and of their items, which say when and with whom they were made."""

from dataclasses import dataclass

from llemulator_addon.core.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one answer: all share their first 18 digits, as in 456 of 456 recorded responses."""

    stamp: Stamp
    stored: bool = True

    def make(self, prefix: str, label: str) -> str:
        """Return an id. Recorded: 16 digits of which the first is 0, `00` if stored and else `01`, the second."""
        return f"{prefix}_{self.shared}{make_dated(self.stamp, label)}"

    @property
    def shared(self) -> str:
        """The digits that all of them share."""
        return f"0{self.stamp.hex('response', 15)}{'00' if self.stored else '01'}"

    def call(self, label: str) -> str:
        """Return the `call_id` of a tool call."""
        return f"call_{self.stamp.base62(f'call/{label}', 24)}"


def make_dated(stamp: Stamp, label: str) -> str:
    """Return 32 digits that begin with the time, as OpenAI's newer ids do."""
    drawn = stamp.hex(label, 21)
    return f"{stamp.created:08x}{drawn[:4]}819{drawn[4:]}"


def lone(stamp: Stamp, prefix: str, label: str) -> str:
    """Return the id of something that belongs to no response, as a conversation: 48 digits."""
    return f"{prefix}_{make_dated(stamp, label)}{stamp.hex(f'{label}/end', 16)}"


def make_encrypted(label: str, ids: Ids) -> str:
    """Return what looks like the API's encrypted content, and says nothing but that this session made it."""
    drawn = ids.stamp.base62(label, 337 - _SEAL)
    return f"{_BEGIN}{drawn}{_seal(drawn, ids.stamp)}"


def is_own_encrypted(content: str, stamp: Stamp) -> bool:
    """Whether a session made the content, by its seal; `stamp` is any of the session."""
    drawn = content.removeprefix(_BEGIN)[:-_SEAL]
    return content == f"{_BEGIN}{drawn}{_seal(drawn, stamp)}"


_BEGIN, _SEAL = "gAAAAAB", 32


def _seal(drawn: str, stamp: Stamp) -> str:
    return stamp.lasting.base62(f"seal/{drawn}", _SEAL)


def find_shared(item_id: str) -> str:
    """Return the digits that an item's id shares with its response's."""
    return item_id.partition("_")[2][:18]


PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "web_search_call": "ws",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "image_generation_call": "ig",
    "computer_call": "cu",
    "computer_call_output": "cuo",
    "mcp_list_tools": "mcpl",
    "mcp_call": "mcp",
    "mcp_approval_request": "mcpr",
    "mcp_approval_response": "mcpa",
    "local_shell_call": "lsh",
    "local_shell_call_output": "lsho",
    "shell_call": "sh",
    "shell_call_output": "sho",
    "apply_patch_call": "apc",
    "apply_patch_call_output": "apco",
    "tool_search_call": "tsc",
    "tool_search_output": "tso",
    "compaction": "cmp",
    "program": "cm",
    "program_output": "cmo",
    "additional_tools": "at",
    "configuration_update": "cfg",
}
"""The prefix of the ids of each type of item. Recorded for items of a model; of items that a client sends and gets back
with an id, and of `computer_call` and `program`, only the SDK's examples say something."""


def prefix(kind: str) -> str:
    """Return what the ids of a type begin with; of a type that is newer than this program, its initials."""
    return PREFIXES.get(kind) or "".join(word[:1] for word in kind.split("_"))
