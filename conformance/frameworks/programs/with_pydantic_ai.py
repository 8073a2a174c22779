"""Pydantic AI, over Responses and over chat completions."""

from playing import OTHER_KEY, Person, play
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.realtime import RealtimeTurnCompleteEvent

RESPONSES = "openai-responses:gpt-4o"
CHAT = "openai-chat:gpt-4o"


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"rain in {city}"


def book_table(restaurant: str, guests: int) -> str:
    """Book a table at a restaurant."""
    return f"{restaurant} has a table for {guests}"


def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount of money to another currency."""
    return f"{amount} {currency}"


async def agent(model: str) -> str:
    return (await Agent(model, tools=[get_weather]).run("What is the weather in Oslo?")).output


async def stream(model: str) -> list[str]:
    async with Agent(model).run_stream("Tell me a story") as result:
        return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]


async def structured(model: str) -> Person:
    return (await Agent(model, output_type=Person).run("Who is Ann?")).output


async def structured_natively(model: str) -> Person:
    return (await Agent(model, output_type=NativeOutput(Person)).run("Who is Ann?")).output


async def agent_over_realtime() -> str:
    """Let a voice agent write: it calls its tool, and says what comes of it."""
    asked = Agent(instructions="Be brief.", tools=[get_weather])
    settings = {"output_modality": "text"}
    async with asked.realtime("openai:gpt-realtime", model_settings=settings).session() as session:
        await session.send("What is the weather in Oslo?")
        async for event in session:
            if isinstance(event, RealtimeTurnCompleteEvent):
                break
    return session.all_messages()[-1].parts[0].content


async def unscripted(model_of: type, *output: type) -> list[str]:
    model = model_of("gpt-4o", provider=OpenAIProvider(api_key=OTHER_KEY))
    tools = [get_weather, book_table, convert_currency]
    ended = await Agent(model, tools=tools, output_type=[*output] or str).run("Is the weather fine in Oslo?")
    parts = [part for message in ended.all_messages() for part in message.parts]
    called = [part.tool_name for part in parts if part.part_kind == "tool-return"]
    return [type(ended.output).__name__, *(name for name in called if name != "final_result")]


play(
    agent=lambda: agent("openai:gpt-4o"),
    stream=lambda: stream(RESPONSES),
    structured=lambda: structured(RESPONSES),
    structured_natively=lambda: structured_natively(RESPONSES),
    agent_over_chat=lambda: agent(CHAT),
    stream_over_chat=lambda: stream(CHAT),
    structured_over_chat=lambda: structured(CHAT),
    structured_natively_over_chat=lambda: structured_natively(CHAT),
    agent_over_realtime=agent_over_realtime,
    unscripted=lambda: unscripted(OpenAIResponsesModel),
    unscripted_over_chat=lambda: unscripted(OpenAIChatModel),
    unscripted_structured=lambda: unscripted(OpenAIResponsesModel, Person),
    unscripted_structured_over_chat=lambda: unscripted(OpenAIChatModel, Person),
)
