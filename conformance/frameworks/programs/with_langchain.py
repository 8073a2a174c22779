"""LangChain, over chat completions and over Responses."""

from functools import partial

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from playing import OTHER_KEY, Person, open_shop, play


@tool
def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"rain in {city}"


@tool
def book_table(restaurant: str, guests: int) -> str:
    """Book a table at a restaurant."""
    return f"{restaurant} has a table for {guests}"


@tool
def convert_currency(amount: float, currency: str) -> str:
    """Convert an amount of money to another currency."""
    return f"{amount} {currency}"


def weather_agent(*, responses: bool) -> str:
    model = ChatOpenAI(model="gpt-4o", use_responses_api=responses)
    ended = create_agent(model, [get_weather]).invoke({"messages": [("user", "What is the weather in Oslo?")]})
    return ended["messages"][-1].text


def stream(*, responses: bool) -> list[str]:
    model = ChatOpenAI(model="gpt-4o", use_responses_api=responses)
    return [chunk.text for chunk in model.stream("Tell me a story") if chunk.text]


async def usage_of_stream(*, responses: bool) -> int:
    """Count what came, as the last chunk says it; asked for unless a base URL is set."""
    model = ChatOpenAI(model="gpt-4o", use_responses_api=responses)
    chunks = [chunk async for chunk in model.astream("Tell me a story")]
    whole = sum(chunks[1:], chunks[0])
    return whole.usage_metadata["output_tokens"]


def structured(method: str, *, responses: bool) -> Person:
    model = ChatOpenAI(model="gpt-4o", use_responses_api=responses)
    return model.with_structured_output(Person, method=method).invoke("Who is Ann?")


def structured_agent() -> Person:
    """Have an agent answer in a form; it has no tools, which LangChain sends as an empty list of them."""
    agent = create_agent(ChatOpenAI(model="gpt-4o"), [], response_format=Person)
    ended = agent.invoke({"messages": [("user", "Who is Ann?")]})
    return ended["structured_response"]


def file_search() -> list[str]:
    """Ask about what a file of a vector store says; return the answer, what was found, and what is cited."""
    tool = {"type": "file_search", "vector_store_ids": [open_shop()]}
    model = ChatOpenAI(model="gpt-4o", use_responses_api=True, include=["file_search_call.results"])
    answer = model.bind_tools([tool]).invoke("How are returns paid?")
    search, text = answer.content
    cited = [each["filename"] for each in text["annotations"]]
    return [answer.text, *(each["text"] for each in search["results"]), *cited]


def embeddings() -> list[object]:
    """Embed texts; they are sent as tokens."""
    embedding = OpenAIEmbeddings(model="text-embedding-3-small", dimensions=8)
    one, other, same = embedding.embed_documents(["a cat", "interest rates", "a cat"])
    return [len(one), round(sum(number**2 for number in one), 3), one == same, one == other]


def unscripted(*, responses: bool) -> list[str]:
    model = ChatOpenAI(model="gpt-4o", use_responses_api=responses, api_key=OTHER_KEY)
    tools = [get_weather, book_table, convert_currency]
    ended = create_agent(model, tools).invoke({"messages": [("user", "Is the weather fine in Oslo?")]})
    return [ended["messages"][-1].type, *(message.name for message in ended["messages"] if message.type == "tool")]


play(
    agent=partial(weather_agent, responses=False),
    stream=partial(stream, responses=False),
    usage_of_stream=partial(usage_of_stream, responses=False),
    structured=partial(structured, "json_schema", responses=False),
    structured_by_tool=partial(structured, "function_calling", responses=False),
    structured_agent=structured_agent,
    agent_over_responses=partial(weather_agent, responses=True),
    stream_over_responses=partial(stream, responses=True),
    usage_of_stream_over_responses=partial(usage_of_stream, responses=True),
    structured_over_responses=partial(structured, "json_schema", responses=True),
    file_search=file_search,
    embeddings=embeddings,
    unscripted=partial(unscripted, responses=False),
    unscripted_over_responses=partial(unscripted, responses=True),
)
