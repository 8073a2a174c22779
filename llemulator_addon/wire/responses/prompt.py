"""From the body of a response to a prompt: what is asked now, behind what was said before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.core.json_type import JsonObject as Body
from llemulator_addon.core.prompt import Message, Prompt, Tool
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.responses import history, response_errors
from llemulator_addon.wire.responses.body import check, drop_wrong
from llemulator_addon.wire.responses.capabilities import check_capabilities
from llemulator_addon.wire.responses.ids import Ids
from llemulator_addon.wire.responses.input_items import (
    ANSWERED_BY,
    Item,
    calls_of,
    items_of,
    messages_of,
    outputs_of,
)
from llemulator_addon.wire.responses.response_object import conversation_id
from llemulator_addon.wire.structured_outputs import refuse_schema

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
        tools=_offered(body, items),
        stream=bool(body.get("stream")),
        body=body,
    )
    if not call.lenient and (refused := refuse_schema(prompt)) is not None:
        raise RequestRefused(refused)
    return prompt


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
        tools=_offered(body, items),
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
        return list(history.items_of(call.resources, name))
    return history.history(call.resources, before) if before else []


def _whatever_was_said(call: Call, before: object, name: str | None) -> list[Item]:
    if name:
        return list(history.items_of(call.resources, name))
    if isinstance(before, str) and history.find(call.resources, before) is not None:
        return history.history(call.resources, before)
    return []


def _conversation(call: Call, body: Body) -> list[Item]:
    """Return everything that the model is shown, oldest first."""
    if not call.lenient and not _says_something(body):
        raise RequestRefused(response_errors.nothing_to_answer())
    given = items_of(body.get("input"), Ids(call.stamp))
    items = history.resolve(
        (*history_of(call, body), *given), call.resources, conversation_id(body), lenient=call.lenient
    )
    if not call.lenient:
        _check_pairs(items)
    return items


def _says_something(body: Body) -> bool:
    return bool(body.get("input") or body.get("previous_response_id") or body.get("prompt") or conversation_id(body))


def _check_pairs(items: list[Item]) -> None:
    """Check that every call has its result, every result its call, and a reasoning what it led to."""
    answered = {call_id for _, call_id in outputs_of(items)}
    called = set(calls_of(items))
    for kind, output_kind in ANSWERED_BY.items():
        for item in items:
            if item.get("type") == kind and item["call_id"] not in answered:
                raise RequestRefused(response_errors.call_without_output(kind, item["call_id"]))
            if item.get("type") == output_kind and item["call_id"] not in called:
                raise RequestRefused(response_errors.output_without_call(kind, item["call_id"]))
    if items and items[-1].get("type") == "reasoning":
        raise RequestRefused(response_errors.reasoning_without_what_follows(items[-1]["id"]))


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


def _offered(body: Body, items: Iterable[Item]) -> tuple[Tool, ...]:
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
