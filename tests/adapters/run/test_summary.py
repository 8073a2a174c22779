import json
from typing import Any

import pytest

from llemulator_addon.adapters.run.summary import Seen, judge, summarize
from llemulator_addon.core.egress import HostEgress
from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.script.reader import read_text
from llemulator_addon.store.memory import MemoryStore


def _emulator(script: str | None = None, **settings: Any) -> Emulator:  # noqa: ANN401 - of several types
    read = read_text(script, "yaml") if script else None
    return Emulator(EmulatorSettings(script=read, **settings), MemoryStore)


_TOKEN = "token-1"


async def _ask(emulator: Emulator, text: str, *, token: str = _TOKEN, at: float = 1.0) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    await emulator.answer(
        Request(
            method="POST",
            host="api.openai.com",
            port=443,
            path="/v1/chat/completions",
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
            body=json.dumps(body).encode(),
            connection="c1",
            at=at,
        )
    )


async def _names(emulator: Emulator) -> list[tuple[str, str | None]]:
    return [
        (each.name, each.rule) for each in judge(Seen(sessions=await emulator.sessions(), hosts=())).verdict.findings
    ]


_TWO = """
rules:
  - {name: one, match: {user_text: one}, reply: "1"}
  - {name: two, match: {user_text: two}, reply: "2"}
"""


async def test_rules_of_the_default_script_may_be_used_by_different_tokens() -> None:
    emulator = _emulator(_TWO)
    await _ask(emulator, "one", token="token-1")
    await _ask(emulator, "two", token="token-2")

    assert await _names(emulator) == []


async def test_a_rule_that_no_token_used_is_told_with_the_nearest_request() -> None:
    emulator = _emulator(_TWO)
    await _ask(emulator, "one", token="token-1")
    await _ask(emulator, "one", token="token-2")

    (finding,) = judge(Seen(sessions=await emulator.sessions(), hosts=())).verdict.findings

    assert (finding.name, finding.rule) == ("unused", "two")
    assert "The nearest is request" in finding.sentence


async def test_without_any_request_every_rule_is_unused() -> None:
    assert await _names(_emulator(_TWO)) == [("unused", "one"), ("unused", "two")]


async def test_requests_of_all_tokens_are_numbered_through() -> None:
    emulator = _emulator(_TWO)
    await _ask(emulator, "one", token="token-2", at=2.0)
    await _ask(emulator, "nothing", token="token-2", at=3.0)
    await _ask(emulator, "two", token="token-1", at=1.0)

    found = judge(Seen(sessions=await emulator.sessions(), hosts=()))

    assert [(each.number, each.user_text) for each in found.exchanges] == [(1, "two"), (2, "one"), (3, "nothing")]
    assert [(each.name, each.requests) for each in found.verdict.findings] == [("unmatched", (3,))]
    assert found.verdict.findings[0].sentence.startswith("Request 3 (")
    assert [(rule.name, rule.answered) for rule in found.rules] == [("one", 1), ("two", 1)]


async def test_what_the_journal_has_forgotten_still_counts_as_unmatched() -> None:
    emulator = _emulator(_TWO, journal_entries=1)
    await _ask(emulator, "nothing")
    await _ask(emulator, "one")

    assert judge(Seen(sessions=await emulator.sessions(), hosts=())).verdict.unmatched == 1
    assert ("unmatched", None) in await _names(emulator)


async def test_an_echo_that_nobody_chose_is_unmatched() -> None:
    emulator = _emulator()
    await _ask(emulator, "hello")

    assert await _names(emulator) == [("unmatched", None)]


@pytest.mark.parametrize("chosen", ["echo", "simulate"])
async def test_a_fallback_that_was_chosen_is_as_good_as_a_rule(chosen: str) -> None:
    emulator = _emulator(on_unmatched=chosen)
    await _ask(emulator, "hello")

    assert await _names(emulator) == []


async def test_the_lines_tell_what_became_of_each_host() -> None:
    emulator = _emulator(_TWO)
    await _ask(emulator, "one")
    seen = Seen(
        sessions=await emulator.sessions(),
        hosts=(
            HostEgress(host="api.openai.com", answered=1, passed=0, refused=0),
            HostEgress(host="example.com", answered=0, passed=2, refused=0),
        ),
    )

    assert list(summarize(seen, judge(seen), strict=False)) == [
        "1 request answered, none of them unmatched",
        "  answered   passed  refused  host",
        "         1        0        0  api.openai.com",
        "         0        2        0  example.com",
        "1 rule was never used, or less often than `times` says; use --strict to list them",
    ]
