"""A reply whose texts are templates, and what they can name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.script.effort import pay_for_template
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.templates.budget import Budget
from llemulator_addon.script.templates.filters import number_of
from llemulator_addon.script.templates.problems import TemplateProblem

if TYPE_CHECKING:
    from llemulator_addon.script.templates.filling import Functions


@dataclass(frozen=True, slots=True)
class Template:
    """A reply as the script wrote it; every text in it may be a template."""

    written: Mapping[str, Any]

    def fill(self, asked: Candidate, captures: Mapping[str, str], times: int, stamp: Stamp) -> dict[str, Any]:
        """Return the reply for a request, written as in a script; raises `TemplateProblem`.

        `times` is how often the rule has answered, this time included.
        """
        from llemulator_addon.script.templates.filling import fill_in  # noqa: PLC0415 - Jinja takes long to import

        names, functions, budget = _names(asked, captures, times), _functions(stamp), Budget()
        written = {key: value for key, value in self.written.items() if key != "template"}
        filled: dict[str, Any] = _walk(written, lambda text: fill_in(text, names, functions, budget))
        return filled


def compile_templates(written: Any) -> None:  # noqa: ANN401
    """Read every template in a reply, so that it is known to be one; raises `TemplateProblem`."""
    from llemulator_addon.script.templates.source import parse  # noqa: PLC0415 - Jinja takes long to import

    def read(text: str) -> str:
        pay_for_template(len(text))
        return str(parse(text))

    _walk(written, read)


def _is_template(text: str) -> bool:
    """Whether there is anything in the text to fill in."""
    return any(mark in text for mark in ("{{", "{%", "{#"))


def _walk(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    """Return a value with its templates changed; a `TemplateProblem` says where in the value it arose."""
    match value:
        case str():
            return change(value) if _is_template(value) else value
        case Mapping():
            return {key: _walk_member(key, member, change) for key, member in value.items()}
        case list() | tuple():
            return [_walk_member(position, member, change) for position, member in enumerate(value)]
        case _:
            return value


def _walk_member(step: str | int, member: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    try:
        return _walk(member, change)
    except TemplateProblem as problem:
        raise problem.put_inside(step) from None


def _names(asked: Candidate, captures: Mapping[str, str], times: int) -> dict[str, Any]:
    prompt, request = asked.prompt, asked.request
    results = [message.text for message in prompt.messages if message.answers is not None]
    return {
        "captures": captures,
        "prompt": {
            "text": prompt.user_text,
            "system_text": prompt.system_text,
            "tool_result": results[-1] if results else "",
            "messages": [{"role": message.role, "text": message.text} for message in prompt.messages],
            "tools": [tool.name for tool in prompt.tools],
            "endpoint": prompt.endpoint,
            "model": prompt.model,
            "stream": prompt.stream,
        },
        "body": prompt.body,
        "request": {
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "headers": {name: value for name, value in request.headers.items() if name not in _SECRET},
        },
        "state": asked.state,
        "turn": prompt.user_turns,
        "times": times,
    }


# What a template says may be logged by the application; a key is not for its logs.
_SECRET = frozenset({"authorization", "api-key", "cookie", "proxy-authorization"})


def _functions(stamp: Stamp) -> "Functions":
    """Chance from the stamp: another at each call, and the same when the request is played again."""
    calls = count()

    def draw() -> str:
        return f"template/{next(calls)}"

    def hexadecimal(digits: Any = 8) -> str:  # noqa: ANN401
        if not 0 < number_of(digits) <= _DIGITS:
            raise TemplateProblem(f"hex makes 1 to {_DIGITS} digits")
        return stamp.hex(draw(), int(digits))

    def random_int(low: Any, high: Any) -> int:  # noqa: ANN401
        first, last = int(number_of(low)), int(number_of(high))
        if first > last:
            raise TemplateProblem("random_int needs the lower number first")
        return first + int(stamp.fraction(draw()) * (last - first + 1))

    def uuid() -> str:
        digits = stamp.hex(draw(), 32)
        # Version 4, RFC 9562.
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    return {"hex": hexadecimal, "random": lambda: stamp.fraction(draw()), "random_int": random_int, "uuid": uuid}


_DIGITS = 1_024
