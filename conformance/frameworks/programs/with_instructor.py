"""Instructor, in its ways to have a structured output."""

from itertools import groupby

import instructor
from openai import OpenAI
from playing import Person, play

ASKED = [{"role": "user", "content": "Who is Ann?"}]


def structured(mode: instructor.Mode) -> Person:
    return instructor.from_openai(OpenAI(), mode=mode).chat.completions.create(
        model="gpt-4o", messages=ASKED, response_model=Person
    )


def stream() -> list[object]:
    """Return what is known of the person, each time that it is something else."""
    parts = instructor.from_openai(OpenAI()).chat.completions.create_partial(
        model="gpt-4o", messages=ASKED, response_model=Person
    )
    return [known for known, _ in groupby(part.model_dump() for part in parts)]


def agent() -> str:
    """Have a wrong answer corrected: Instructor asks again with what was wrong."""
    messages = [{"role": "user", "content": "How old is Bob?"}]
    client = instructor.from_openai(OpenAI())
    return client.chat.completions.create(
        model="gpt-4o", messages=messages, response_model=Person, max_retries=2
    ).model_dump_json()


def over_responses() -> Person:
    client = instructor.from_openai(OpenAI(), mode=instructor.Mode.RESPONSES_TOOLS)
    return client.responses.create(model="gpt-4o", input="Who is Ann?", response_model=Person)


play(
    agent=agent,
    stream=stream,
    structured=lambda: structured(instructor.Mode.TOOLS),
    structured_strictly=lambda: structured(instructor.Mode.TOOLS_STRICT),
    structured_as_json=lambda: structured(instructor.Mode.JSON),
    structured_by_schema=lambda: structured(instructor.Mode.JSON_SCHEMA),
    over_responses=over_responses,
)
