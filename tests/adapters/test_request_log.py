"""The log has a line for each request, and a warning for each that waits for a person."""

import logging

import pytest

from llemulator_addon.adapters.request_log import RequestLog, describe
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import Head
from llemulator_addon.engine.journal import Exchange

_ENDED = Ending(how="whole", bytes_sent=5, sends=1, seconds=1.234, left=(0.0,))
_CHAT = Exchange(
    number=1,
    at=0.0,
    method="POST",
    host="api.openai.com",
    path="/v1/chat/completions",
    endpoint="chat.completions",
    prompt=Prompt(endpoint="chat.completions", model="gpt-4o"),
    steps=(Head(200),),
    ending=_ENDED,
)


@pytest.mark.parametrize(
    ("exchange", "line"),
    [
        (_CHAT._replace(rule="hello"), 'POST /v1/chat/completions gpt-4o: rule "hello", 200 in 1.23 s'),
        (
            _CHAT._replace(unmatched="No rule matches.", steps=(Head(400),)),
            "POST /v1/chat/completions gpt-4o: unmatched, 400 in 1.23 s",
        ),
        (_CHAT._replace(steps=(Head(400),)), "POST /v1/chat/completions gpt-4o: refused, 400 in 1.23 s"),
        (
            _CHAT._replace(prompt=Prompt(endpoint="chat.completions", model="server-error"), steps=(Head(500),)),
            "POST /v1/chat/completions server-error: a model that always fails, 500 in 1.23 s",
        ),
        (
            _CHAT._replace(method="GET", path="/v1/models", endpoint="models.list", prompt=None),
            "GET /v1/models: without a rule, 200 in 1.23 s",
        ),
        (
            Exchange(number=2, at=0.0, method="GET", host="h", path="/v1/foo", steps=(Head(404),), ending=_ENDED),
            "GET /v1/foo: unsupported, 404 in 1.23 s",
        ),
        (
            _CHAT._replace(rule="a", ending=Ending(how="client_left", bytes_sent=0, sends=0, seconds=0.5, left=())),
            'POST /v1/chat/completions gpt-4o: rule "a", 200 in 0.50 s, the client left',
        ),
        (
            _CHAT._replace(rule="a", ending=Ending(how="server_ended", bytes_sent=0, sends=0, seconds=0.5)),
            'POST /v1/chat/completions gpt-4o: rule "a", 200 in 0.50 s, the server was stopped',
        ),
    ],
)
def test_a_request_is_one_line(exchange: Exchange, line: str) -> None:
    assert describe(exchange) == line


def test_nothing_is_logged_at_the_level_of_warnings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "llemulator_addon"):
        RequestLog().note_end(ExchangeId(ANONYMOUS, 1, 1), _CHAT, _ENDED, None)

    assert caplog.records == []
