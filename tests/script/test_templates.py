"""`template: true`: what a template can say, and what it cannot do."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llemulator_addon.core.work import NotAtOnce, working_at_most
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.script.templates.budget import Budget
from llemulator_addon.script.templates.filling import Functions, fill_in
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.script.templates.source import parse
from tests.playing import chat, emulator, json_of, play, said, texts

_NAMES = {
    "captures": {"city": "Oslo", "1": "Oslo"},
    "prompt": {"text": "Hi", "messages": [{"role": "user", "text": "a"}, {"role": "user", "text": "b"}]},
    "body": {"n": 3, "list": [3, 1, 2], "temperature": 0.5, "store": True, "none": None, "long": "x" * 10_000},
    "request": {},
    "state": "started",
    "turn": 1,
    "times": 1,
}
_FUNCTIONS: Functions = {
    "uuid": lambda: "u",
    "random": lambda: 0.5,
    "random_int": lambda low, _: low,
    "hex": lambda _=8: "f",
}


def _filled(text: str) -> str:
    parse(text)
    return fill_in(text, _NAMES, _FUNCTIONS, Budget())


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("It is {{ captures.city }}.", "It is Oslo."),
        ("{{ captures[1] }} {{ captures['city'] }}", "Oslo Oslo"),
        (
            "{{ body.n + 1 }} {{ body.n * 2 }} {{ body.n / 2 }} {{ body.n // 2 }} {{ body.n % 2 }} {{ -body.n }}",
            "4 6 1.5 1 1 -3",
        ),
        ("{{ body.store }} {{ body.none }} {{ body.list }} {{ body.temperature }}", "true null [3, 1, 2] 0.5"),
        (
            "{{ body.list | sort | join('-') }} {{ body.list|first }} {{ body.list[-1] }} {{ body.list[1:] }}",
            "1-2-3 3 2 [1, 2]",
        ),
        (
            "{% for m in prompt.messages %}{{ loop.index }}{{ m.text }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1a,2b",
        ),
        ("{% for key, value in captures|items %}{{ key }}={{ value }} {% endfor %}", "city=Oslo 1=Oslo "),
        ("{% if body.n > 2 and 'O' in captures.city %}yes{% elif true %}no{% else %}never{% endif %}", "yes"),
        ("{% set x = prompt.text ~ '!' %}{{ x|upper }} {{ 'a' + 'b' }}", "HI! ab"),
        ("{{ captures.street|default('nowhere') }} {{ captures.street is defined }}", "nowhere false"),
        ("{{ 'yes' if turn == 1 else 'no' }}", "yes"),
        ("{{ {'a': [1, 'b']}|tojson }}", '{"a":[1,"b"]}'),
        ("{{ uuid() }} {{ random() }} {{ random_int(3, 5) }} {{ hex(4) }}", "u 0.5 3 f"),
        ("{{ 'a b'|split|length }} {{ '7'|int + 1 }} {{ ' x '|trim }}", "2 8 x"),
        (
            "{{ 'abc'|reverse }} {{ [1, 2]|reverse }} {{ 'ab'|list }} {{ captures|list }}",
            'cba [2, 1] ["a", "b"] ["city", "1"]',
        ),
        ("{{ 'x'|int }} {{ 'x'|int(4) }} {{ 'x'|float }} {{ '2.5'|float }} {{ 2.345|round(2) }}", "0 4 0.0 2.5 2.35"),
        ("{{ 'abcdef'|truncate(4) }} {{ 'ab'|truncate(4) }} {{ 'a,b'|split(',')|last }}", "abc… ab b"),
        ("{# a note #}{% for x in [] %}{% else %}none{% endfor %}", "none"),
    ],
)
def test_a_template_says(template: str, text: str) -> None:
    assert _filled(template) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ captures.street }}", "captures.street is not there"),
        ("{{ city }}", 'there is no variable "city" (line 1); known are body, captures'),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'a' * 10 }}", "a number is needed, not str"),
        ("{{ 'a' < 1 }}", "'<' not supported between instances of 'str' and 'int'"),
        ("{{ true * 2 }}", "a number is needed, not bool"),
        ("{{ 1|upper }}", "a text is needed, not int"),
        ("{{ 1|join }}", "a list is needed, not int"),
        ("{{ 1|length }}", "int has no length"),
        ("{{ []|first }}", "there is nothing to take the first or last of"),
        ("{{ 1|items }}", "an object is needed, not int"),
        ("{{ prompt.text|shout }}", 'there is no filter "shout" (line 1); did you mean "sort"?'),
        ("{{ open('/etc/passwd') }}", 'there is no function "open" (line 1)'),
        ("{{ prompt.text.upper() }}", "values have no methods; use a filter, such as `| upper` (line 1)"),
        ("{{ ''.__class__.__mro__ }}", "….__class__.__mro__ is not there"),
        ("{{ ''['__class__'] }}", "….__class__ is not there"),
        ("{{ body.__init__.__globals__ }}", "body.__init__.__globals__ is not there"),
        ("{{ captures['__class__'] }}", "captures.__class__ is not there"),
        ("{{ uuid.__globals__ }}", 'there is no variable "uuid"'),
        ("{{ self }}", 'there is no variable "self"'),
        ("{{ range(10) }}", 'there is no function "range" (line 1)'),
        ("{{ 'a'|attr('upper') }}", 'there is no filter "attr" (line 1)'),
        ("{{ '%999999999d'|format(1) }}", 'there is no filter "format" (line 1)'),
        ("{% include 'x' %}", "include is not available in templates (line 1)"),
        ("{% import 'os' as os %}", "import is not available in templates (line 1)"),
        ("{% macro f() %}{% endmacro %}", "macro is not available in templates (line 1)"),
        ("{{ 2 ** 999999999 }}", "pow is not available in templates (line 1)"),
        ("{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}", "a loop has neither `if` nor `recursive` (line 1)"),
        ("{{ uuid(*[1]) }}", "arguments are written out, without `*` (line 1)"),
        ("{{ 9999999999 * 9999999999 }}", "a number is too large"),
        ("{% if %}", "Expected an expression, got 'end of statement block' (line 1)"),
        ("{{", "unexpected 'end of template' (line 1)"),
        ("{{ " + "(" * 5000 + ")" * 5000 + " }}", "it is nested too deeply"),
        ("{{ " + "+".join(["1"] * 5000) + " }}", "it is nested too deeply"),
        ("{# " + "a" * 70_000 + " #}", "it is longer than 65536 characters"),
    ],
)
def test_a_template_cannot(template: str, problem: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        _filled(template)

    assert str(caught.value).startswith(problem)


_DOUBLING = "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 200
_NESTING = "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60
_LOOPING = "{% for a in body.long %}" * 3 + "{{ a }}" + "{% endfor %}" * 3


@pytest.mark.long
@pytest.mark.parametrize(
    "template",
    [
        _DOUBLING,
        _DOUBLING.replace("x ~ x", "x + x"),
        "{% set x = 'ab' %}" + "{% set x = x|replace('a', x) %}" * 200,
        "{% set x = 'ab' %}" + "{% set x = [x, x]|join(x) %}" * 200,
        _NESTING + "{{ x }}",
        _NESTING + "{{ x == x }}",
        _NESTING + "{{ x|tojson|length }}",
        _NESTING + "{% set y = [1] %}" + "{% set y = [y, y] %}" * 60 + "{{ x in y }}",
        _LOOPING,
        _LOOPING.replace("{{ a }}", ""),
        "{% for a in body.long %}{% if 'zz' in body.long %}{% endif %}" * 3 + "{% endfor %}" * 3,
        "{% for a in body.long %}{{ body.long }}{% endfor %}",
        "{% for a in body.long %}{% set z = body.long|upper|lower|title|reverse %}{% endfor %}",
    ],
    ids=range(13),
)
def test_a_template_stops_at_its_bound(template: str) -> None:
    with pytest.raises(TemplateProblem, match=r"it takes more than|it makes more than"):
        _filled(template)


_LONG = "{% set x = 'a' %}" + "{% set x = x ~ x %}" * 18
"""A text of a quarter of what may be made."""


@pytest.mark.long
@pytest.mark.parametrize(
    "template",
    [
        _LONG + "{{ " + " ~ ".join("x" * 1_000) + " }}",
        _LONG + "{{ x|replace('a', x) }}",
        _LONG + "{{ x|replace('', x) }}",
        _LONG + "{{ [x, x, x, x]|join(x) }}",
        _LONG + "{% set y = [" + ", ".join(["x|list"] * 100) + "] %}",
        _LONG + "{% set y = [" + ", ".join(["x ~ ''"] * 100) + "] %}",
        _LONG + "{% set y = [" + ", ".join(["x[::-1]"] * 100) + "] %}",
        _LONG + "{% for c in x %}{% set y = x|split('a') %}{% endfor %}",
        "{% for c in body.long %}{% set y = [" + ", ".join(["body.long|list"] * 50) + "] %}{% endfor %}",
        "{% set x = [1] %}" + "{% set x = [x, x, x, x] %}" * 60 + "{{ x|tojson }}",
        "{% set x = body.long|list %}" + ("{% set x = [" + ", ".join(["x[:]"] * 50) + "] %}") * 40 + "{{ x }}",
    ],
    ids=range(11),
)
def test_a_template_takes_little_memory_until_it_stops_at_its_bound(template: str) -> None:
    parse(template)
    tracemalloc.start()
    try:
        with pytest.raises(TemplateProblem, match=r"it takes more than|it makes more than"):
            _filled(template)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 64 << 20


_REACHED = """
self
config
loop
caller
varargs
kwargs
cycler
joiner
namespace
lipsum
dict
debug
request.application
request.__class__
prompt.__init__
body.__dict__
captures.__class__.__base__
''.format
''.__class__
''['__class__']
''|attr('__class__')
(1).__class__
[].append
{}.items
uuid.__globals__
uuid.__call__()
hex.__self__
range(9)
lipsum()
cycler(1)
namespace(a=1)
dict(a=1)
open('x')
eval('1')
__import__('os')
prompt.text.upper()
body.list.append(1)
'%s'|format(1)
'a'|center(9)
'a'|indent(9)
'a'|wordwrap(1)
[1]|batch(1)
[1]|slice(1)
1|pprint
body|map('upper')|list
body|xmlattr
'a'|e
'a'|safe
'a'|urlize
1|filesizeformat
[1]|random
body|groupby('a')
body|dictsort
'a'|regex_replace('a', 'b')
body|tojson(indent=1000000)
2 ** 2
'a' * 9
[1] * 9
'%9d' % 1
1 if uuid else 2
[x for x in body]
lambda: 1
body := 1
"""


@pytest.mark.parametrize("reached", _REACHED.strip().splitlines())
def test_nothing_else_can_be_reached(reached: str) -> None:
    with pytest.raises(TemplateProblem):
        _filled("{{ " + reached + " }}")


_STATEMENT = """
{% include 'x' %}
{% include ['a', 'b'] ignore missing %}
{% import 'a' as b %}
{% from 'a' import b %}
{% extends 'a' %}
{% block a %}{% endblock %}
{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}
{% call a() %}{% endcall %}
{% filter upper %}a{% endfilter %}
{% set a %}b{% endset %}
{% do 1 %}
{% with a = 1 %}{% endwith %}
{% autoescape true %}a{% endautoescape %}
{% debug %}
{% set a.b = 1 %}
{% for a in [1] recursive %}{{ loop([a]) }}{% endfor %}
{% trans %}a{% endtrans %}
{% set body = 1 %}{{ body.x }}
"""


@pytest.mark.parametrize("statement", _STATEMENT.strip().splitlines())
def test_no_other_statement_is_there(statement: str) -> None:
    with pytest.raises(TemplateProblem):
        _filled(statement)


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "9" * 60_000 + " }}",
        "{{ 0x" + "f" * 60_000 + " }}",
        "{{ '\\x' }}",
        "{{ 1" + " == 1" * 12_000 + " }}",
        "{{ a" + ".a" * 20_000 + " }}",
        "{{ " + "[" * 20_000 + " }}",
        "{{ body" + "|upper" * 9_000 + " }}",
        "{% if 1 %}" * 5_000 + "{% endif %}" * 5_000,
        "{% raw %}" * 7_000,
        "{{ '" + "\\'" * 30_000,
    ],
    ids=range(10),
)
def test_text_made_to_be_hard_to_read_is_a_problem_or_a_template(text: str) -> None:
    with suppress(TemplateProblem):
        assert isinstance(_filled(text), str)


@given(
    st.text(alphabet="{}%# ().[]|~+-*/<>='\"_abxn0123456789,:\n", max_size=60).map(lambda inner: "{{" + inner + "}}")
)
@example("{{ body.list[::0] }}")
@example("{{ body.list|first(1, 2, 3) }}")
@example("{{ body.list|round }}")
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_template_or_a_problem(text: str) -> None:
    with suppress(TemplateProblem):
        assert isinstance(_filled(text), str)


def test_all_texts_of_a_reply_are_filled_in() -> None:
    server = emulator(
        {
            "rules": [
                {
                    "match": {"user_text": r"weather in (?P<city>\w+)"},
                    "reply": {
                        "template": True,
                        "tool_calls": [{"name": "get_weather", "arguments": {"city": "{{ captures.city }}", "n": 1}}],
                    },
                },
                {"reply": {"template": True, "text": "{{ prompt.text|title }}, {{ times }}, {{ turn }}, {{ state }}"}},
            ]
        }
    )

    called, first, second = play(server, chat("the weather in Oslo?"), chat("good day"), chat("good day"))

    assert json_of(called)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo","n":1}'
    assert [said(first), said(second)] == ["Good Day, 1, 1, started", "Good Day, 2, 1, started"]


def test_without_template_braces_are_text() -> None:
    assert texts(emulator({"responses": "{{ captures.city }}"}), chat()) == ["{{ captures.city }}"]


def test_a_template_that_cannot_be_filled_in_says_why_and_is_not_retried() -> None:
    (steps,) = play(emulator({"rules": [{"reply": {"template": True, "text": "{{ captures.city }}"}}]}), chat())

    assert json_of(steps)["error"] == {
        "message": 'The template of rule "rules[0]" cannot be filled in: text: captures.city is not there.',
        "type": "server_error",
        "param": None,
        "code": "template_error",
    }


_KNOWN = "known are body, captures, prompt, request, state, times, turn"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (
            {"text": "{{ cities }}"},
            'rules[0].reply.text: there is no variable "cities" (line 1); did you mean "times"?',
        ),
        ({"text": "{% x"}, "rules[0].reply.text: Encountered unknown tag 'x'. (line 1)"),
        (
            {"tool_calls": [{"name": "f", "arguments": {}}, {"name": "f", "arguments": {"cities": ["a", "{{ x }}"]}}]},
            f'rules[0].reply.tool_calls[1].arguments.cities[1]: there is no variable "x" (line 1); {_KNOWN}',
        ),
        (
            {"choices": [{"text": "a"}, {"text": "b\n{{ x | uper }}"}]},
            'rules[0].reply.choices[1].text: there is no filter "uper" (line 2); did you mean "upper"?',
        ),
        (
            {"raw": {"headers": {"x-a": "{{ y }}"}, "body": "a"}},
            f'rules[0].reply.raw.headers.x-a: there is no variable "y" (line 1); {_KNOWN}',
        ),
    ],
)
def test_a_template_is_read_when_the_script_is_loaded(reply: dict[str, object], problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"rules": [{"reply": {"template": True, **reply}}]})

    assert [str(found) for found in caught.value.problems] == [problem]


def test_functions_draw_from_the_seed() -> None:
    script = {
        "seed": 7,
        "responses": [
            {"reply": {"template": True, "text": "{{ uuid() }} {{ uuid() }} {{ random_int(1, 6) }}"}, "times": 2}
        ],
    }

    one, other = texts(emulator(script), chat(), chat()), texts(emulator(script), chat(), chat())

    assert one == other
    assert len({word for text in one for word in text.split()[:2]}) == 4


@pytest.mark.parametrize("text", ["{{ turn }}" * 1_000, "{% for n in body.long %}{{ n }}{% endfor %}"])
def test_a_template_that_takes_long_is_not_filled_in_at_once(text: str) -> None:
    with working_at_most(10_000), pytest.raises(NotAtOnce):
        fill_in(text, _NAMES, _FUNCTIONS, Budget())
