"""What the ways in answer by themselves, in OpenAI's envelope."""

from uuid import uuid4

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.wire import errors


def bug() -> Steps:
    """Say that this program failed. Nothing was forwarded."""
    return _steps(
        Failure(
            status=500,
            type="server_error",
            code="llemulator_bug",
            message="llemulator failed to answer this request, and its log says where. This is a bug of llemulator; "
            "nothing was sent to OpenAI.",
        )
    )


def too_large(limit: int) -> Steps:
    """Refuse a body that is larger than so many bytes."""
    return _steps(
        Failure(
            status=413,
            type=errors.INVALID,
            code="request_too_large",
            message=f"The body of this request is larger than llemulator's limit of {limit} bytes; --body-limit "
            "(LLEMULATOR_BODY_LIMIT) raises it.",
        )
    )


def hermetic(host: str) -> Steps:
    """Refuse to let a request or a tunnel through to another host."""
    return _steps(Failure(status=403, type=errors.INVALID, code="host_not_allowed", message=hermetic_reason(host)))


def hermetic_reason(host: str) -> str:
    """Say the same in one line: clients show the reason phrase of a refused CONNECT, and not its body."""
    return f"llemulator is hermetic; LLEMULATOR_ALLOW={host} lets this host through"


def _steps(failure: Failure) -> Steps:
    body = errors.envelope(failure)
    headers = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-request-id", f"req_{uuid4().hex}"),
        # A client that tries again gets the same.
        ("x-should-retry", "false"),
    )
    return (Head(failure.status, headers), Send(body))
