"""Refusals of Responses that depend on the model. The API checks it after everything else."""

from collections.abc import Iterable, Iterator

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.capabilities import Family
from llemulator_addon.wire.checking import refuse
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.families import SEARCHING_TOOLS, family, find_refusals
from llemulator_addon.wire.members import object_in, objects_in, text_in
from llemulator_addon.wire.models import serves
from llemulator_addon.wire.responses import response_errors
from llemulator_addon.wire.responses.body import effort_of, flatten
from llemulator_addon.wire.responses.echoed_parameters import includes


def check_capabilities(body: JsonObject, model: str) -> None:
    """Check a body against the model's family; raises `RequestRefused`."""
    refuse(next(_list_refusals(body, model), None))


def _list_refusals(body: JsonObject, model: str) -> Iterator[Failure]:
    if not serves(model, "responses"):
        # No recording of this refusal is known; the words are those of other endpoints.
        yield errors.wrong_endpoint("This model is not supported in the v1/responses endpoint.")
    of, effort = family(model), effort_of(body)
    reasoning = of.reasons(effort)
    for parameter in find_refusals(of, "responses", reasoning=reasoning):
        if _value(body, parameter) is not None:
            yield response_errors.refuse_sampling(parameter)
    if effort is not None and of.efforts("responses") and effort not in of.efforts("responses"):
        yield response_errors.refuse_for_model("reasoning.effort", effort, model, of.efforts("responses"))
    verbosity = text_in(object_in(body, "text"), "verbosity")
    if verbosity is not None and verbosity not in of.verbosities:
        yield response_errors.refuse_for_model("text.verbosity", verbosity, model, of.verbosities)
    yield from _refuse_logprobs(body, reasoning=reasoning)
    if includes(body, "reasoning.encrypted_content") and of.reasoning is None and of.name != "unknown":
        yield _refuse("include", "Encrypted content is not supported with this model.")
    yield from _refuse_tools(body, model, of, effort)


def _refuse_logprobs(body: JsonObject, *, reasoning: bool) -> Iterator[Failure]:
    if reasoning and includes(body, "message.output_text.logprobs"):
        yield response_errors.logprobs_while_reasoning("include")
    if reasoning and body.get("top_logprobs"):
        yield response_errors.logprobs_while_reasoning("top_logprobs")


def _refuse_tools(body: JsonObject, model: str, of: Family, effort: str | None) -> Iterator[Failure]:
    """Yield the refusals of hosted tools, in reported words."""
    kinds = list(_list_kinds(flatten(objects_in(body, "tools"))))
    for kind in kinds:
        if kind in of.refused_tools:
            # Reported with and without the first word; the newer reports have none.
            word = "Tool" if kind == "computer_use_preview" else "Hosted tool"
            yield _refuse("tools", f"{word} '{kind}' is not supported with {model}.")
    if effort == "minimal" and (without := sorted({_SHORT.get(kind, kind) for kind in kinds if kind in _THINKING})):
        message = f"The following tools cannot be used with reasoning.effort 'minimal': {', '.join(without)}."
        yield _refuse("tools", message)
    if SEARCHING_TOOLS & set(kinds) and text_in(object_in(object_in(body, "text"), "format"), "type") == "json_object":
        yield _refuse(None, "Web Search cannot be used with JSON mode.")


_THINKING = SEARCHING_TOOLS | {"image_generation"}
"""Tools that need more than the effort `minimal`."""
_SHORT = {"image_generation": "image_gen"}


def _list_kinds(tools: Iterable[JsonObject]) -> Iterator[str]:
    return (kind for tool in tools if (kind := text_in(tool, "type")) is not None)


def _refuse(param: str | None, message: str) -> Failure:
    return Failure(status=400, type=INVALID, param=param, message=message)


def _value(body: JsonObject, parameter: str) -> object:
    *holders, name = parameter.split(".")
    holder: JsonObject = body
    for step in holders:
        holder = object_in(holder, step)
    return holder.get(name)
