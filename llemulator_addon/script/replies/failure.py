"""`failure`: the request fails with OpenAI's error object."""

from dataclasses import replace
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.reply import Failure
from llemulator_addon.script.headers import HeaderMap
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT


class FailurePart(ScriptPart):
    """Status and error object; what is not given is what OpenAI sends with that status."""

    status: Annotated[int, Field(ge=400, le=599)] = 500
    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    retry_after: Annotated[float, Field(ge=0, le=LONGEST_WAIT)] | None = None
    """Seconds; sent as `retry-after`, and as `retry-after-ms` where it is no whole number."""
    headers: HeaderMap | None = None

    def failure(self) -> Failure:
        """Return the failure."""
        of_status, given = usual(self.status, self.type, self.code), self.model_fields_set
        return Failure(
            status=self.status,
            message=of_status.message if self.message is None else self.message,
            type=self.type if "type" in given else of_status.type,
            code=self.code if "code" in given else of_status.code,
            param=self.param,
            headers=(*_retry_after(self.retry_after), *(self.headers or {}).items()),
        )


class FailedReplyPart(FailurePart):
    """A failure as a reply: of a request, or of the response that it makes."""

    taken: bool = False
    """Responses only: the request is taken with 200, and the response fails; other endpoints fail as without it."""

    @override
    def failure(self) -> Failure:
        """Return the failure."""
        return replace(super().failure(), taken=self.taken)


def usual(status: int, kind: str | None = None, code: str | None = None) -> Failure:
    """Return what OpenAI sends with a status; its type or code may say which of those that share the status."""
    if (named := _BY_CODE.get((status, code or kind or ""))) is not None:
        return named
    return _USUAL.get(status) or Failure(
        status=status,
        type="server_error" if status >= _SERVER else "invalid_request_error",
        message=f"The request failed with status {status}.",
    )


_SERVER = 500


def _retry_after(seconds: float | None) -> tuple[tuple[str, str], ...]:
    if seconds is None:
        return ()
    if seconds == int(seconds):
        return (("retry-after", str(int(seconds))),)
    return (("retry-after-ms", f"{seconds * 1000:.3f}".rstrip("0").rstrip(".")), ("retry-after", str(int(seconds) + 1)))


# https://platform.openai.com/docs/guides/error-codes and the wordings gathered in the wire notes of the documentation.
_USUAL = {
    failure.status: failure
    for failure in (
        Failure(
            status=401,
            type="invalid_request_error",
            code="invalid_api_key",
            message="Incorrect API key provided. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
        ),
        Failure(
            status=403,
            type="request_forbidden",
            code="unsupported_country_region_territory",
            message="Country, region, or territory not supported",
        ),
        Failure(
            status=402,
            type="insufficient_quota",
            code="insufficient_quota",
            message="You exceeded your current quota, please check your plan and billing details. For more information "
            "on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        ),
        Failure(
            status=429,
            type="requests",
            code="rate_limit_exceeded",
            message="Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in "
            "20s. Visit https://platform.openai.com/account/rate-limits to learn more.",
        ),
        Failure(
            status=500,
            type="server_error",
            message="The server had an error processing your request. Sorry about that! You can retry your request, or "
            "contact us through our help center at help.openai.com if you keep seeing this error.",
        ),
        Failure(
            status=503,
            type="service_unavailable_error",
            code="server_is_overloaded",
            message="Our servers are currently overloaded. Please try again later.",
        ),
    )
}

_BY_CODE = {(429, "insufficient_quota"): replace(_USUAL[402], status=429)}
"""https://platform.openai.com/docs/guides/error-codes: a quota that is used up is a 429 too."""


def usual_of_code(code: str | None) -> Failure | None:
    """Return what OpenAI sends with a code, whatever the status; None where that is not known."""
    return next((failure for failure in _USUAL.values() if code is not None and failure.code == code), None)
