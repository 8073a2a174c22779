"""A simulated answer harms nobody who acts on it, whatever the prompt says."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from llemulator_addon.core.prompt import Message, Prompt, Tool
from llemulator_addon.core.reply import HostedCall, ModelOutput, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.simulate.answer import simulate
from llemulator_addon.simulate.harmless import FOLDER
from llemulator_addon.simulate.settings import SimulationSettings

_TEXT = {"type": "string"}
_DANGEROUS = "Run `rm -rf ~/work`, then open https://evil.test/x and write 'secrets' to /etc/passwd: DROP TABLE users"


def _prompt(text: str, *tools: Tool, system: str = "", **body: object) -> Prompt:
    messages = (Message(role="system", text=system), Message(role="user", text=text))
    return Prompt(endpoint="responses", model="gpt-4o", messages=messages, tools=tools, body=body)


def _blocks(prompt: Prompt) -> tuple[object, ...]:
    reply = simulate(prompt, Stamp(1, 0), SimulationSettings())
    assert isinstance(reply, ModelOutput)
    return reply.choices[0].blocks


def _call(tool: Tool, text: str = _DANGEROUS) -> str:
    choice = {"type": "function", "function": {"name": tool.name}}
    (call,) = _blocks(_prompt(text, tool, tool_choice=choice))
    assert isinstance(call, ToolCall)
    return call.arguments


def _tool(name: str, description: str = "", /, *, optional: Mapping[str, Any] | None = None, **needed: object) -> Tool:
    parameters = {"type": "object", "properties": {**needed, **(optional or {})}, "required": list(needed)}
    return Tool(name=name, description=description, parameters=parameters)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (_tool("bash", "Executes a command", command=_TEXT), {"command": "echo hello"}),
        (_tool("exec_command", "Runs a command in a PTY", cmd=_TEXT), {"cmd": "echo hello"}),
        (_tool("shell", command={"type": "array", "items": _TEXT}), {"command": ["echo", "hello"]}),
        (_tool("terminal", script=_TEXT), {"script": "echo hello"}),
        (_tool("execute", language={"const": "shell"}, code=_TEXT), {"language": "shell", "code": "echo hello"}),
        (_tool("run", "Runs Python code", code=_TEXT), {"code": 'print("hello")'}),
        (_tool("write_stdin", input=_TEXT), {"input": "echo hello"}),
        (_tool("ask_database", sql=_TEXT), {"sql": "SELECT 1"}),
        (_tool("query", "Queries the database", query=_TEXT), {"query": "SELECT 1"}),
        (_tool("list", "Lists a folder", directory=_TEXT), {"directory": FOLDER}),
        (_tool("wipe_disk", force={"type": "boolean"}), {"force": False}),
        (_tool("edit", command={"enum": ["delete", "create", "view"]}), {"command": "view"}),
        (
            _tool("exec", sandbox_permissions={"enum": ["require_escalated", "use_default"]}),
            {"sandbox_permissions": "use_default"},
        ),
    ],
)
def test_what_may_be_run_is_harmless(tool: Tool, arguments: Mapping[str, Any]) -> None:
    assert json.loads(_call(tool)) == arguments


@pytest.mark.parametrize("name", ["path", "file_path", "filePath", "filename", "target_file", "output_path", "file"])
def test_a_path_lies_below_a_temporary_folder(name: str) -> None:
    assert json.loads(_call(_tool("write_file", **{name: _TEXT})))[name].startswith(f"{FOLDER}/")


@pytest.mark.parametrize(
    "schema", [{"url": _TEXT}, {"page_url": _TEXT}, {"link": _TEXT}, {"target": {"type": "string", "format": "uri"}}]
)
def test_only_example_com_is_fetched(schema: Mapping[str, Any]) -> None:
    (url,) = json.loads(_call(_tool("fetch", "Fetches a page", **schema))).values()

    assert url.startswith("https://example.com/")


@pytest.mark.parametrize("strategy", ["contextual", "random", "sequence"])
def test_a_tool_that_deletes_is_not_chosen(strategy: str) -> None:
    tools = (_tool("delete_file", "Delete a file", path=_TEXT), _tool("list_users"))

    for seed in range(20):
        blocks = _blocks(_prompt("Please delete the file notes", *tools, tool_strategy=strategy, seed=seed))
        assert "delete_file" not in [block.name for block in blocks if isinstance(block, ToolCall)]


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        (Tool(name="exec", kind="custom", description="Runs JavaScript code"), 'console.log("hello")'),
        (Tool(name="shell", kind="custom"), "echo hello"),
        (
            Tool(name="apply_patch", kind="custom", description="Edits files"),
            "*** Begin Patch\n*** Add File: /tmp/llemulator/notes.txt\n+hello\n*** End Patch",
        ),
    ],
)
def test_what_a_tool_without_a_schema_runs_is_harmless(tool: Tool, given: str) -> None:
    (call,) = _blocks(_prompt(_DANGEROUS, tool, tool_choice={"type": "custom", "name": tool.name}))

    assert isinstance(call, ToolCall)
    assert call.arguments == given


def test_an_optional_argument_is_left_out_where_nothing_asks_for_it() -> None:
    why = {"type": "string", "description": "Question to ask the user. Only set it with require_escalated."}
    tool = _tool(
        "exec_command", cmd=_TEXT, optional={"justification": why, "workdir": _TEXT, "limit": {"type": "number"}}
    )

    assert json.loads(_call(tool, "Tell me about 3 cats")) == {"cmd": "echo hello"}


def test_an_optional_argument_is_given_where_the_user_names_it() -> None:
    tool = _tool("search", query=_TEXT, optional={"limit": {"type": "integer"}})

    assert json.loads(_call(tool, "Search cats, top 5"))["limit"] == 5


def test_in_json_nothing_that_may_be_run_comes_from_the_prompt() -> None:
    schema = {"type": "object", "properties": {"command": _TEXT, "sql": _TEXT}, "required": ["command", "sql"]}
    asked = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}

    (text,) = _blocks(_prompt(_DANGEROUS, response_format=asked))

    assert json.loads(text.text) == {"command": "echo hello", "sql": "SELECT 1"}  # type: ignore[attr-defined]


def test_words_that_a_prompt_stresses_are_no_places() -> None:
    asked = "You MUST answer in English. IMPORTANT: NEVER guess. What is the weather in Oslo?"
    tool = _tool("get_weather", "Get the weather for a city", city=_TEXT)

    calls = [block for block in _blocks(_prompt(asked, tool)) if isinstance(block, ToolCall)]

    assert [json.loads(call.arguments)["city"] for call in calls] == ["Oslo"]


@pytest.mark.parametrize(
    ("kind", "asked", "called"),
    [
        ("image_generation", "Draw a cat", "image_generation_call"),
        ("web_search", "What are the latest news?", "web_search_call"),
        ("web_search_preview", "Search the web for cats", "web_search_call"),
        ("code_interpreter", "Plot a sine", "code_interpreter_call"),
        ("file_search", "What does the handbook say?", "file_search_call"),
        ("shell", "Run the tests", "shell_call"),
        ("image_generation", "Good morning", None),
        ("web_search", "Tell me a joke", None),
    ],
)
def test_a_hosted_tool_is_used_where_it_fits(kind: str, asked: str, called: str | None) -> None:
    blocks = _blocks(_prompt(asked, Tool(name=kind, kind=kind)))

    assert [block.type for block in blocks if isinstance(block, HostedCall)] == ([called] if called else [])


def test_a_hosted_shell_is_given_a_harmless_command() -> None:
    call, *_ = _blocks(_prompt(_DANGEROUS, Tool(name="shell", kind="shell")))

    assert isinstance(call, HostedCall)
    assert call.fields == {"action": {"commands": ["echo hello"]}}


def test_a_commit_message_is_one_line_about_the_file_that_changed() -> None:
    system = "Generate a concise git commit message for the given difference."
    difference = "diff --git a/src/app.py b/src/app.py\n--- a/src/app.py\n+++ b/src/app.py\n@@ -1 +1 @@\n-a\n+b"

    (text,) = _blocks(_prompt(difference, system=system))

    message = text.text  # type: ignore[attr-defined]
    assert message.endswith("src/app.py")
    assert "\n" not in message
