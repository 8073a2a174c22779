"""Patterns of a script that cost much to match, and caches that they fill."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from conformance.attacks.attack import Attack, Send, Way, at_once, chat

_CHAT = "/v1/chat/completions"

_ANSWERED = frozenset({200, 400, 404})
"""A rule answers, none does, or it is too much to match."""

_PATH = {"json_path": {"$..*..*..*..*.zz": 1}}
_LONGER_PATH = {"json_path": {"$..*..*..*..*..*.zz": 1}}


def _lists(depth: int) -> Any:  # noqa: ANN401
    nested: Any = []
    for _ in range(depth):
        nested = [nested]
    return nested


_NESTED = chat("Hello", metadata={}, lists=_lists(90))
_WIDE = chat("Hello", lists=[[[number] * 30 for number in range(30)] for _ in range(30)])


def _matching(name: str, match: object, body: object, *, path: str = _CHAT) -> Send:
    token = f"sk-attack-patterns-{name}"

    def send(way: Way) -> Iterable[int]:
        way.load({"rules": [{"match": match, "reply": {"text": "found"}}]}, token=token)
        way.begin()
        return [way.post(path, body, token=token)]

    return send


def _verifying(way: Way) -> Iterable[int]:
    token = "sk-attack-patterns-verify"
    way.load({"responses": ["Hello"]}, token=token)
    way.post(_CHAT, _NESTED, token=token)
    way.begin()
    return [way.post("/_emulator/verify", {"expectations": [{"match": _PATH}], "order": [_PATH, _PATH]}, token=token)]


def _many_rules(way: Way) -> Iterable[int]:
    token = "sk-attack-patterns-many"
    rules = [{"match": {"json_path": {f"$..*..*.z{number}": 1}}, "reply": {"text": "found"}} for number in range(2_000)]
    way.load({"rules": rules}, token=token)
    way.begin()
    return [way.post(_CHAT, _NESTED, token=token)]


def _large_expressions(*, tokens: int, rules: int) -> Send:
    """Load large regular expressions under many tokens, each with its own, and match them."""

    def send(way: Way) -> Iterable[int]:
        way.begin()

        def load_and_match(number: int) -> int:
            token = f"sk-attack-expressions-{tokens}-{number}"
            script = {
                "rules": [{"match": {"user_text": _expression(number, each)}, "reply": "a"} for each in range(rules)]
            }
            status = way.post("/_emulator/script", script, token=token)
            return status if status != httpx.codes.OK else way.post(_CHAT, chat("Hello " * 2_000), token=token)

        return at_once(load_and_match, tokens, width=1)

    return send


def _expression(token: int, number: int) -> str:
    return f"[^{chr(97 + number % 26)}]{{1000}}{token}-{number}i"


def _expressions_to_verify(way: Way) -> Iterable[int]:
    """Ask to verify with large regular expressions that are no script's."""
    token = "sk-attack-expressions-verify"
    way.post(_CHAT, chat("Hello " * 2_000), token=token)
    way.begin()

    def verify(turn: int) -> int:
        wanted = [{"match": _expression(turn, number), "count": 0} for number in range(500)]
        return way.post("/_emulator/verify", {"expectations": wanted}, token=token)

    return at_once(verify, 4, width=1)


_SENDS: Mapping[str, tuple[str, Send]] = {
    "a path with four ..*": ("$..*..*..*..*.zz on 90 nested lists", _matching("four", _PATH, _NESTED)),
    "a path with five ..*": ("the same, once more ..*", _matching("five", _LONGER_PATH, _NESTED)),
    "a path with five ..*, wide": ("the same on 27 000 numbers", _matching("wide", _LONGER_PATH, _WIDE)),
    "a path with five ..*, negated": (
        "the same in not, any_of and all_of",
        _matching("not", {"not": {"any_of": [{"all_of": [_LONGER_PATH, _LONGER_PATH]}]}}, _NESTED),
    ),
    "a path with five ..*, by responses": (
        "the same by Responses",
        _matching(
            "responses",
            _LONGER_PATH,
            {"model": "gpt-4o", "input": "Hello", "metadata": {}, "lists": _lists(90)},
            path="/v1/responses",
        ),
    ),
    "paths to verify": ("the same as expectations of verify", _verifying),
    "2000 paths with ..*": ("2 000 rules with ..*, whose nearest is looked for", _many_rules),
    "nested json": ("a json pattern of 90 nested lists", _matching("json", {"json": {"lists": _lists(90)}}, _NESTED)),
    "2000 large expressions, three times": (
        "2 000 of [^a]{1000}i under each of three tokens",
        _large_expressions(tokens=3, rules=2_000),
    ),
    "large expressions of 300 tokens": (
        "twenty of them under each of 300 tokens",
        _large_expressions(tokens=300, rules=20),
    ),
    "large expressions to verify": ("500 of them as expectations of verify, four times", _expressions_to_verify),
}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_ANSWERED) for name, (sends, send) in _SENDS.items()
}
"""By name."""
