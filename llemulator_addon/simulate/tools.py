"""Which tools an answer calls, and with what; and what it says once they have answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.choices import ToolStrategy
from llemulator_addon.core.prompt import Message, Prompt, Tool
from llemulator_addon.core.reply import ToolCall
from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.json_schema import ecma_regex
from llemulator_addon.simulate import harmless
from llemulator_addon.simulate.facts import Facts, facts_of
from llemulator_addon.simulate.property_values import words_of
from llemulator_addon.simulate.schema_values import value_for
from llemulator_addon.simulate.task_end import ends_the_task
from llemulator_addon.simulate.topics import content_words, topic_of
from llemulator_addon.simulate.user_values import UserValues
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.requested_output import ToolUse


def calls_for(prompt: Prompt, use: ToolUse, strategy: ToolStrategy, chance: Chance, work: Work) -> tuple[ToolCall, ...]:
    """Return the calls of one answer; none: it is time to speak.

    What was called since the user spoke is not called again, unless the request forces it: so an agent comes to an end.
    """
    if not use.tools:
        return ()
    planned = _plan(prompt, use, strategy, chance)
    if not planned and use.must:
        planned = [_force(prompt, use, chance)]
    if not use.parallel or strategy == "sequence":
        planned = planned[:1]
    return tuple(_call(each, prompt, chance, work) for each in planned)


def results(prompt: Prompt) -> tuple[tuple[str, str], ...]:
    """Return the results of tools since the user spoke: the tool's name, and what it said."""
    found = []
    for message in _since_user(prompt):
        if message.answers is not None:
            called = prompt.tool_called(message.answers)
            found.append((called.name if called else "", message.text))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Planned:
    tool: Tool
    about: str | None = None
    """One of several places that the user named; None: whatever the message says."""


def _plan(prompt: Prompt, use: ToolUse, strategy: ToolStrategy, chance: Chance) -> list[_Planned]:
    called = list(_list_called(prompt))
    if use.named:
        return [_Planned(use.tools[0])]
    tools = [tool for tool in use.tools if not harmless.deletes(words_of(tool.name))]
    work = [tool for tool in tools if not ends_the_task(tool)]
    match strategy:
        case "sequence":
            planned = [_Planned(tool) for tool in work if tool.name not in called]
        case "random":
            some = [] if called or not chance.holds(0.8) else chance.some(work, 2 if chance.holds(0.25) else 1)
            planned = [_Planned(tool) for tool in some]
        case "contextual":
            planned = list(_drop_called(_fitting(prompt, work), called))
        case never:
            assert_never(never)
    ending = [tool for tool in tools if tool not in work and tool.name not in called]
    return planned or [_Planned(tool) for tool in ending[:1]]


def _drop_called(planned: Sequence[_Planned], called: list[str]) -> Iterator[_Planned]:
    """Leave out what was called already; a tool that is planned twice must have been called twice."""
    left = list(called)
    for each in planned:
        if each.tool.name in left:
            left.remove(each.tool.name)
        else:
            yield each


def _force(prompt: Prompt, use: ToolUse, chance: Chance) -> _Planned:
    """Choose where a call is required but none is planned: the tool that ends the work, or one not called yet."""
    called = set(_list_called(prompt))
    ending = [tool for tool in use.tools if ends_the_task(tool)]
    kept = [tool for tool in use.tools if not harmless.deletes(words_of(tool.name))] or use.tools
    fresh = [tool for tool in kept if tool.name not in called]
    scored = sorted(fresh or kept, key=lambda tool: -_score(tool, _collect_asked_words(prompt))[0])
    best = [tool for tool in scored if _score(tool, _collect_asked_words(prompt))[0]]
    return _Planned((ending or best or [chance.one(scored)])[0])


def _list_called(prompt: Prompt) -> Iterator[str]:
    """Yield the names of the calls since the user spoke, and of earlier ones whose results have come since.

    A client that names a stored response sends the user's words and then results of calls that stand before them.
    """
    recent = _since_user(prompt)
    made = [call for message in recent for call in message.called]
    yield from (call.name for call in made)
    known = {call.id for call in made}
    for message in recent:
        if message.answers not in known and (call := prompt.tool_called(message.answers)) is not None:
            yield call.name


def _since_user(prompt: Prompt) -> Sequence[Message]:
    last = next((at for at in range(len(prompt.messages) - 1, -1, -1) if prompt.messages[at].role == "user"), -1)
    return prompt.messages[last + 1 :]


# Which tools fit -----------------------------------------------------------------------------------------------------

_NAME, _DESCRIPTION = 3, 1
_ENOUGH = 3
_SHARE = 0.5
_MOST = 3


def _fitting(prompt: Prompt, tools: Sequence[Tool]) -> list[_Planned]:
    """Return the tools that fit the user's words, the best first; each fits words that those before it do not."""
    words = _collect_asked_words(prompt)
    scored = [(*_score(tool, words), tool) for tool in tools]
    scored = sorted((each for each in scored if each[0] >= _ENOUGH), key=lambda each: -each[0])
    chosen: list[Tool] = []
    seen: set[str] = set()
    for score, matched, tool in scored:
        # The best may fit by a word that means the same; a further one must fit by words that were said.
        adds = matched & words - seen if chosen else matched
        if score >= _SHARE * scored[0][0] and adds and len(chosen) < _MOST:
            chosen.append(tool)
            seen |= matched
    if len(chosen) == 1:
        return [_Planned(chosen[0], place) for place in _places(prompt, chosen[0])] or [_Planned(chosen[0])]
    return [_Planned(tool) for tool in chosen]


