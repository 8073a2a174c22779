"""DSPy, which asks for structure in its own words."""

import dspy
from playing import Person, play


class Know(dspy.Signature):
    """Answer what is asked about a person."""

    question: str = dspy.InputField()
    person: Person = dspy.OutputField()


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"rain in {city}"


def agent() -> str:
    return dspy.ReAct("question -> answer", tools=[get_weather])(question="What is the weather in Oslo?").answer


async def stream() -> list[str]:
    listener = dspy.streaming.StreamListener(signature_field_name="story")
    tell = dspy.streamify(dspy.Predict("wish -> story"), stream_listeners=[listener])
    chunks = [chunk async for chunk in tell(wish="Tell me a story")]
    return [chunk.chunk for chunk in chunks if isinstance(chunk, dspy.streaming.StreamResponse) and chunk.chunk]


def structured() -> Person:
    with dspy.context(adapter=dspy.JSONAdapter()):
        return dspy.Predict(Know)(question="Who is Ann?").person


dspy.configure(lm=dspy.LM("openai/gpt-4o", cache=False))
play(agent=agent, stream=stream, structured=structured)
