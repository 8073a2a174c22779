import json

import pytest

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.core.steps import Head, Send, Steps


@pytest.mark.parametrize(
    ("steps", "status", "code"),
    [
        (proxy_errors.bug(), 500, "llemulator_bug"),
        (proxy_errors.too_large(5), 413, "request_too_large"),
        (proxy_errors.not_passed(proxy_errors.hermetic_reason("other.test")), 403, "host_not_allowed"),
    ],
)
def test_a_refusal_has_openais_envelope_and_is_not_tried_again(steps: Steps, status: int, code: str) -> None:
    match steps:
        case (Head(found, headers), Send(body)):
            error = json.loads(body)["error"]
        case _:
            raise AssertionError(steps)

    assert (found, list(error), error["code"]) == (status, ["message", "type", "param", "code"], code)
    assert dict(headers)["x-should-retry"] == "false"
    assert dict(headers)["content-length"] == str(len(body))
    assert dict(headers)["x-request-id"].startswith("req_")
