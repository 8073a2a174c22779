"""From the body of a response to a prompt: what is asked now, behind what was said before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.core.json_type import JsonObject as Body
from llemulator_addon.core.prompt import Message, Prompt, Tool
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.checking import refuse
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.families import family
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.named_files import check_files_of_items
from llemulator_addon.wire.responses import history, response_errors
from llemulator_addon.wire.responses.body import check, drop_wrong
from llemulator_addon.wire.responses.capabilities import check_capabilities
from llemulator_addon.wire.responses.ids import Ids
from llemulator_addon.wire.responses.input_items import (
    Item,
    items_of,
    messages_of,
)
from llemulator_addon.wire.responses.invariants import check_conversation
from llemulator_addon.wire.responses.response_object import conversation_id
from llemulator_addon.wire.structured_outputs import refuse_schema
from llemulator_addon.wire.usage import count_prompt

NAME = "responses"


def read(call: Call, body: Body) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    if call.lenient:
        body = drop_wrong(body)
    else:
        check(body, needs_model=not isinstance(body.get("prompt"), dict))
    items = _conversation(call, body)
    model = _model(call, body)
    if not call.lenient and call.knows(model):
        check_capabilities(body, model)
    prompt = Prompt(
        endpoint=NAME,
        model=model,
        messages=(*_instructions(body), *messages_of(items)),
        tools=_list_offered(body, items),
        stream=bool(body.get("stream")),
        body=body,
    )
    if not call.lenient:
        refuse(refuse_schema(prompt))
    return prompt


def exceeds_window(call: Call, prompt: Prompt) -> bool:
    """Whether a conversation is longer than the model's window. With `truncation: auto` the API shortens it itself."""
    if call.lenient or prompt.body.get("truncation") == "auto" or not call.knows(prompt.model):
        return False
    room = family(prompt.model).room
    # No text has more tokens than bytes, and no character more than four of those.
    characters = sum(
        len(message.text) + sum(len(each.arguments) for each in message.called) for message in prompt.messages
    )
    return 4 * (characters + _OVERHEAD * len(prompt.messages)) >= room and count_prompt(prompt) > room


_OVERHEAD = 8
"""Characters that stand for the tokens that a message has in addition to its text."""


def read_counting(call: Call, body: Body) -> Prompt:
    """Understand a body of which only the tokens are counted; raises `RequestRefused`."""
    if call.lenient:
        body = drop_wrong(body)
    else:
        check(body, needs_model=False)
    items = _conversation(call, body) if _says_something(body) or not call.lenient else []
    return Prompt(
        endpoint=NAME,
        model=_model(call, body),
        messages=(*_instructions(body), *messages_of(items)),
        tools=_list_offered(body, items),
        body=body,
    )


def history_of(call: Call, body: Body) -> list[Item]:
    """Return what was said before, from an earlier response or a conversation; raises `RequestRefused`."""
    before, name = text_in(body, "previous_response_id"), conversation_id(body)
    if call.lenient:
        return _whatever_was_said(call, before, name)
    if before and name:
        raise RequestRefused(response_errors.two_histories())
    if name:
        if call.resources.get(history.CONVERSATION, name) is None:
            raise RequestRefused(response_errors.unknown_conversation(name))
        if history.is_held(call.resources, name, call.request.at):
            raise RequestRefused(response_errors.conversation_locked())
        return list(history.items_of(call.resources, name))
    return history.history(call.resources, before, call.request.talk) if before else []


def _whatever_was_said(call: Call, before: object, name: str | None) -> list[Item]:
    if name:
        return list(history.items_of(call.resources, name))
    if isinstance(before, str) and history.find(call.resources, before) is not None:
        return history.history(call.resources, before)
    return []


def _conversation(call: Call, body: Body) -> list[Item]:
    """Return everything that the model is shown, oldest first."""
    if not (call.lenient or call.request.warms_up or _says_something(body)):
        raise RequestRefused(response_errors.nothing_to_answer())
    before, name = history_of(call, body), conversation_id(body)
    given = items_of(body.get("input"), Ids(call.stamp))
    told = history.resolve(given, call.resources, name, lenient=call.lenient)
    whole = history.resolve(before, call.resources, name, lenient=True)
    if not call.lenient:
        check_conversation(call, whole, told)
        check_files_of_items(call, body, "input")
    return [*whole, *told]


def _says_something(body: Body) -> bool:
    return bool(body.get("input") or body.get("previous_response_id") or body.get("prompt") or conversation_id(body))


def _model(call: Call, body: Body) -> str:
    """Return the model; a stored prompt brings its own, which only OpenAI knows."""
    model = body.get("model")
    if isinstance(model, str) and (model or not call.lenient):
        return model
    return _USUAL if _USUAL in call.models else next(iter(call.models), _USUAL)


_USUAL = "gpt-4o"


def _instructions(body: Body) -> tuple[Message, ...]:
    given = body.get("instructions")
    if isinstance(given, str):
        return (Message(role="system", text=given),) if given else ()
    return messages_of(item for item in given if isinstance(item, dict)) if isinstance(given, list) else ()


def _list_offered(body: Body, items: Iterable[Item]) -> tuple[Tool, ...]:
    """Return the tools that a request offers: in `tools`, and in items that bring some, each by its last definition."""
    brought = (tool for item in items if item.get("type") in _BRINGING for tool in _tools(item.get("tools")))
    return tuple(
        {(tool.namespace, tool.name, tool.kind): tool for tool in (*_tools(body.get("tools")), *brought)}.values()
    )


_BRINGING = frozenset({"additional_tools", "tool_search_output"})
"""Items that bring tools: a developer's, and those that a search has found."""


def _tools(given: object, namespace: str | None = None) -> Iterator[Tool]:
    for tool in given if isinstance(given, list) else ():
        if isinstance(tool, dict) and isinstance(tool.get("type"), str):
            yield from _tools_of(tool, namespace)


def _tools_of(tool: Mapping[str, Any], namespace: str | None) -> Iterable[Tool]:
    kind = tool["type"]
    if kind == "namespace":
        return _tools(tool.get("tools"), text_in(tool, "name"))
    name, parameters = tool.get("name"), tool.get("parameters")
    return (
        Tool(
            name=name if isinstance(name, str) else kind,
            kind=kind,
            description=text_in(tool, "description") or "",
            parameters=parameters if isinstance(parameters, dict) else {},
            namespace=namespace,
        ),
    )
