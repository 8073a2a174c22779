"""Scripts as text: YAML that loads again as the same script, in the shortest form that loses nothing."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from llemulator_addon.script.reader import Script, read_text
from llemulator_addon.script.rule import Rule
from llemulator_addon.script.script_error import ScriptError, join_place
from llemulator_addon.script.yaml_writing import write_yaml

WrittenPart = Mapping[str, Any]


def print_script(script: Script) -> str:
    """Return the text of a script. Read again, it is the same script."""
    for value in (_shorten(script), script.dump()):
        text = write_yaml(value)
        if _reads_as(text, script):
            return text
    return write_yaml(script.dump())


def print_rules(rules: Iterable[Rule], settings: WrittenPart | None = None) -> str:
    """Return the text of a script with these rules, whatever script they were part of."""
    return print_script(Script(rules=tuple(rules), settings=settings or {}))


def _reads_as(text: str, script: Script) -> bool:
    try:
        found = read_text(text, "yaml")
    except ScriptError:
        return False
    return found.rules == script.rules and found.settings == script.settings


def _shorten(script: Script) -> dict[str, Any]:
    """Return a script in its short forms; a rule whose name is its place has no name."""
    settings = dict(script.settings)
    text = _write_text(script.rules)
    if text is not None:
        return {**settings, "responses": text}
    patterns = list(takewhile(_is_of_pattern, script.rules))
    if patterns:
        short: Any = {rule.written["match"]["user_text"]: _shorten_pattern(rule.written) for rule in patterns}
        return _with_rules({**settings, "responses": short}, script.rules[len(patterns) :])
    listed = [_shorten_entry(rule.written) for rule in _list_rules(script.rules)]
    return _with_rules({**settings, **({"responses": listed} if listed else {})}, script.rules[len(listed) :])


def _with_rules(short: dict[str, Any], rules: tuple[Rule, ...]) -> dict[str, Any]:
    full = [_drop_name(rule, join_place("rules", number)) for number, rule in enumerate(rules)]
    return {**short, "rules": full} if full or "responses" not in short else short


def _write_text(rules: tuple[Rule, ...]) -> str | None:
    """Return the text that answers everything, if the script is no more than that."""
    if len(rules) != 1 or rules[0].written != {"name": "responses", "match": {}, "reply": rules[0].written["reply"]}:
        return None
    reply = _shorten_reply(rules[0].written["reply"])
    return reply if isinstance(reply, str) else None


def _list_rules(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """Yield the rules that were elements of `responses`."""
    for number, rule in enumerate(rules):
        if rule.is_named or rule.name != join_place("responses", number):
            return
        yield rule


def _is_of_pattern(rule: Rule) -> bool:
    match = rule.written.get("match", {})
    return match.keys() == {"user_text"} and rule.name == f"responses[{match['user_text']!r}]" and not rule.is_named


def _shorten_pattern(written: WrittenPart) -> Any:  # noqa: ANN401 - a text or an object
    rest = {key: value for key, value in written.items() if key not in _TOLD}
    answer = _answer(written)
    return answer["response"] if not rest and isinstance(answer.get("response"), str) else {**answer, **rest}


def _shorten_entry(written: WrittenPart) -> Any:  # noqa: ANN401 - a text or an object
    match, rest = written.get("match", {}), {key: value for key, value in written.items() if key not in _TOLD}
    if rest.get("times", 0) == 1:
        del rest["times"]
    of = {"pattern": match["user_text"]} if match.keys() == {"user_text"} else {"match": match} if match else {}
    answer = _answer(written)
    return (
        answer["response"] if not (of or rest) and isinstance(answer.get("response"), str) else {**of, **answer, **rest}
    )


_TOLD = frozenset({"name", "match", "reply"})


def _answer(written: WrittenPart) -> dict[str, Any]:
    reply = _shorten_reply(written["reply"])
    failure = reply["failure"] if isinstance(reply, Mapping) and reply.keys() == {"failure"} else {}
    if isinstance(failure.get("message"), str) and failure.keys() <= {"message", "status"}:
        return {"error": failure["message"], **{key: failure[key] for key in failure if key == "status"}}
    return {"response": reply}


def _drop_name(rule: Rule, place: str) -> dict[str, Any]:
    written = {key: value for key, value in rule.written.items() if key != "name" or value != place}
    return {**written, "reply": _shorten_reply(written["reply"])} if "reply" in written else written


def _shorten_reply(reply: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a reply with texts in place of objects that say no more."""
    match reply:
        case list():
            return [_shorten_reply(each) for each in reply]
        case {"text": str(text)} if len(reply) == 1:
            return text
        case {"choices": list(choices)}:
            return {**reply, "choices": [_shorten_reply(each) for each in choices]}
        case {"reasoning": {"summary": list(parts)} as reasoning} if len(reasoning) == 1:
            return {**reply, "reasoning": parts[0] if len(parts) == 1 else parts}
        case {"blocks": list(blocks)}:
            return {**reply, "blocks": [_shorten_block(each) for each in blocks]}
        case _:
            return reply


def _shorten_block(block: WrittenPart) -> WrittenPart:
    match block:
        case {"reasoning": {"summary": list(parts)} as reasoning} if len(reasoning) == 1 and parts:
            return {"reasoning": parts[0] if len(parts) == 1 else parts}
        case _:
            return block
