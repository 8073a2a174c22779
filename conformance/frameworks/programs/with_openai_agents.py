"""OpenAI's agents SDK, over Responses, as it is by default, over chat completions, and over Realtime."""

from collections.abc import Callable

from agents import (
    Agent,
    FileSearchTool,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    function_tool,
    responses_websocket_session,
)
from agents.realtime import RealtimeAgent, RealtimeRunner
from openai import AsyncOpenAI
from playing import OTHER_KEY, Person, open_shop, play


@function_tool
def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"rain in {city}"


@function_tool
def book_table(restaurant: str, guests: int) -> str:
    """Book a table at a restaurant."""
    return f"{restaurant} has a table for {guests}"


@function_tool
def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount of money to another currency."""
    return f"{amount} {currency}"


async def agent(model: object = "gpt-4o") -> str:
    asked = Agent(name="Weatherman", instructions="Be brief.", model=model, tools=[get_weather])
    return (await Runner.run(asked, "What is the weather in Oslo?")).final_output


async def streamed_agent() -> str:
    asked = Agent(name="Weatherman", model="gpt-4o", tools=[get_weather])
    result = Runner.run_streamed(asked, "What is the weather in Oslo?")
    async for _ in result.stream_events():
        pass
    return result.final_output


async def stream(model: object = "gpt-4o") -> list[str]:
    result = Runner.run_streamed(Agent(name="Teller", model=model), "Tell me a story")
    events = [event.data async for event in result.stream_events() if event.type == "raw_response_event"]
    return [event.delta for event in events if event.type == "response.output_text.delta"]


async def structured(model: object = "gpt-4o") -> Person:
    return (await Runner.run(Agent(name="Knower", model=model, output_type=Person), "Who is Ann?")).final_output


async def file_search() -> list[str]:
    """Ask about what a file of a vector store says; return the answer, what was found, and what is cited."""
    tool = FileSearchTool(vector_store_ids=[open_shop()], include_search_results=True)
    ended = await Runner.run(Agent(name="Clerk", model="gpt-4o", tools=[tool]), "How are returns paid?")
    search, message = (item.raw_item for item in ended.new_items)
    cited = [each.filename for each in message.content[0].annotations]
    return [ended.final_output, *(each.text for each in search.results), *cited]


async def agent_over_websocket() -> str:
    async with responses_websocket_session() as session:
        asked = Agent(name="Weatherman", instructions="Be brief.", model="gpt-4o", tools=[get_weather])
        return (await session.run(asked, "What is the weather in Oslo?")).final_output


async def two_runs_over_websocket() -> list[str]:
    """Hold two conversations on one connection, the second with its events."""
    async with responses_websocket_session() as session:
        await session.run(Agent(name="Teller", model="gpt-4o"), "Tell me a story")
        result = session.run_streamed(Agent(name="Teller", model="gpt-4o"), "Tell me a story")
        events = [event.data async for event in result.stream_events() if event.type == "raw_response_event"]
        return [event.delta for event in events if event.type == "response.output_text.delta"]


async def unscripted(model_of: Callable[[str, AsyncOpenAI], object]) -> list[str]:
    model = model_of("gpt-4o", AsyncOpenAI(api_key=OTHER_KEY))
    tools = [get_weather, book_table, convert_currency]
    # Without traces, which would go to the first key.
    ended = await Runner.run(
        Agent(name="Helper", model=model, tools=tools),
        "Is the weather fine in Oslo?",
        run_config=RunConfig(tracing_disabled=True),
    )
    items = [item.raw_item for item in ended.new_items if item.type == "tool_call_item"]
    return [type(ended.final_output).__name__, *(item.name for item in items)]


async def agent_over_realtime() -> str:
    asked = RealtimeAgent(name="Weatherman", instructions="Be brief.", tools=[get_weather])
    settings = {"model_settings": {"model_name": "gpt-realtime", "modalities": ["text"]}}
    said = ""
    async with await RealtimeRunner(asked, config=settings).run() as session:
        await session.send_message("What is the weather in Oslo?")
        async for event in session:
            if event.type == "raw_model_event" and event.data.type == "output_text_delta":
                said += event.data.delta
            if event.type == "agent_end" and said:
                break
    return said


def chat() -> OpenAIChatCompletionsModel:
    return OpenAIChatCompletionsModel("gpt-4o", AsyncOpenAI())


play(
    agent=agent,
    streamed_agent=streamed_agent,
    stream=stream,
    structured=structured,
    file_search=file_search,
    agent_over_chat=lambda: agent(chat()),
    stream_over_chat=lambda: stream(chat()),
    structured_over_chat=lambda: structured(chat()),
    agent_over_realtime=agent_over_realtime,
    agent_over_websocket=agent_over_websocket,
    two_runs_over_websocket=two_runs_over_websocket,
    unscripted=lambda: unscripted(OpenAIResponsesModel),
    unscripted_over_chat=lambda: unscripted(OpenAIChatCompletionsModel),
)
