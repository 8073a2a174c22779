"""The errors of Responses and Conversations. Their texts: the API's own, gathered in 2026-08, and public reports."""

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.errors import INVALID


def unknown_model(model: str) -> Failure:
    """Refuse a model's name. Recorded 2026-04: 400 here, where other endpoints say 404."""
    return Failure(
        status=400,
        type=INVALID,
        param="model",
        code="model_not_found",
        message=f"The requested model '{model}' does not exist.",
    )


def nothing_to_answer() -> Failure:
    """Refuse a body without input, an earlier response, a prompt or a conversation."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        code="missing_required_parameter",
        message="One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
    )


def unknown_previous(response_id: str) -> Failure:
    """Refuse to go on from a response that is not stored."""
    return Failure(
        status=400,
        type=INVALID,
        param="previous_response_id",
        code="previous_response_not_found",
        message=f"Previous response with id '{response_id}' not found.",
    )


def two_histories() -> Failure:
    """Refuse a conversation together with an earlier response; the text is shortened by the API itself."""
    return Failure(
        status=400,
        type=INVALID,
        code="mutually_exclusive_parameters",
        message="Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or "
        "'conversation'.",
    )


def unknown_response(response_id: str) -> Failure:
    """Say that a response is not stored."""
    return _not_found(f"Response with id '{response_id}' not found.")


def unknown_conversation(conversation_id: str) -> Failure:
    """Say that there is no such conversation."""
    return _not_found(f"Conversation with id '{conversation_id}' not found.")


def unknown_item_of_conversation(item_id: str, conversation_id: str) -> Failure:
    """Say that a conversation has no such item. No recording of the text is known."""
    return _not_found(f"Item with id '{item_id}' not found in conversation with id '{conversation_id}'.")


def unknown_item(item_id: str) -> Failure:
    """Say that an item that the input refers to is not stored."""
    return Failure(
        status=404,
        type=INVALID,
        param="input",
        message=f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. Try again "
        "with `store` set to true, or remove this item from your input.",
    )


def call_without_output(kind: str, call_id: str) -> Failure:
    """Refuse a conversation in which a call stands without its result."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        message=f"No tool output found for {_NAMES.get(kind, kind)} {call_id}.",
    )


def output_without_call(kind: str, call_id: str) -> Failure:
    """Refuse a conversation in which a result stands without its call."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        message=f"No tool call found for {_NAMES.get(kind, kind)} output with call_id {call_id}.",
    )


_NAMES = {"function_call": "function call", "custom_tool_call": "custom tool call"}


def reasoning_without_following(item_id: str) -> Failure:
    """Refuse a reasoning item without the item that it led to."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        message=f"Item '{item_id}' of type 'reasoning' was provided without its required following item.",
    )


def item_without_reasoning(kind: str, item_id: str, reasoning: str) -> Failure:
    """Refuse an item of a stored response without the reasoning that led to it."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        message=f"Item '{item_id}' of type '{kind}' was provided without its required 'reasoning' item: '{reasoning}'.",
    )


def duplicate_item(item_id: str) -> Failure:
    """Refuse the same item twice. Reported in continuedev/continue#10723."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        message=f"Duplicate item found with id {item_id}. Remove duplicate items from your input and try again.",
    )


def unreadable_content(item_id: str | None, content: str) -> Failure:
    """Refuse encrypted content; without an id it is named by its ends (openai/codex#35334 and #8145)."""
    short = content if len(content) <= _SHORT else f"{content[:4]}...{content[-4:]}"
    named = f"for item {item_id}" if item_id else short
    return Failure(
        status=400,
        type=INVALID,
        code="invalid_encrypted_content",
        message=f"The encrypted content {named} could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed.",
    )


_SHORT = 11


def exceeds_window() -> Failure:
    """Refuse more input than the model's window."""
    return Failure(
        status=400,
        type=INVALID,
        param="input",
        code="context_length_exceeded",
        message="Your input exceeds the context window of this model. Please adjust your input and try again.",
    )


def refuse_encrypted_of_stored() -> Failure:
    """Refuse to give encrypted content again."""
    message = "Encrypted content cannot be requested for persisted responses."
    return Failure(status=400, type=INVALID, param="include", message=message)


def conversation_locked() -> Failure:
    """Refuse a conversation to which a response is being made. Reported in paulgmiller/careme#379."""
    return Failure(
        status=400,
        type=INVALID,
        param="conversation",
        code="conversation_locked",
        message="Another process is currently operating on this conversation. Please retry in a few seconds.",
    )


def synchronous() -> Failure:
    """Refuse to cancel what does not run in the background."""
    return Failure(status=400, type=INVALID, message="Cannot cancel a synchronous response.")


def refuse_required_without_tools() -> Failure:
    """Refuse a choice that no tool can meet."""
    return _choice("Tool choice 'required' must be specified with 'tools' parameter.")


def choice_not_found(kind: str) -> Failure:
    """Refuse the choice of a tool that is not offered."""
    return _choice(f"Tool choice '{kind}' not found in 'tools' parameter.")


def _choice(message: str) -> Failure:
    return Failure(status=400, type=INVALID, param="tool_choice", message=message)


def logprobs_while_reasoning(param: str) -> Failure:
    """Refuse log probabilities of a model that reasons."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unsupported_parameter",
        message="logprobs are not supported with reasoning models.",
    )


def refuse_sampling(param: str) -> Failure:
    """Refuse a sampling parameter of a model that does not take it; unlike elsewhere there is no code."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code=None if param in _WITHOUT_CODE else "unsupported_parameter",
        message=f"Unsupported parameter: '{param}' is not supported with this model.",
    )


_WITHOUT_CODE = frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty"})


def refuse_for_model(param: str, got: str, model: str, supported: tuple[str, ...]) -> Failure:
    """Refuse a value that the model does not know."""
    *most, last = (f"'{each}'" for each in supported)
    listed = f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}" if most else last
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unsupported_value",
        message=f"Unsupported value: '{got}' is not supported with the '{model}' model. Supported values are: "
        f"{listed}.",
    )


def refuse_moved_parameter(name: str, moved: str) -> Failure:
    """Refuse a parameter of chat completions that has another name here."""
    return Failure(
        status=400,
        type=INVALID,
        code="unsupported_parameter",
        message=f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{moved}'. Try "
        "again with the new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create.",
    )


def _not_found(message: str) -> Failure:
    return Failure(status=404, type=INVALID, message=message)
