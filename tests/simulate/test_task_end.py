"""An agent comes to its end, by the tool or the word that its task ends with."""

import json
from dataclasses import replace
from typing import Any

import pytest

from llemulator_addon.core.prompt import CalledTool, Message, Prompt, Tool
from llemulator_addon.core.reply import ModelOutput, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.simulate.answer import simulate
from llemulator_addon.simulate.settings import SimulationSettings
from llemulator_addon.simulate.task_end import ends_the_task, word_of_end
from tests.playing import emulator, json_of, play, post

WEATHER = Tool(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})


def _prompt(*messages: Message, tools: tuple[Tool, ...] = (), **body: object) -> Prompt:
    return Prompt(endpoint="chat.completions", model="gpt-4o", messages=messages, tools=tools, body=body)


def _answer(prompt: Prompt) -> list[str] | str:
    reply = simulate(prompt, Stamp(1, 0), SimulationSettings())
    assert isinstance(reply, ModelOutput)
    calls = [block.name for block in reply.choices[0].blocks if isinstance(block, ToolCall)]
    return calls or reply.choices[0].text


@pytest.mark.parametrize(
    "tool",
    [
        Tool(name="final_answer"),
        Tool(name="final_result"),
        Tool(name="submit"),
        Tool(name="submit_answer"),
        Tool(name="done"),
        Tool(name="finish"),
        Tool(name="task_done"),
        Tool(name="TaskComplete"),
        Tool(name="attempt_completion"),
        Tool(name="terminate"),
        Tool(name="stop_here", description="Ends the task."),
        Tool(name="respond", description="Call this with the final answer to the question"),
        Tool(name="report", description="Call this when you have completed the task"),
    ],
)
def test_such_a_tool_ends_the_task_after_the_work(tool: Tool) -> None:
    prompt = _prompt(Message(role="user", text="What is the weather in Oslo?"), tools=(WEATHER, tool))
    first = _answer(prompt)
    said = Message(role="assistant", called=(CalledTool(id="call_1", name="get_weather", arguments="{}"),))
    told = Message(role="tool", text="sunny", answers="call_1")

    second = _answer(replace(prompt, messages=(*prompt.messages, said, told)))

    assert (first, second) == (["get_weather"], [tool.name])


@pytest.mark.parametrize("name", ["submit_feedback", "finish_order", "end_date", "get_final", "complete_purchase"])
def test_such_a_tool_is_for_work(name: str) -> None:
    assert ends_the_task(Tool(name=name)) == (name == "get_final")


@pytest.mark.parametrize(
    ("system", "word"),
    [
        ("Reply TERMINATE in the end when everything is done.", "TERMINATE"),
        ('When the task is complete, reply with the word "DONE".', "DONE"),
        ("Once you have finished, output TASK_COMPLETE.", "TASK_COMPLETE"),
        ("Answer in JSON when you can.", None),
        ("You MUST be polite. Say NO when asked for money.", None),
        ("", None),
    ],
)
def test_the_word_that_ends_the_task_stands_at_the_end(system: str, word: str | None) -> None:
    prompt = _prompt(Message(role="system", text=system), Message(role="user", text="Tell me about cats"))
    answer = _answer(prompt)

    assert word_of_end(prompt) == word
    assert isinstance(answer, str)
    assert answer.endswith(f"\n\n{word}") == (word is not None)


def test_an_agent_that_reads_final_answer_gets_one() -> None:
    system = "Use this format:\nThought: what to do\nFinal Answer: the answer to the question"

    answer = _answer(_prompt(Message(role="system", text=system), Message(role="user", text="Tell me about cats")))

    assert isinstance(answer, str)
    assert answer.startswith("Thought: I now know the final answer.\nFinal Answer: ")


def test_results_count_where_the_call_is_stored_and_the_user_spoke_before_them() -> None:
    server = emulator(on_unmatched="simulate")
    tool = {"type": "function", "name": "get_weather", "parameters": WEATHER.parameters}
    asked = {"model": "gpt-4o", "input": "What is the weather in Oslo?", "tools": [tool]}
    (first,) = play(server, post("/v1/responses", asked))
    call: dict[str, Any] = json_of(first)["output"][0]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": json.dumps({"sky": "clear"})}
    user = {"role": "user", "content": "What is the weather in Oslo?"}
    more = {**asked, "previous_response_id": json_of(first)["id"], "input": [user, result]}

    (second,) = play(server, post("/v1/responses", more))

    assert call["name"] == "get_weather"
    assert [item["type"] for item in json_of(second)["output"]] == ["message"]
    assert "clear" in json_of(second)["output"][0]["content"][0]["text"]
