"""LiteLLM, at once and asynchronously; over chat completions, Responses and embeddings."""

import json

import litellm
from playing import Person, play

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def get_weather(city: str) -> str:
    return f"rain in {city}"


def agent() -> str:
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    while True:
        message = litellm.completion("gpt-4o", messages, tools=[TOOL]).choices[0].message
        if not message.tool_calls:
            return message.content
        messages.append(message.model_dump())
        for call in message.tool_calls:
            result = get_weather(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


def stream() -> list[str]:
    chunks = litellm.completion("gpt-4o", [{"role": "user", "content": "Tell me a story"}], stream=True)
    return [piece for chunk in chunks if (piece := chunk.choices[0].delta.content)]


async def stream_asynchronously() -> list[str]:
    asked = [{"role": "user", "content": "Tell me a story"}]
    chunks = await litellm.acompletion("openai/gpt-4o", asked, stream=True, stream_options={"include_usage": True})
    return [piece async for chunk in chunks if chunk.choices and (piece := chunk.choices[0].delta.content)]


def structured() -> Person:
    asked = [{"role": "user", "content": "Who is Ann?"}]
    answer = litellm.completion("gpt-4o", asked, response_format=Person)
    return Person.model_validate_json(answer.choices[0].message.content)


def over_responses() -> str:
    answer = litellm.responses("Who is Ann?", "gpt-4o")
    return answer.output[0].content[0].text


def stream_over_responses() -> list[str]:
    events = litellm.responses("Tell me a story", "gpt-4o", stream=True)
    return [event.delta for event in events if event.type == "response.output_text.delta"]


def cost() -> bool:
    """Whether what an answer cost can be told from its usage."""
    answer = litellm.completion("gpt-4o", [{"role": "user", "content": "Tell me a story"}])
    return litellm.completion_cost(answer) > 0


def embeddings() -> list[int]:
    answer = litellm.embedding("text-embedding-3-small", ["a cat", "a dog"], dimensions=8)
    return [len(each["embedding"]) for each in answer.data]


play(
    agent=agent,
    stream=stream,
    stream_asynchronously=stream_asynchronously,
    structured=structured,
    over_responses=over_responses,
    stream_over_responses=stream_over_responses,
    cost=cost,
    embeddings=embeddings,
)
