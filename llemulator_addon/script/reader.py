"""Reading a script: JSON or YAML text, its short forms, and the rules in full that they stand for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.choices import OnUnmatched
from llemulator_addon.core.reply import Usage
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.sizes import size_of
from llemulator_addon.core.upstream import Upstreams
from llemulator_addon.script import json_text, json_value
from llemulator_addon.script.capacity import CapacitySpec
from llemulator_addon.script.effort import effort
from llemulator_addon.script.fault import Fault
from llemulator_addon.script.heard import HeardRules, list_heard
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT, Pacing, StreamPart
from llemulator_addon.script.resources import ResourcesPart
from llemulator_addon.script.rule import TIMES_FOR_READ, FaultSpec, Rule, RulePart
from llemulator_addon.script.script_error import (
    MOST_TOLD,
    Problem,
    ScriptError,
    join_place,
    kind_of,
    problem,
    read_as,
    unknown_key,
)
from llemulator_addon.script.simulate_defaults import SimulatePart, Simulating
from llemulator_addon.script.upstream import UpstreamSpec, upstreams_of
from llemulator_addon.script.usage import UsagePart, read_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The defaults for rules, and for unmatched requests."""

    on_unmatched: OnUnmatched | None = None
    manual_timeout: float | None = None
    """Seconds that a person may take to answer; None: as the server says."""
    holds_all: bool = False
    """Whether each request waits for a person, also one that a rule matches."""
    simulating: Simulating = Simulating()
    pacing: Pacing = Pacing()
    capacity: Capacity | None = None
    """None: that of the model server that all sessions share."""
    faults: tuple[Fault, ...] = ()
    usage: Usage = Usage()
    written: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """As a script writes them."""
    size: int = field(default=0, compare=False)
    """Bytes of memory that they take, about."""


RULES_AT_MOST = 20_000
"""In one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script as it was loaded, read and compiled once."""

    rules: tuple[Rule, ...] = ()
    reset: bool = False
    models: tuple[str, ...] | None = None
    defaults: Defaults | None = None
    seed: int | None = None
    api_date: str | None = None
    """An ISO date: the day whose API answers."""
    legacy: bool | None = None
    """Whether operations that OpenAI took away are answered."""
    serialize: bool | None = None
    upstreams: Upstreams = Upstreams()
    resources: tuple[Kept, ...] = ()
    """Those that are there from the start."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """All but the rules, as it was written."""

    def dump(self) -> dict[str, Any]:
        """Return the script with its rules in full. Read again, it is the same."""
        return {**self.settings, "rules": [dict(rule.written) for rule in self.rules]}


def read_text(text: str | bytes, language: Literal["json", "yaml"]) -> Script:
    """Read a script; raises `ScriptError` with every problem and its place."""
    return read_script(value_of(text, language))


def value_of(text: str | bytes, language: Literal["json", "yaml"]) -> object:
    """Read JSON or YAML; raises `ScriptError`."""
    return _yaml(text) if language == "yaml" else _json(text)


def read_script(value: object) -> Script:
    """Read a script from its JSON value; raises `ScriptError`. A script is accepted whole or not at all."""
    value = _spell_day(value)
    json_value.check(value)
    if isinstance(value, list):
        value = {"responses": value}
    if not isinstance(value, Mapping):
        raise problem("", f"a script is an object, got {kind_of(value)}")
    try:
        with effort():
            return _script(value)
    except _Enough as enough:
        raise ScriptError(enough.problems) from None


def _spell_day(value: object) -> object:
    """Return a script whose day is text. In YAML a day without quotes is a date."""
    if isinstance(value, dict) and isinstance(day := value.get("api_date"), date):
        return {**value, "api_date": day.isoformat()}
    return value


def _script(value: Mapping[str, Any]) -> Script:
    if (count := sum(_length(value.get(key)) for key in _OF_RULES)) > RULES_AT_MOST:
        raise problem("rules", f"at most {RULES_AT_MOST} rules, got {count}")
    problems: list[Problem] = []
    script = ScriptBody()
    with _collecting(problems):
        # Rules are read one by one: others go on between them.
        script = read_as(ScriptBody, {key: part for key, part in value.items() if key not in _OF_RULES}, "")
    heard = HeardRules()
    rules = list(_short_rules(value["responses"], problems, heard)) if "responses" in value else []
    rules += _rules_in_full(value.get("rules"), problems, heard)
    rules += list_heard(script.heard)
    with _collecting(problems):
        defaults = script.defaults.defaults() if script.defaults else None
    upstreams = Upstreams()
    with _collecting(problems):
        upstreams = upstreams_of(script.upstream) if script.upstream is not None else upstreams
    resources: tuple[Kept, ...] = ()
    with _collecting(problems):
        resources = script.resources.keep() if script.resources is not None else ()
    if problems:
        raise ScriptError(problems)
    return Script(
        rules=tuple(rules),
        reset=script.reset,
        models=None if script.models is None else tuple(script.models),
        defaults=defaults,
        seed=script.seed,
        api_date=script.api_date,
        legacy=script.legacy,
        serialize=script.serialize,
        upstreams=upstreams,
        resources=resources,
        settings=script.model_dump(exclude_unset=True, by_alias=True, exclude={"rules", "responses", "heard"}),
    )


_OF_RULES = ("responses", "rules")


def _length(rules: object) -> int:
    return len(rules) if isinstance(rules, list | Mapping) else 0


class ManualPart(ScriptPart):
    """Which requests wait for a person, and how long."""

    timeout_s: Annotated[float, Field(gt=0, le=LONGEST_WAIT)] | None = None
    all: bool = False
    """Those that a rule matches, too."""


class DefaultsPart(ScriptPart):
    """`defaults` as a script writes it."""

    on_unmatched: OnUnmatched | None = None
    manual: ManualPart | None = None
    simulate: SimulatePart | None = None
    stream: StreamPart | None = None
    capacity: CapacitySpec | None = None
    faults: list[FaultSpec] | None = None
    usage: UsagePart | None = None

    def defaults(self) -> Defaults:
        """Return them; raises `ScriptError`."""
        faults = tuple(part.fault() for part in self.faults or ())
        if any(fault.find_connection_fault() for fault in faults):
            raise problem("defaults.faults", "connect and tls act on connections; put them in a rule of their own")
        written = self.model_dump(exclude_unset=True, by_alias=True)
        return Defaults(
            on_unmatched=self.on_unmatched,
            manual_timeout=self.manual.timeout_s if self.manual else None,
            holds_all=self.manual is not None and self.manual.all,
            simulating=self.simulate.simulating() if self.simulate else Simulating(),
            pacing=self.stream.pacing() if self.stream else Pacing(),
            capacity=self.capacity.capacity() if self.capacity else None,
            faults=faults,
            usage=read_usage(self.usage, given="usage" in self.model_fields_set),
            written=written,
            size=TIMES_FOR_READ * size_of(written),
        )


def _check_day(text: str) -> str:
    """Refuse what is no ISO date, in the words of the setting."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = "expected a day such as 2026-06-30"
        raise ValueError(message) from None


