"""The body of `POST /v1/chat/completions`: its form. `checks.py` has what a model or a conversation forbids."""

from llemulator_addon.core.json_type import JSON
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    an_object,
    anything,
    array,
    boolean,
    choose_by_kind,
    decimal,
    either,
    integer,
    one_of,
    refuse_missing,
    text,
)
from llemulator_addon.wire.media import chat_file, chat_image
from llemulator_addon.wire.shared_fields import FUNCTION_NAME, METADATA, RETENTION, SHORT_KEY, VERBOSITY

# Shared with the older completions ----------------------------------------------------------------------------------

PROBABILITY = decimal(0, 1)
PENALTY = decimal(-2, 2)
STOP = either("a string or array of strings", a_text=anything, an_array=array(text(), most=4))
STREAM_OPTIONS = Fields(checks={"include_usage": boolean, "include_obfuscation": boolean})

# The conversation ---------------------------------------------------------------------------------------------------

_PART = choose_by_kind(
    {
        "text": Fields(checks={"text": text()}),
        "image_url": Fields(
            checks={"image_url": Fields(checks={"url": chat_image}, needs=("url",))}, needs=("image_url",)
        ),
        "input_audio": Fields(checks={}),
        "refusal": Fields(checks={"refusal": text()}),
        "audio": Fields(checks={}),
        "file": Fields(checks={"file": chat_file}, needs=("file",)),
    }
)
_CALLED = Fields(checks={"name": FUNCTION_NAME, "arguments": text()}, needs=("name", "arguments"))
_CALL = Fields(
    checks={
        "id": text(),
        "type": text(),
        "function": _CALLED,
        "custom": Fields(checks={"name": FUNCTION_NAME, "input": text()}, needs=("name", "input")),
    },
    needs=("id",),
)
_ROLE = one_of("system", "assistant", "user", "function", "tool", "developer")
_MESSAGE = Fields(
    checks={
        "role": _ROLE,
        "content": either("a string or array of objects", a_text=anything, an_array=array(_PART)),
        "name": FUNCTION_NAME,
        "refusal": text(),
        "audio": an_object,
        "tool_calls": array(_CALL, least=1),
        "tool_call_id": text(),
        "function_call": _CALLED,
    },
    needs=("role",),
)

# Tools and formats --------------------------------------------------------------------------------------------------

_FUNCTION = Fields(
    checks={"name": FUNCTION_NAME, "description": text(), "parameters": an_object, "strict": boolean}, needs=("name",)
)
_TOOL = choose_by_kind(
    {
        "function": Fields(checks={"function": _FUNCTION}, needs=("function",)),
        "custom": Fields(checks={"custom": _FUNCTION}, needs=("custom",)),
    }
)
_NAMED_SCHEMA = Fields(checks={"name": FUNCTION_NAME, "schema": an_object, "strict": boolean}, needs=("name",))


def _schema(place: Place, given: JSON) -> None:
    """Check a format with a schema.

    Takes one next to `type`, as in Responses, or one that is itself `json_schema`; the API takes neither. Programs
    that were written for other servers send them.
    """
    if not isinstance(given, dict):
        return
    nested = given.get("json_schema")
    if nested is None:
        if not isinstance(given.get("schema"), dict):
            raise refuse_missing(place, "json_schema")
        Fields(checks=_NAMED_SCHEMA.checks)(place, given)
    elif not isinstance(nested, dict) or _NAMED & nested.keys() or not {"type", "properties"} & nested.keys():
        _NAMED_SCHEMA((place, "json_schema"), nested)


_NAMED = frozenset({"name", "schema", "strict"})
_AUDIO = Fields(
    checks={
        "format": one_of("wav", "aac", "mp3", "flac", "opus", "pcm16"),
        "voice": either("a string or object", a_text=anything, an_object=anything),
    },
    needs=("format", "voice"),
)

CHAT: Fields = Fields(
    checks={
        "model": text(),
        "messages": array(_MESSAGE, least=1),
        "stream": boolean,
        "stream_options": STREAM_OPTIONS,
        "n": integer(1, 128),
        # Empty counts as not given: agents of LangChain and Xcode send it so. Refused until 2025; reports of 2026
        # differ.
        "tools": array(_TOOL, most=128),
        "tool_choice": either("a string or object", a_text=one_of("none", "auto", "required"), an_object=anything),
        "parallel_tool_calls": boolean,
        "functions": array(_FUNCTION, least=1, most=128),
        "function_call": either("a string or object", a_text=anything, an_object=anything),
        "logprobs": boolean,
        "top_logprobs": integer(0, 20),
        "temperature": decimal(0, 2),
        "top_p": PROBABILITY,
        "frequency_penalty": PENALTY,
        "presence_penalty": PENALTY,
        "logit_bias": an_object,
        "max_tokens": integer(1),
        "max_completion_tokens": integer(1),
        "stop": STOP,
        "seed": integer(),
        "user": SHORT_KEY,
        "safety_identifier": SHORT_KEY,
        "prompt_cache_key": SHORT_KEY,
        "prompt_cache_retention": RETENTION,
        "store": boolean,
        "metadata": METADATA,
        "response_format": choose_by_kind(
            {"json_object": Fields(checks={}), "json_schema": _schema, "text": Fields(checks={})}
        ),
        "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        "verbosity": VERBOSITY,
        "modalities": array(one_of("text", "audio")),
        "audio": _AUDIO,
        "web_search_options": an_object,
        "moderation": Fields(checks={"model": text()}, needs=("model",)),
    },
    needs=("model", "messages"),
    # Reported: "expected a boolean, but got null instead".
    refuses_null=("parallel_tool_calls",),
)

_OF_ANY_FORM: Check = Fields(checks={"role": _ROLE}, needs=("role",))
LENIENT = Fields(
    checks={"model": text(), "messages": array(_OF_ANY_FORM, least=1)},
    needs=("model", "messages"),
)
"""The fields that a lenient server needs."""
