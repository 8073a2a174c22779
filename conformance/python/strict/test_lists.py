"""Vectors as the SDK asks for them, and lists that it follows from page to page."""

import math
from array import array
from base64 import b64decode
from typing import Any

import openai
import pytest

from conformance.python.strict.conftest import Begin
from conformance.python.strict.talking import done, every

ECHO = {"defaults": {"on_unmatched": "echo"}}
TEXTS = ["0", "1", "2", "3", "4"]


def said(text: str) -> dict[str, Any]:
    """Return a message of a user."""
    return {"role": "user", "content": text}


async def test_vectors_that_come_as_base64_unasked_are_those_that_come_as_numbers(begin: Begin) -> None:
    asked = {"model": "text-embedding-3-small", "input": ["a cat", "interest rates"], "dimensions": 8}
    async with begin(ECHO) as talk:
        create = talk.sdk.embeddings.create
        unasked = await done(create(**asked))
        numbers = await done(create(**asked, encoding_format="float"))
        base64 = await done(create(**asked, encoding_format="base64"))

    for ours, number, text in zip(unasked.data, numbers.data, base64.data, strict=True):
        assert ours.embedding == pytest.approx(number.embedding)
        assert ours.embedding == pytest.approx(array("f", b64decode(text.embedding)).tolist())
        assert math.hypot(*ours.embedding) == pytest.approx(1)


async def test_stored_completions_are_listed_to_the_end(begin: Begin) -> None:
    async with begin(ECHO) as talk:
        chat = talk.sdk.chat.completions
        made = [(await done(chat.create(model="gpt-4o", store=True, messages=[said(text)]))).id for text in TEXTS]
        listed = [each.id for each in await every(chat.list(limit=2))]
        first = await done(chat.list(limit=2))
        second = await done(first.get_next_page())
        third = await done(second.get_next_page())

    assert listed == made
    assert [each.id for each in second.data] == made[2:4]
    assert (first.has_next_page(), third.has_next_page()) == (True, False)


async def test_a_stored_completion_is_read_changed_and_deleted(begin: Begin) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *map(said, TEXTS)]
    async with begin(ECHO) as talk:
        chat = talk.sdk.chat.completions
        made = await done(chat.create(model="gpt-4o", store=True, messages=messages))
        changed = await done(chat.update(made.id, metadata={"a": "b"}))
        read = await done(chat.retrieve(made.id))
        listed = await every(chat.messages.list(made.id, limit=2))
        gone = await done(chat.delete(made.id))
        with pytest.raises(openai.NotFoundError):
            await done(chat.retrieve(made.id))

    assert changed.metadata == read.metadata == {"a": "b"}
    assert [message.content for message in listed] == ["Be brief.", *TEXTS]
    assert gone.deleted


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_input_items_are_listed_to_the_end(order: str, begin: Begin) -> None:
    async with begin(ECHO) as talk:
        made = await done(talk.sdk.responses.create(model="gpt-4o", input=[said(text) for text in TEXTS]))
        listed = await every(talk.sdk.responses.input_items.list(made.id, limit=2, order=order))

    assert [_text(item) for item in listed] == (TEXTS if order == "asc" else TEXTS[::-1])


async def test_items_of_a_conversation_are_added_listed_read_and_deleted(begin: Begin) -> None:
    async with begin(ECHO) as talk:
        items = talk.sdk.conversations.items
        name = (await done(talk.sdk.conversations.create(items=[said("0")]))).id
        await done(items.create(name, items=[said(text) for text in TEXTS[1:]]))
        await done(talk.sdk.responses.create(model="gpt-4o", conversation=name, input="5"))
        listed = await every(items.list(name, limit=2, order="asc"))
        one = await done(items.retrieve(listed[3].id, conversation_id=name))
        await done(items.delete(listed[3].id, conversation_id=name))
        left = await every(items.list(name, limit=3, order="asc"))

    assert [_text(item) for item in listed] == [*TEXTS, "5", "5"]
    assert _text(one) == "3"
    assert [_text(item) for item in left] == ["0", "1", "2", "4", "5", "5"]


async def test_models_are_listed_and_read(begin: Begin) -> None:
    async with begin({"models": ["gpt-4o", "mine"]}) as talk:
        assert [model.id for model in await every(talk.sdk.models.list())] == ["gpt-4o", "mine"]
        assert (await done(talk.sdk.models.retrieve("mine"))).object == "model"


def _text(item: Any) -> str:  # noqa: ANN401 - one of many items
    return str(item.content[0].text)