def _collect_asked_words(prompt: Prompt) -> frozenset[str]:
    facts = facts_of(prompt.user_text)
    words = {_stem(word) for word in content_words(prompt.user_text)}
    if facts.formula:
        words |= _OF_FORMULAS
    return frozenset(words)


def _add_synonyms(words: frozenset[str]) -> frozenset[str]:
    return words | {same for word in words for same in _SAME.get(word, ())}


def _score(tool: Tool, asked: frozenset[str]) -> tuple[int, frozenset[str]]:
    named = {_stem(word) for word in words_of(tool.name) if word not in _EMPTY_VERBS}
    described = {_stem(word) for word in content_words(tool.description)}
    taken = {_stem(word) for name in _properties(tool) for word in words_of(name)}
    asked = _add_synonyms(asked)
    by_name, by_description = asked & named, asked & (described | taken) - named
    return _NAME * len(by_name) + _DESCRIPTION * len(by_description), by_name | by_description


def _stem(word: str) -> str:
    for end in ("ations", "ation", "ators", "ator", "ing", "ies", "ed", "es", "ers", "er", "s", "e"):
        if word.endswith(end) and len(word) - len(end) >= len("tim"):
            return word[: -len(end)]
    return word


_OF_FORMULAS = frozenset(map(_stem, ("calculate", "calculator", "math", "expression", "evaluate")))
_EMPTY_VERBS = frozenset({"get", "do", "run", "the", "a", "of", "to", "tool", "function", "call", "fetch", "current"})
_SAME_WORDS = (
    ("weather", "temperature", "forecast", "rain", "sunny", "snow", "hot", "cold", "warm", "umbrella"),
    ("calculate", "compute", "multiply", "divide", "sum", "add", "plus", "minus", "times", "subtract", "math"),
    ("search", "find", "look", "google", "web", "internet", "lookup"),
    ("email", "mail", "send"),
    ("book", "reserve", "reservation", "booking"),
    ("price", "cost", "expensive"),
    ("time", "clock", "hour", "oclock"),
    ("translate", "translation"),
    ("stock", "share", "ticker"),
    ("remind", "reminder", "remember", "calendar", "schedule", "meeting", "event", "appointment"),
    ("picture", "image", "photo", "draw"),
    ("convert", "exchange", "currency"),
    ("buy", "order", "purchase"),
)
_SAME = {
    _stem(word): tuple(_stem(other) for other in words if other != word) for words in _SAME_WORDS for word in words
}


def _properties(tool: Tool) -> Mapping[str, Any]:
    properties = tool.parameters.get("properties")
    return properties if isinstance(properties, Mapping) else {}


_PLACE_NAMES = frozenset({"location", "city", "place", "country", "town", "region"})


def _places(prompt: Prompt, tool: Tool) -> tuple[str, ...]:
    """Return the places that the user names, where a tool takes one of them at a time and there are several."""
    takes = [name for name in _properties(tool) if set(words_of(name)) & _PLACE_NAMES]
    places = facts_of(prompt.user_text).places[:_MOST]
    return places if len(takes) == 1 and len(places) > 1 else ()


# With what -----------------------------------------------------------------------------------------------------------


def _call(planned: _Planned, prompt: Prompt, chance: Chance, work: Work) -> ToolCall:
    tool = planned.tool
    if tool.kind == "custom":
        given = _free_text(tool, prompt, chance, work)
        return ToolCall(name=tool.name, arguments=given, custom=True, namespace=tool.namespace)
    facts = facts_of(prompt.user_text)
    if planned.about is not None:
        facts = _only_place(facts, planned.about)
    told = UserValues(facts, _topic(prompt), brief=True, eager=True, doing=_doing(tool))
    arguments = value_for({"type": "object", **tool.parameters}, chance, topic=_topic(prompt), source=told, work=work)
    return ToolCall(name=tool.name, arguments=json_bytes.compact(arguments or {}).decode(), namespace=tool.namespace)


def _doing(tool: Tool) -> frozenset[str]:
    described = tool.description[:_DESCRIBED]
    # `JavaScript` is one word here.
    return frozenset((*words_of(tool.name), *words_of(described), *words_of(described.lower())))


_DESCRIBED = 2_000
"""Characters of a description that are looked at."""


def _only_place(facts: Facts, place: str) -> Facts:
    others = tuple(name for name in facts.names if name not in facts.places)
    return replace(facts, names=(place, *others), places=(place,))


def _topic(prompt: Prompt) -> str:
    topic = topic_of(prompt.user_text)
    return topic.phrase if topic and topic.phrase else "the topic"


def _free_text(tool: Tool, prompt: Prompt, chance: Chance, work: Work) -> str:
    """Return the input of a custom tool: from its regular expression if it has one, else the user's own words."""
    pattern = _regex(tool, prompt)
    if pattern is not None:
        try:
            drawn = ecma_regex.text_of(f"^(?:{pattern})$", chance, work=work)
        except (ecma_regex.NotUnderstood, TooMuchWork):
            drawn = None
        if drawn is not None:
            return drawn
    if (safe := harmless.free_text(words_of(tool.name), _doing(tool))) is not None:
        return safe
    quoted = facts_of(prompt.user_text).quoted
    return quoted[0] if quoted else prompt.user_text


def _regex(tool: Tool, prompt: Prompt) -> str | None:
    for offered in prompt.body.get("tools") or ():
        holder = offered.get("custom", offered) if isinstance(offered, Mapping) else {}
        form = holder.get("format") if isinstance(holder, Mapping) and holder.get("name") == tool.name else None
        grammar = form.get("grammar", form) if isinstance(form, Mapping) else {}
        if isinstance(grammar, Mapping) and grammar.get("syntax") == "regex":
            return str(grammar.get("definition", ""))
    return None