HeardWords = Annotated[str, Field(min_length=1)]


class ScriptBody(ScriptPart):
    """A script without the short forms of `responses`."""

    reset: bool = False
    responses: None = None
    rules: list[RulePart] | None = None
    heard: HeardWords | Annotated[list[HeardWords], Field(min_length=1, max_length=1_000)] | None = None
    """The words that are heard in each turn of a user of Realtime, or in one after the other."""
    models: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None
    defaults: DefaultsPart | None = None
    seed: Annotated[int, Field(ge=0, lt=1 << 63)] | None = None
    api_date: Annotated[str, AfterValidator(_check_day)] | None = None
    legacy: bool | None = None
    upstream: UpstreamSpec | None = None
    resources: ResourcesPart | None = None
    serialize: bool | None = None


def _rules_in_full(rules: object, problems: list[Problem], heard: HeardRules) -> Iterator[Rule]:
    if not isinstance(rules, list):
        if rules is not None:
            problems.append(Problem("rules", f"expected a list, got {kind_of(rules)}"))
        return
    for number, rule in enumerate(rules):
        with _collecting(problems):
            place = join_place("rules", number)
            yield from heard.list_rules(read_as(RulePart, rule, place), place)


# The short forms ----------------------------------------------------------------------------------------------------

_SHORT_KEYS = ("pattern", "response", "error", "status")
_KEYS = (*_SHORT_KEYS, *RulePart.model_fields)
"""Of an element of a list."""


class _collecting:  # noqa: N801 - reads as a verb where it is used
    """Gather the problems of one part, so that the next is read too."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, ScriptError):
            return False
        self._problems.extend(error.problems)
        if len(self._problems) > MOST_TOLD:
            raise _Enough(self._problems)
        return True


class _Enough(Exception):
    """There are too many problems; the rest is not read."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems


