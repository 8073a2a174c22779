"""OpenAI's error object: its envelope, and the texts of the errors whose wording is known.

The wordings follow recordings and public reports; `docs/deviations.md` names those that are not certain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.wire import headers, sse
from llemulator_addon.wire.json_bytes import pretty

INVALID = "invalid_request_error"


@dataclass
class RequestRefused(Exception):
    """A request that the API refuses; carries the failure to answer with."""

    failure: Failure


def steps_of(failure: Failure, stamp: Stamp, endpoint: str = "") -> Steps:
    """Return the answer that carries a failure, of an endpoint if it was reached."""
    body = envelope(failure)
    head = headers.describe_error(stamp, body, status=failure.status, endpoint=endpoint)
    return (Head(failure.status, head + failure.headers), Send(body))


def envelope(failure: Failure) -> bytes:
    """Spell the error object; all four keys are always there, in this order, and may be null."""
    return pretty({"error": error_object(failure)}) + b"\n"


def error_object(failure: Failure) -> dict[str, str | None]:
    """Return the four fields that an error has, in a body or within a stream."""
    if failure.bare:
        return {"code": failure.code, "message": failure.message}
    return {"message": failure.message, "type": failure.type, "param": failure.param, "code": failure.code}


def break_off(sent: Sequence[bytes], failure: Failure) -> tuple[bytes, ...]:
    """Return the chunk that ends a stream of chunks with an error. No `[DONE]` follows."""
    del sent
    return (sse.frame_unnamed({"error": error_object(failure)}),)


def no_key(path: str) -> Failure:
    """Nothing in Authorization, or nothing that could be a key; below Azure's paths in its gateway's words."""
    if _is_azures(path):
        return Failure(
            status=401,
            code="401",
            message="Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid "
            "key for an active subscription and use a correct regional API endpoint for your resource.",
            bare=True,
        )
    return Failure(
        status=401,
        type=INVALID,
        message="You didn't provide an API key. You need to provide your API key in an Authorization header using "
        "Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're "
        "accessing the API from your browser and are prompted for a username and password. You can obtain an API key "
        "from https://platform.openai.com/account/api-keys.",
    )


def not_json() -> Failure:
    """Refuse a body that is not JSON."""
    return Failure(
        status=400,
        type=INVALID,
        message="We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
        "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have "
        "trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)",
    )


def not_a_form(content_type: str) -> Failure:
    """Refuse a body of another type where only forms are taken."""
    given = content_type.partition(";")[0].strip()
    return Failure(
        status=400,
        type=INVALID,
        code="unsupported_content_type",
        message=f"Unsupported content type: '{given}'. This API method only accepts 'multipart/form-data' requests, "
        f"but you specified the header 'Content-Type: {given}'. Please try again with a supported content type.",
    )


def missing(param: str) -> Failure:
    """Refuse a body in which a parameter is missing."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="missing_required_parameter",
        message=f"Missing required parameter: '{param}'.",
    )


def wrong_type(param: str, expected: str, got: str) -> Failure:
    """Refuse a parameter of the wrong JSON type."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="invalid_type",
        message=f"Invalid type for '{param}': expected {expected}, but got {got} instead.",
    )


def invalid_value(param: str, got: str, supported: tuple[str, ...]) -> Failure:
    """Refuse a value outside of a closed list."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="invalid_value",
        message=f"Invalid value: '{got}'. Supported values are: {_join_values(supported)}.",
    )


def _join_values(values: tuple[str, ...]) -> str:
    """List two with `and`, and more with a comma before it too, as the API does."""
    *most, last = (f"'{value}'" for value in values)
    if not most:
        return last
    return f"{', '.join(most)}{', and ' if len(most) > 1 else ' and '}{last}"


def out_of_range(param: str, number: str, bound: str, limit: str, got: str) -> Failure:
    """Refuse a number (`decimal` or `integer`) that is `below` or `above` a limit."""
    word, sign, edge = ("below minimum", ">=", "min") if bound == "below" else ("above maximum", "<=", "max")
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code=f"{number}_{bound}_{edge}_value",
        message=f"Invalid '{param}': {number} {word} value. Expected a value {sign} {limit}, but got {got} instead.",
    )


def array_too_long(param: str, most: int, got: int) -> Failure:
    """Refuse an array with more than `most` members."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="array_above_max_length",
        message=f"Invalid '{param}': array too long. Expected an array with maximum length {most}, but got an array "
        f"with length {got} instead.",
    )


def empty_array(param: str) -> Failure:
    """Refuse an array without members."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="empty_array",
        message=f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array "
        "instead.",
    )


def empty_text(param: str) -> Failure:
    """Refuse a text without characters."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="empty_string",
        message=f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string "
        "instead.",
    )


def too_many_properties(param: str, most: int, got: int) -> Failure:
    """Refuse an object with more members than `most`."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="object_above_max_properties",
        message=f"Invalid '{param}': too many properties. Expected an object with at most {most} properties, but got "
        f"an object with {got} properties instead.",
    )


