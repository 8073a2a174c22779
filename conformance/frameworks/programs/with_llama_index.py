"""LlamaIndex, over chat completions and over Responses."""

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI, OpenAIResponses
from playing import Person, open_shop, play


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"rain in {city}"


async def agent(llm: OpenAI | OpenAIResponses) -> str:
    return str(await FunctionAgent(tools=[get_weather], llm=llm).run("What is the weather in Oslo?"))


def stream(llm: OpenAI | OpenAIResponses) -> list[str]:
    return [piece.delta for piece in llm.stream_chat([ChatMessage("Tell me a story")]) if piece.delta]


def structured(llm: OpenAI | OpenAIResponses) -> Person:
    return llm.as_structured_llm(Person).complete("Who is Ann?").raw


def file_search() -> list[str]:
    """Ask about what a file of a vector store says; return the answer, what was found, and what is cited."""
    tool = {"type": "file_search", "vector_store_ids": [open_shop()]}
    llm = OpenAIResponses("gpt-4o", built_in_tools=[tool], include=["file_search_call.results"])
    answer = llm.chat([ChatMessage("How are returns paid?")])
    (search,) = answer.additional_kwargs["built_in_tool_calls"]
    cited = [each.filename for each in answer.additional_kwargs["annotations"]]
    return [str(answer.message.content), *(each.text for each in search.results), *cited]


play(
    agent=lambda: agent(OpenAI("gpt-4o")),
    stream=lambda: stream(OpenAI("gpt-4o")),
    structured=lambda: structured(OpenAI("gpt-4o")),
    agent_over_responses=lambda: agent(OpenAIResponses("gpt-4o")),
    stream_over_responses=lambda: stream(OpenAIResponses("gpt-4o")),
    structured_over_responses=lambda: structured(OpenAIResponses("gpt-4o")),
    file_search=file_search,
)