def _short_rules(responses: object, problems: list[Problem], heard: HeardRules) -> Iterator[Rule]:
    for place, entry, times in _entries(responses, problems):
        with _collecting(problems):
            yield from _short_rule(entry, times, place, heard)


def _entries(responses: object, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any], int | None]]:
    """Yield each rule of `responses` with its place, as an object with short keys, and how often it may answer."""
    match responses:
        case str():
            yield "responses", {"response": responses}, None
        case list():
            for number, entry in enumerate(responses):
                with _collecting(problems):
                    yield (place := join_place("responses", number)), _entry(entry, place), 1
        case Mapping():
            with _collecting(problems):
                _check_is_of_patterns(responses)
                for pattern, entry in responses.items():
                    place = f"responses[{pattern!r}]" if isinstance(pattern, str) else f"responses[{pattern}]"
                    with _collecting(problems):
                        yield place, {"pattern": pattern, **_entry(entry, place)}, None
        case _:
            problems.append(Problem("responses", f"expected text, a list or an object, got {kind_of(responses)}"))


def _entry(entry: object, place: str) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"response": entry}
    if isinstance(entry, Mapping):
        return dict(entry)
    raise problem(place, f"expected text or an object, got {kind_of(entry)}")


def _check_is_of_patterns(responses: Mapping[str, object]) -> None:
    """Refuse a single rule that was meant for a list: its keys would be taken for patterns."""
    if "response" in responses or "reply" in responses:
        raise problem("responses", "an object's keys are patterns; write a single rule in a list: [{…}]")


def _short_rule(entry: dict[str, Any], times: int | None, place: str, heard: HeardRules) -> Iterator[Rule]:
    for key in entry:
        if key not in _KEYS:
            raise unknown_key(place, str(key), _KEYS, RulePart)
    full = {key: part for key, part in entry.items() if key not in _SHORT_KEYS and key != "match"}
    full["match"] = _match(entry, place)
    full["reply"] = _reply(entry, place)
    if times is not None:
        full.setdefault("times", times)
    return _read_rule_at(place, entry, full, heard)


def _read_rule_at(place: str, entry: dict[str, Any], full: dict[str, Any], heard: HeardRules) -> Iterator[Rule]:
    """Read the rule in full; a problem is worded in the terms that the script used."""
    try:
        yield from heard.list_rules(read_as(RulePart, full, place), place)
    except ScriptError as error:
        problems = [Problem(_restore_spelling(found.place, place, entry), found.reason) for found in error.problems]
        raise ScriptError(problems) from None


def _restore_spelling(found: str, place: str, entry: dict[str, Any]) -> str:
    for full, short in _SPELLINGS:
        if short in entry and found.startswith(f"{place}.{full}"):
            return f"{place}.{short}{found.removeprefix(f'{place}.{full}')}"
    return found


_SPELLINGS = (
    ("match.user_text", "pattern"),
    ("match.user_text", "match"),
    ("reply.failure.status", "status"),
    ("reply.failure.message", "error"),
    ("reply.failure", "error"),
    ("reply.text", "response"),
    ("reply", "response"),
)


def _match(entry: dict[str, Any], place: str) -> object:
    """Return `match` in full; in the short forms it may be a pattern, and so may `pattern`."""
    if "pattern" in entry and "match" in entry:
        raise problem(join_place(place, "pattern"), '"pattern" and "match" exclude each other')
    if "pattern" in entry:
        return {"user_text": entry["pattern"]}
    match = entry.get("match", {})
    return {"user_text": match} if isinstance(match, str) else match


def _reply(entry: dict[str, Any], place: str) -> object:
    given = [key for key in ("response", "reply", "error") if key in entry]
    if len(given) != 1:
        raise problem(place, f'a rule has one of "response", "error" and "reply", got {" and ".join(given) or "none"}')
    if "status" in entry and "error" not in entry:
        raise problem(join_place(place, "status"), '"status" goes with "error"')
    value = entry[given[0]]
    if given[0] == "error":
        failure = {"message": value} if isinstance(value, str) else value
        if "status" in entry and isinstance(failure, Mapping):
            failure = {**failure, "status": entry["status"]}
        return {"failure": failure}
    return value


# Text ---------------------------------------------------------------------------------------------------------------


def _json(text: str | bytes) -> object:
    try:
        return json_text.read(text.encode() if isinstance(text, str) else text)
    except UnicodeEncodeError:
        raise problem("", "not JSON: half of a surrogate pair is no character") from None


def _yaml(text: str | bytes) -> object:
    from llemulator_addon.script import yaml_text  # noqa: PLC0415 - see there

    return yaml_text.read(text)
