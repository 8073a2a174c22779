"""Which error of the SDK a failure becomes, and how often the SDK tries before it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import openai
import pytest

from conformance.python.strict.conftest import Begin
from conformance.python.strict.talking import accumulated, done

USER = {"role": "user", "content": "Hi"}
ASKS: Mapping[str, Callable[[Any], Any]] = {
    "chat": lambda sdk: done(sdk.chat.completions.create(model="gpt-4o", messages=[USER])),
    "a stream of chat": lambda sdk: accumulated(sdk.chat.completions.stream(model="gpt-4o", messages=[USER])),
    "responses": lambda sdk: done(sdk.responses.create(model="gpt-4o", input="Hi")),
    "a stream of responses": lambda sdk: accumulated(sdk.responses.stream(model="gpt-4o", input="Hi")),
    "embeddings": lambda sdk: done(sdk.embeddings.create(model="text-embedding-3-small", input="Hi")),
}


class Failing(NamedTuple):
    """A failure, and what comes of it."""

    status: int
    error: type[openai.APIStatusError]
    requests: int
    headers: Mapping[str, str] = MappingProxyType({})


FAILURES = [
    Failing(400, openai.BadRequestError, 1),
    Failing(401, openai.AuthenticationError, 1),
    Failing(403, openai.PermissionDeniedError, 1),
    Failing(404, openai.NotFoundError, 1),
    Failing(405, openai.APIStatusError, 1),
    Failing(408, openai.APIStatusError, 3),
    Failing(409, openai.ConflictError, 3),
    Failing(413, openai.APIStatusError, 1),
    Failing(415, openai.APIStatusError, 1),
    Failing(422, openai.UnprocessableEntityError, 1),
    Failing(429, openai.RateLimitError, 3),
    Failing(500, openai.InternalServerError, 3),
    Failing(502, openai.InternalServerError, 3),
    Failing(503, openai.InternalServerError, 3),
    Failing(529, openai.InternalServerError, 3),
    Failing(400, openai.BadRequestError, 3, {"x-should-retry": "true"}),
    Failing(429, openai.RateLimitError, 1, {"x-should-retry": "false"}),
    Failing(500, openai.InternalServerError, 1, {"x-should-retry": "false"}),
]


@pytest.mark.parametrize(
    ("failure", "ask"),
    [
        (failure, ask)
        for failure in FAILURES
        for ask in ASKS
        if ask in {"chat", "a stream of responses"} or (failure.status in {400, 429} and not failure.headers)
    ],
)
async def test_a_failure_is_raised_after_so_many_requests(failure: Failing, ask: str, begin: Begin) -> None:
    said = {"code": "a_code", "param": "a_param", "message": "Why."}
    reply = {"failure": {"status": failure.status, "headers": {"retry-after-ms": "1", **failure.headers}, **said}}
    endpoint = {"match": {"endpoint": "embeddings"}} if ask == "embeddings" else {}
    async with begin({"rules": [{**endpoint, "reply": reply}]}) as talk:
        with pytest.raises(failure.error) as caught:
            await ASKS[ask](talk.sdk)

        assert type(caught.value) is failure.error
        assert caught.value.status_code == failure.status
        assert (caught.value.code, caught.value.param) == ("a_code", "a_param")
        assert (caught.value.request_id or "").startswith("req_")
        assert talk.retries() == list(range(failure.requests))


async def test_who_is_told_when_to_come_back_waits_so_long(begin: Begin) -> None:
    told = [{"retry-after-ms": "40"}, {"retry-after": "0.04"}]
    failing = [{"reply": {"failure": {"status": 429, "headers": headers}}, "times": 1} for headers in told]
    async with begin({"rules": [*failing, {"reply": "Hello"}]}) as talk:
        answer = await ASKS["chat"](talk.sdk)

        assert answer.choices[0].message.content == "Hello"
        assert talk.retries() == [0, 1, 2]
        # It looks at each wait: none was shorter than it was told to be.
        assert talk.admin.verify().findings == ()


async def test_who_is_told_nothing_backs_off_and_comes_back_twice(begin: Begin) -> None:
    async with begin({"rules": [{"reply": {"failure": {"status": 500}}}]}) as talk:
        with pytest.raises(openai.InternalServerError):
            await ASKS["responses"](talk.sdk)

        assert talk.retries() == [0, 1, 2]
        assert talk.admin.verify().findings == ()


async def test_who_is_told_to_come_back_in_an_hour_does_not_wait(begin: Begin) -> None:
    async with begin({"rules": [{"reply": {"failure": {"status": 429, "headers": {"retry-after": "3600"}}}}]}) as talk:
        with pytest.raises(openai.RateLimitError):
            await ASKS["chat"](talk.sdk)

        # Version 1 comes back as soon as if it had been told nothing; later ones give up.
        assert talk.retries() == ([0, 1, 2] if openai.__version__.startswith("1.") else [0])


async def test_who_may_not_retry_does_not(begin: Begin) -> None:
    async with begin({"rules": [{"reply": {"failure": {"status": 429}}}]}, max_retries=0) as talk:
        with pytest.raises(openai.RateLimitError):
            await ASKS["chat"](talk.sdk)

        assert talk.retries() == [0]


async def test_an_unknown_model_is_told_as_each_endpoint_tells_it(begin: Begin) -> None:
    async with begin({"models": ["gpt-4o"]}) as talk:
        with pytest.raises(openai.NotFoundError) as of_chat:
            await done(talk.sdk.chat.completions.create(model="gpt-0", messages=[USER]))
        with pytest.raises(openai.BadRequestError) as of_responses:
            await done(talk.sdk.responses.create(model="gpt-0", input="Hi"))

    assert (of_chat.value.code, of_chat.value.param) == ("model_not_found", None)
    assert (of_responses.value.code, of_responses.value.param) == ("model_not_found", "model")
