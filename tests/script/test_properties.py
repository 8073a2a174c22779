"""What holds for any script at all."""

import json
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.script.patterns import COMBINING, PATTERNS
from llemulator_addon.script.reader import Script, read_script, read_text
from llemulator_addon.script.script_error import ScriptError
from tests.playing import chat, emulator, play, post, status

_TEXTS = st.text(max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)
_WORDS = st.sampled_from(
    (
        *("reset", "responses", "rules", "models", "defaults", "seed", "serialize", "pattern", "match", "response"),
        *("error", "status", "times", "reply", "text", "json", "raw", "failure", "choices", "blocks", "tool_calls"),
        *("name", "arguments", "template", "state", "requires", "becomes", "stream", "faults", "usage", "headers"),
        *(
            "cut_after",
            "sends",
            "rate_limit",
            "requests_per_minute",
            "connect",
            "latency_ms",
            "sse",
            "data",
            "optional",
        ),
        *PATTERNS,
        *COMBINING,
    )
)
_LIKELY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 600)
    | st.sampled_from(("", "a", "(", "$.a[0]", "{{ x }}", "gpt-4o", "5")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | _TEXTS, inner, max_size=4),
    max_leaves=20,
)

_REGEX = st.sampled_from(("a", "(?i)weather", r"in (?P<city>\w+)", "^$"))
_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
_MATCHES: st.SearchStrategy[dict[str, object]] = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "endpoint": st.just("chat.completions"),
            "model": _TEXTS,
            "user_text": _REGEX,
            "system_text": _REGEX,
            "any_text": _REGEX,
            "tool_result": st.fixed_dictionaries({}, optional={"name": _TEXTS, "pattern": _REGEX}),
            "has_tool": _TEXTS,
            "turn": st.integers(0, 5),
            "stream": st.booleans(),
            "header": st.dictionaries(_TEXTS, _TEXTS, min_size=1, max_size=2),
            "json": st.dictionaries(_TEXTS, _PLAIN, max_size=2),
            "json_path": st.dictionaries(st.sampled_from(("$.a", "$..b[*]", "$['c'][-1]")), _PLAIN, min_size=1),
            "any_of": st.lists(_MATCHES, min_size=1, max_size=2),
            "all_of": st.lists(_MATCHES, min_size=1, max_size=2),
            "not": _MATCHES,
        },
    )
)
_REPLIES = st.one_of(
    _TEXTS,
    st.fixed_dictionaries(
        {"text": _TEXTS}, optional={"reasoning": _TEXTS, "model": _TEXTS, "finish_reason": st.just("stop")}
    ),
    st.fixed_dictionaries({"json": _PLAIN}),
    st.fixed_dictionaries({"refusal": _TEXTS}),
    st.fixed_dictionaries(
        {
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {"name": _TEXTS}, optional={"arguments": st.dictionaries(_TEXTS, _PLAIN, max_size=2)}
                ),
                max_size=2,
            )
        }
    ),
    st.fixed_dictionaries({"choices": st.lists(_TEXTS, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {"failure": st.fixed_dictionaries({}, optional={"status": st.integers(400, 599), "message": _TEXTS})}
    ),
    st.fixed_dictionaries(
        {"raw": st.fixed_dictionaries({}, optional={"json": _PLAIN, "status": st.integers(200, 599)})}
    ),
    st.just({"template": True, "text": "{{ prompt.text }}"}),
)
_RULES = st.fixed_dictionaries(
    {"reply": _REPLIES | st.lists(_REPLIES, min_size=1, max_size=2)},
    optional={
        "name": st.text(min_size=1, max_size=20),
        "match": _MATCHES,
        "times": st.integers(1, 3),
        "state": st.fixed_dictionaries({}, optional={"requires": st.just("a"), "becomes": st.just("b")}),
        "stream": st.fixed_dictionaries(
            {}, optional={"ttft_ms": st.floats(0, 1000), "chunk_by": st.sampled_from(("word", 3))}
        ),
        "faults": st.lists(
            st.sampled_from(({"latency_ms": 5}, {"cut_after": {"sends": 1}}, {"failure": {"probability": 0.5}})),
            max_size=2,
        ),
        "optional": st.booleans(),
    },
)
_SCRIPTS = st.fixed_dictionaries(
    {"rules": st.lists(_RULES, max_size=4)}, optional={"seed": st.integers(0, 9), "serialize": st.booleans()}
)


@given(_JSON | _LIKELY)
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_is_a_script_or_refused_with_a_reason(value: object) -> None:
    try:
        assert isinstance(read_script(value), Script)
    except ScriptError as error:
        assert all(problem.reason for problem in error.problems)  # noqa: PT017 - either way is right


@given(st.text(max_size=200) | _LIKELY.map(lambda value: json.dumps(value, indent=1)))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_a_script_or_refused(text: str) -> None:
    for language in ("json", "yaml"):
        with suppress(ScriptError):
            assert isinstance(read_text(text.encode("utf-8", "surrogatepass"), language), Script)


@given(_LIKELY)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_server_takes_any_script_or_says_what_is_wrong(value: object) -> None:
    server = emulator()
    loaded, answered = play(server, post("/_emulator/script", value), chat("weather in Oslo"))

    assert status(loaded) in {200, 400}
    assert status(answered) in range(200, 600)


@given(_SCRIPTS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_an_accepted_script_reads_the_same_when_it_is_printed(value: dict[str, object]) -> None:
    script = read_script(value)
    printed = script.dump()

    assert read_script(json.loads(json.dumps(printed))) == script
    assert script.dump() == read_script(printed).dump()
