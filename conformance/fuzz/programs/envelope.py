"""A check for schemathesis: each refusal has OpenAI's error object, and nothing is a bug of llemulator's."""

import schemathesis

_MEMBERS = {"message", "type", "param", "code"}


@schemathesis.check
def refuses_as_openai_does(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Look at an answer; raises AssertionError."""
    del ctx, case
    if response.status_code >= 500:
        raise AssertionError(f"status {response.status_code}: {response.content[:300]!r}")
    if response.status_code >= 400:
        told = response.json()
        assert told.keys() == {"error"}, told
        assert told["error"].keys() == _MEMBERS, told
        assert isinstance(told["error"]["message"], str), told
        assert isinstance(told["error"]["type"], str), told