def text_too_long(param: str, most: int, got: int) -> Failure:
    """Refuse a text with more than `most` characters."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="string_above_max_length",
        message=f"Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string "
        f"with length {got} instead.",
    )


def too_many_values(most: int) -> Failure:
    """Refuse JSON of more values than are read. The words are ours."""
    return Failure(
        status=413,
        type=INVALID,
        code="request_too_large",
        message=f"The JSON of this request has more values than llemulator's limit of {most}; --request-values "
        "(LLEMULATOR_REQUEST_VALUES) raises it.",
    )


def too_large(model: str, requested: int, limit: int) -> Failure:
    """Refuse a request for an answer of too many bytes, as the API refuses one for too many tokens.

    The API's clients try such a request again, in vain; the header spares them that.
    """
    tokens, most = math.ceil(requested / _BYTES_OF_A_TOKEN), limit // _BYTES_OF_A_TOKEN
    return Failure(
        status=429,
        type="tokens",
        code="rate_limit_exceeded",
        message=f"Request too large for {model} in organization {headers.ORGANIZATION} on tokens per min (TPM): Limit "
        f"{most}, Requested {tokens}. The input or output tokens must be reduced in order to run successfully. Visit "
        "https://platform.openai.com/account/rate-limits to learn more.",
        headers=(("x-should-retry", "false"),),
    )


_BYTES_OF_A_TOKEN = 100
"""Of a stream with a chunk for each token, about a third."""


def wrong_pattern(param: str, pattern: str) -> Failure:
    """Refuse a text that is not as a pattern wants it."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="invalid_value",
        message=f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern "
        f"'{pattern}'.",
    )


def only_with(param: str, other: str, *, is_are: str = "is enabled") -> Failure:
    """Refuse a parameter that needs another one."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        message=f"The '{param}' parameter is only allowed when '{other}' {is_are}.",
    )


def refuse_parameter(param: str, instead: str | None = None) -> Failure:
    """Refuse a parameter that the model does not take."""
    hint = f" Use '{instead}' instead." if instead else ""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unsupported_parameter",
        message=f"Unsupported parameter: '{param}' is not supported with this model.{hint}",
    )


def refuse_value(param: str, got: str, supported: tuple[str, ...] = ()) -> Failure:
    """Refuse a value that the model does not take; `supported` are those that it takes."""
    values = f" Supported values are: {_join_values(supported)}." if supported else ""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unsupported_value",
        message=f"Unsupported value: '{param}' does not support {got} with this model.{values}",
    )


def only_default(param: str, got: str) -> Failure:
    """Refuse any value but the default of a parameter, which is 1."""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unsupported_value",
        message=f"Unsupported value: '{param}' does not support {got} with this model. Only the default (1) value is "
        "supported.",
    )


def unknown_parameter(param: str, meant: tuple[str, ...] = ()) -> Failure:
    """Refuse a parameter that the endpoint does not have; `meant` are known ones that are spelled nearly so."""
    hint = f" Did you mean {' or '.join(f"'{each}'" for each in meant)}?" if meant else ""
    return Failure(
        status=400,
        type=INVALID,
        param=param,
        code="unknown_parameter",
        message=f"Unknown parameter: '{param}'.{hint}",
    )


def unknown_model(model: str) -> Failure:
    """Refuse a model's name, on every endpoint but Responses."""
    return Failure(
        status=404,
        type=INVALID,
        code="model_not_found",
        message=f"The model `{model}` does not exist or you do not have access to it.",
    )


def shut_down(model: str) -> Failure:
    """Refuse a model whose last day is over (recorded)."""
    return Failure(
        status=404,
        type=INVALID,
        code="model_not_found",
        message=f"The model `{model}` has been deprecated, learn more here: "
        "https://platform.openai.com/docs/deprecations",
    )


def unknown_url(method: str, path: str) -> Failure:
    """Refuse a path that names no operation; the wording differs below `/v1`, below Azure's paths and elsewhere."""
    if _is_azures(path):
        return Failure(status=404, code="404", message="Resource not found", bare=True)
    if path.startswith("/v1/"):
        return invalid_url(method, path)
    return Failure(
        status=404,
        type=INVALID,
        code="unknown_url",
        message=f"Unknown request URL: {method} {path}. Please check the URL for typos, or see the docs at "
        "https://platform.openai.com/docs/api-reference/.",
    )


def invalid_url(method: str, path: str) -> Failure:
    """Refuse a path that is nearly one of the API's."""
    return Failure(status=404, type=INVALID, message=f"Invalid URL ({method} {path})")


def _is_azures(path: str) -> bool:
    return path.startswith("/openai/")


def no_model() -> Failure:
    """Refuse a body that names no model."""
    return Failure(status=400, type=INVALID, param="model", message="you must provide a model parameter")


def wrong_endpoint(message: str) -> Failure:
    """Refuse a model that exists, but is not served here."""
    return Failure(status=404, type=INVALID, param="model", message=message)


def wrong_method(method: str, path: str, allowed: tuple[str, ...]) -> Failure:
    """Refuse a method that the path does not have."""
    return Failure(
        status=405,
        type=INVALID,
        headers=(("allow", ", ".join(allowed)),),
        message=f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)",
    )
