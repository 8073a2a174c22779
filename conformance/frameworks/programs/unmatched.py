"""What each framework makes of a request that no rule answers: a line of JSON for each, its error and what it says."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import redirect_stdout

import dspy
import instructor
import litellm
from agents import Agent as OpenAIAgent
from agents import Runner, set_tracing_disabled
from langchain_openai import ChatOpenAI
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI as LlamaIndexOpenAI
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel
from pydantic_ai import Agent

MODEL = "gpt-4o"


class Person(BaseModel):
    """Somebody."""

    name: str


def asked(text: str) -> dict[str, object]:
    """Return the question of a client, by which its requests are counted."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]}


def instruct(text: str) -> object:
    return instructor.from_openai(OpenAI()).chat.completions.create(**asked(text), response_model=Person)


CASES: Mapping[str, Callable[[str], object]] = {
    "OpenAI": lambda text: OpenAI().chat.completions.create(**asked(text)),
    "OpenAI, stream": lambda text: OpenAI().chat.completions.create(**asked(text), stream=True),
    "OpenAI, Responses": lambda text: OpenAI().responses.create(model=MODEL, input=text),
    "AsyncOpenAI": lambda text: AsyncOpenAI().chat.completions.create(**asked(text)),
    "LangChain": lambda text: ChatOpenAI(model=MODEL).invoke(text),
    "LlamaIndex": lambda text: LlamaIndexOpenAI(MODEL).chat([ChatMessage(text)]),
    "LiteLLM": lambda text: litellm.completion(**asked(text)),
    "Pydantic AI": lambda text: Agent("openai-chat:gpt-4o").run(text),
    "Instructor": instruct,
    "DSPy": dspy.LM("openai/gpt-4o", cache=False),
    "OpenAI Agents SDK": lambda text: Runner.run(OpenAIAgent(name="a", model=MODEL), text),
}


def main() -> None:
    """Run every case."""
    set_tracing_disabled(disabled=True)
    with asyncio.Runner() as runner:
        for name, case in CASES.items():
            # Some frameworks print, too.
            with redirect_stdout(sys.stderr):
                told = fail(name, case, runner)
            print(json.dumps({"case": name, **told}), flush=True)


def fail(name: str, case: Callable[[str], object], runner: asyncio.Runner) -> dict[str, str | None]:
    """Return the error of a case, and what it says; None if there is none."""
    try:
        made = case(name)
        if isinstance(made, Coroutine):
            runner.run(made)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is what is to be told
        return {"error": type(error).__name__, "says": str(error)}
    return {"error": None, "says": None}


if __name__ == "__main__":
    main()
