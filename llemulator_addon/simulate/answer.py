"""The content of a generated answer: tool calls if they fit, the JSON that was asked for, or text."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from llemulator_addon.core.chance import Chance, chance_for
from llemulator_addon.core.choices import Length, ToolStrategy
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Choice, ModelOutput, Reply, Text
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.work import Work
from llemulator_addon.script.pacing import Pacing
from llemulator_addon.script.simulate_defaults import Simulating
from llemulator_addon.simulate.commit_message import asks_commit_message, commit_message
from llemulator_addon.simulate.facts import facts_of
from llemulator_addon.simulate.hosted import make_hosted_calls
from llemulator_addon.simulate.inferred_schema import shape_for, wants_json
from llemulator_addon.simulate.limits import limit_calls, limit_text
from llemulator_addon.simulate.schema_values import STEPS, value_for
from llemulator_addon.simulate.settings import SimulationSettings
from llemulator_addon.simulate.shown_json import fence, shows_fence
from llemulator_addon.simulate.stream_timing import pacing_for
from llemulator_addon.simulate.task_end import opening_of_end, word_of_end
from llemulator_addon.simulate.text import length_for, text_about
from llemulator_addon.simulate.tool_result_text import read, text_of_results
from llemulator_addon.simulate.tools import calls_for, results
from llemulator_addon.simulate.topics import topic_of
from llemulator_addon.simulate.user_values import UserValues, flatten
from llemulator_addon.wire import errors, json_bytes
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.requested_output import Format, read_format, tool_use

LENGTH_HEADER = "x-llemulator-response-length"
TOOLS_HEADER = "x-llemulator-tool-strategy"


@dataclass(frozen=True, slots=True)
class Simulated:
    """A generated answer."""

    reply: Reply
    pacing: Pacing | None = None
    """How its stream is paced; None: as the session says."""


def simulate_answer(
    prompt: Prompt, stamp: Stamp, settings: SimulationSettings, headers: Mapping[str, str] = MappingProxyType({})
) -> Simulated:
    """Make an answer and its pacing. Pure: the same arguments give the same answer."""
    try:
        return Simulated(simulate(prompt, stamp, settings, headers), pacing_for(prompt, settings.physics))
    except RequestRefused as refused:
        return Simulated(refused.failure)


def simulate(
    prompt: Prompt, stamp: Stamp, settings: SimulationSettings, headers: Mapping[str, str] = MappingProxyType({})
) -> Reply:
    """Make an answer that fits the request: tool calls, JSON in the form that is asked for, or text.

    Every choice of an answer has its own chance, from the request's `seed` or else the session's. `response_length` and
    `tool_strategy` of the body override those of the headers, and those override the settings; the limit of tokens
    overrides all. Raises `RequestRefused` if there is no such length or strategy.
    """
    settings = settings.apply_script(_read_body(prompt).merge_defaults(_read_headers(headers)))
    work = Work(STEPS)
    choices = (
        _choice(prompt.select_choice(index), chance_for(prompt, stamp, index), settings, work)
        for index in range(max(1, prompt.choices))
    )
    return ModelOutput(choices=tuple(choices))


def _read_body(prompt: Prompt) -> Simulating:
    body = prompt.body
    return _read_settings("response_length", body.get("response_length"), "tool_strategy", body.get("tool_strategy"))


def _read_headers(headers: Mapping[str, str]) -> Simulating:
    length, strategy = headers.get(LENGTH_HEADER), headers.get(TOOLS_HEADER)
    return _read_settings(LENGTH_HEADER, _lower(length), TOOLS_HEADER, _lower(strategy))


def _lower(text: str | None) -> str | None:
    return text.strip().lower() or None if text else None


def _read_settings(length_name: str, length: object, strategy_name: str, strategy: object) -> Simulating:
    """Return the requested settings; raises `RequestRefused` for an unknown length or strategy, by its name."""
    return Simulating(
        response_length=_one_of(get_args(Length), length_name, length),
        tool_strategy=_one_of(get_args(ToolStrategy), strategy_name, strategy),
    )


def _one_of[T](known: tuple[T, ...], name: str, given: object) -> T | None:
    if given is None:
        return None
    found = next((word for word in known if word == given), None)
    if found is None:
        raise RequestRefused(errors.invalid_value(name, str(given), tuple(map(str, known))))
    return found


def _choice(prompt: Prompt, chance: Chance, settings: SimulationSettings, work: Work) -> Choice:
    use = tool_use(prompt)
    calls = calls_for(prompt, use, settings.asked.tool_strategy or "contextual", chance, work)
    if calls:
        kept, is_whole = limit_calls(calls, prompt)
        return Choice(blocks=kept or (Text(""),), finish_reason=None if is_whole else "length")
    hosted = make_hosted_calls(prompt, use)
    text, is_whole = limit_text(_text(prompt, chance, settings, work), prompt)
    return Choice(blocks=(*hosted, Text(text)), finish_reason=None if is_whole else "length")


def _text(prompt: Prompt, chance: Chance, settings: SimulationSettings, work: Work) -> str:
    asked = read_format(prompt)
    if asked is not None:
        return _json(prompt, _schema(asked, prompt), chance, work)
    if wants_json(prompt):
        written = _json(prompt, shape_for(prompt), chance, work)
        return fence(written) if shows_fence(f"{prompt.system_text}\n{prompt.user_text}") else written
    if asks_commit_message(prompt):
        return commit_message(prompt, chance)
    return _until_stop(_end_task(_speak(prompt, chance, settings), prompt), prompt)


def _speak(prompt: Prompt, chance: Chance, settings: SimulationSettings) -> str:
    if found := results(prompt):
        return text_of_results(found, chance)
    length = settings.asked.response_length or length_for(prompt.user_text, chance)
    return text_about(prompt.user_text, length, chance)


def _end_task(text: str, prompt: Prompt) -> str:
    """Say that the task is done, where the prompt says how: else an agent would never stop."""
    word = word_of_end(prompt)
    return f"{opening_of_end(prompt)}{text}{f'\n\n{word}' if word else ''}"


def _schema(asked: Format, prompt: Prompt) -> Any:  # noqa: ANN401 - any JSON
    return shape_for(prompt) if asked.schema is None else asked.schema


def _json(prompt: Prompt, schema: object, chance: Chance, work: Work) -> str:
    """Return JSON with what the user, and the tools, said where it fits."""
    found = [(name, read(text)) for name, text in results(prompt)]
    known: dict[str, Any] = {}
    for _, value in found:
        known |= flatten(value)
    text = _subject(prompt.user_text)
    topic = topic_of(text)
    told = UserValues(facts_of(text), topic.phrase if topic and topic.phrase else "the topic", known=known)
    return json_bytes.compact(value_for(schema, chance, topic=told.topic, source=told, work=work)).decode()


def _subject(text: str) -> str:
    """Return what a text is about: of a task about a conversation, what was said first in it.

    Chat programs ask for titles and tags so, with the conversation between `<chat_history>` and `</chat_history>`.
    """
    _, opened, rest = text.partition("<chat_history>")
    if not opened:
        return text
    lines = rest.partition("</chat_history>")[0].strip().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.upper().startswith("USER:")), text)


def _until_stop(text: str, prompt: Prompt) -> str:
    stop = prompt.body.get("stop")
    signs = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    found = [text.find(sign) for sign in signs if isinstance(sign, str) and sign]
    return text[: min((at for at in found if at >= 0), default=len(text))]
