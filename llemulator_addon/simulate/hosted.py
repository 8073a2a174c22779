"""Calls of OpenAI's own tools in simulated answers: one that is forced, or one that fits the user's words."""

from collections.abc import Mapping
from typing import Any

import re2

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import HostedCall
from llemulator_addon.simulate.harmless import ECHO, FOLDER
from llemulator_addon.wire.requested_output import ToolUse


def make_hosted_calls(prompt: Prompt, use: ToolUse) -> tuple[HostedCall, ...]:
    """Return the call of a hosted tool that stands before the answer's text; none where no tool fits."""
    wanted = use.hosted or (None if prompt.body.get("tool_choice") == "none" else _fitting(prompt))
    if wanted is None:
        return ()
    kind = _base(wanted)
    return (HostedCall(type=f"{kind}_call", fields=_FIELDS.get(kind, {})),)


def _fitting(prompt: Prompt) -> str | None:
    if prompt.messages and prompt.messages[-1].role != "user":
        return None
    offered = [tool.kind for tool in prompt.tools]
    text = prompt.user_text[:_LOOKED_AT]
    return next((kind for kind in offered if (words := _WORDS.get(_base(kind))) and words.search(text)), None)


def _base(hosted: str) -> str:
    """Return the name of a hosted tool without its version: `web_search_preview` makes a `web_search_call`."""
    return hosted.partition("_preview")[0]


_LOOKED_AT = 4_000
"""Characters of the user's words."""
_WORDS: Mapping[str, Any] = {
    kind: re2.compile(rf"(?i)\b(?:{'|'.join(words)})\b")
    for kind, words in {
        "image_generation": (
            "draw",
            "paint",
            "sketch",
            "(?:images?|pictures?|photos?|illustrations?|logos?) (?:of|for|with)",
        ),
        "web_search": (
            "search|google|browse|look up|web|internet|online|latest|news|today",
            "current|currently|recent|recently|this (?:week|month|year)",
        ),
        "file_search": ("documents?|files?|uploaded|knowledge base|handbook|manual|policy|according to",),
        "code_interpreter": ("calculate|compute|plot|chart|python|run (?:the |this )?code|analy[sz]e|csv",),
        "shell": ("run|execute|command|shell|terminal|bash",),
        "local_shell": ("run|execute|command|shell|terminal|bash",),
    }.items()
}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "code_interpreter": {"code": 'print("hello")'},
    "shell": {"action": {"commands": [ECHO]}},
    "local_shell": {"action": {"type": "exec", "command": ["echo", "hello"], "env": {}}},
    "apply_patch": {"operation": {"type": "create_file", "path": f"{FOLDER}/notes.txt", "diff": "+hello"}},
}
"""Such as a client may run without harm."""
