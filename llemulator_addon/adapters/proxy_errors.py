"""Errors that the proxy itself answers, in OpenAI's envelope."""

from uuid import uuid4

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.sizes import format_size
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.wire import errors


def bug() -> Steps:
    """Say that this program failed. Nothing was forwarded."""
    return steps_of(
        Failure(
            status=500,
            type="server_error",
            code="llemulator_bug",
            message="llemulator failed to answer this request, and its log says where. This is a bug of llemulator; "
            "nothing was sent to OpenAI.",
        )
    )


def too_large(limit: int) -> Steps:
    """Refuse a body that is larger than `limit` bytes."""
    return steps_of(
        Failure(
            status=413,
            type=errors.INVALID,
            code="request_too_large",
            message=f"The body of this request is larger than llemulator's limit of {limit} bytes; --body-limit "
            "(LLEMULATOR_BODY_LIMIT) raises it.",
        )
    )


def no_room_for_body(limit: int) -> Steps:
    """Refuse a body for which those of other requests leave no room, as OpenAI's servers do when overloaded.

    https://platform.openai.com/docs/guides/error-codes: SDKs send it again.
    """
    failure = Failure(
        status=503,
        type="server_error",
        code="no_room_for_body",
        message="The server is currently overloaded with other requests: their bodies take up the "
        f"{format_size(limit)} that there are for them. Retry your request; --bodies-size "
        "(LLEMULATOR_BODIES_SIZE) makes more room.",
    )
    head, *body = steps_of(failure)
    assert isinstance(head, Head)  # noqa: S101 - `steps_of` begins with one
    kept = (pair for pair in head.headers if pair[0] != "x-should-retry")
    return (Head(head.status, (*kept, ("retry-after", "1"), ("x-should-retry", "true"))), *body)


def target_too_long(limit: int) -> Steps:
    """Refuse a request whose line is longer than `limit` bytes."""
    return _about_head(414, "uri_too_long", f"The URL of this request is longer than {limit} bytes.")


def head_too_large(limit: int, lines: int) -> Steps:
    """Refuse a request whose headers take more than `limit` bytes or `lines` lines."""
    message = f"The headers of this request are larger than {limit} bytes, or more than {lines}."
    return _about_head(431, "headers_too_large", message)


def part_too_large(limit: int) -> Steps:
    """Refuse a body in chunks in which a chunk's size, or the trailers, takes more than `limit` bytes."""
    message = f"A line before a chunk of this body, or its trailers, are larger than {limit} bytes."
    return _about_head(400, "chunk_too_large", message)


def head_too_slow(seconds: float) -> Steps:
    """Give up a request whose head did not arrive completely within `seconds`."""
    return _about_head(408, "request_timeout", f"The headers of this request did not come within {seconds:g} seconds.")


def _about_head(status: int, code: str, message: str) -> Steps:
    """Refuse a request after which nothing can be read on its connection."""
    head, *body = steps_of(Failure(status=status, type=errors.INVALID, code=code, message=message))
    assert isinstance(head, Head)  # noqa: S101 - `steps_of` begins with one
    return (Head(head.status, (*head.headers, ("connection", "close"))), *body)


def not_passed(reason: str) -> Steps:
    """Refuse to let a request or a tunnel through to another host."""
    return steps_of(host_not_allowed(reason))


def host_not_allowed(reason: str) -> Failure:
    """Refuse to let anything through to another host, for one of the reasons below.

    A reason is one line: clients show the reason phrase of a refused CONNECT, and not its body.
    """
    return Failure(status=403, type=errors.INVALID, code="host_not_allowed", message=reason)


def hermetic_reason(host: str) -> str:
    """Say why nothing passes to a host that `--allow` does not name."""
    return f"llemulator is hermetic; LLEMULATOR_ALLOW={host} lets this host through"


def stranger_reason(address: str) -> str:
    """Say why a client passes to no other host."""
    return f"{address} may not reach other hosts through llemulator; LLEMULATOR_PASS_FOR={address} allows it"


def openai_reason(host: str) -> str:
    """Say why nothing passes to a host of OpenAI's at which no API is."""
    return f"llemulator does not answer {host}, and lets nothing through to OpenAI; LLEMULATOR_ALLOW={host} allows it"


def key_reason(host: str) -> str:
    """Say why a request with a key does not pass to another host."""
    return (
        f"llemulator is hermetic, and this request to {host} carries a key that looks like OpenAI's; name the host as "
        "an upstream to send it a key"
    )


def explain_unnamed(address: str) -> str:
    """Say why a connection is not passed on that was redirected here, and in which the client names no host."""
    return f"the client names no host, and {address} may be OpenAI's; LLEMULATOR_ALLOW={address} lets it through"


# Upstreams ------------------------------------------------------------------------------------------------------------


def unreachable(url: str, why: str) -> Failure:
    """Say that there is no connection to an upstream."""
    return _upstream(502, "upstream_unreachable", f"The upstream {url} cannot be reached ({why}). Is it running there?")


def broken(url: str, why: str) -> Failure:
    """Say that an upstream broke off before it answered."""
    message = f"The upstream {url} broke off before it answered ({why}). Its own log may say why."
    return _upstream(502, "upstream_broken", message)


def silent(url: str, seconds: float) -> Failure:
    """Say that an upstream takes too long."""
    message = f"The upstream {url} said nothing for {seconds:g} seconds."
    return _upstream(
        504, "upstream_timeout", f"{message} --upstream-timeout (LLEMULATOR_UPSTREAM_TIMEOUT) waits longer."
    )


def refuse_redirect(url: str, status: int) -> Failure:
    """Refuse to follow an upstream, or to let the client do so with its key."""
    message = f"The upstream {url} answered {status}, which is a redirect. Name the URL that it points to."
    return _upstream(502, "upstream_redirected", message)


def circle() -> Failure:
    """Refuse a request that llemulator itself has forwarded."""
    message = "An upstream points back to llemulator itself. Name the server that gives the answer."
    return _upstream(508, "upstream_circle", message)


def openai_as_upstream(url: str) -> Failure:
    """Refuse to ask OpenAI's own servers, or hosts that are taken as theirs."""
    message = (
        f"The upstream {url} is one of the hosts that llemulator answers for. Only --upstream can name it, together "
        "with --upstream-key or --upstream-pass-key."
    )
    return _upstream(502, "upstream_refused", message)


def key_for_a_page(url: str) -> Failure:
    """Refuse to ask with the server's key for a page in a browser, which may be anybody's."""
    message = (
        f"The upstream {url} is asked with the key of --upstream-key (LLEMULATOR_UPSTREAM_KEY), which no page in a "
        "browser may use. With --upstream-pass-key (LLEMULATOR_UPSTREAM_PASS_KEY) a page sends its own."
    )
    return _upstream(403, "key_not_for_pages", message)


def _upstream(status: int, code: str, message: str) -> Failure:
    remedy = "--upstream (LLEMULATOR_UPSTREAM) or the script's `upstream` names it."
    return Failure(status=status, type="server_error", code=code, message=f"{message} {remedy}")


def steps_of(failure: Failure) -> Steps:
    """Answer with a failure that no script had a say in."""
    body = errors.envelope(failure)
    headers = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-request-id", f"req_{uuid4().hex}"),
        # A client that tries again gets the same.
        ("x-should-retry", "false"),
    )
    return (Head(failure.status, headers), Send(body))
