from collections.abc import Sequence

import pytest

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.choices import Length
from llemulator_addon.simulate.text import CHARACTERS, length_for, text_about
from llemulator_addon.simulate.topics import topic_of

ASKED: Sequence[str] = (
    "Hi!",
    "How do I bake sourdough bread at home?",
    "What is a monad?",
    "My laptop is slow. What should I do?",
    "",
    "Write a Python function that reverses a string",
    "Give me ideas for a birthday party",
    "write a poem about autumn",
    "Tell me a story about a brave snail",
    "你好，介绍一下上海",  # noqa: RUF001 - as it is typed
    "a" * 3000,
    "{topic} [a|b] {word} ]",
)


@pytest.mark.long
@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_a_thousand_texts_of_each_length_are_within_its_range(length: Length) -> None:
    least, most = CHARACTERS[length]

    texts = [text_about(ASKED[number % len(ASKED)], length, Chance(str(number))) for number in range(1000)]

    assert {len(text) for text in texts if not least <= len(text) <= most} == set()


def test_the_same_draws_give_the_same_text_and_others_another() -> None:
    asked = ASKED[1]

    assert text_about(asked, "medium", Chance("1")) == text_about(asked, "medium", Chance("1"))
    assert len({text_about(asked, "medium", Chance(str(seed))) for seed in range(50)}) == 50


def test_a_text_is_about_what_was_asked() -> None:
    assert "baking sourdough bread at home" in text_about(
        "How do I bake sourdough bread at home?", "short", Chance("1")
    )
    assert "Hello!" in text_about("hello", "short", Chance("1")) or "Hi there!" in text_about(
        "hi", "short", Chance("1")
    )
    assert "```python" in text_about("Write a Python function that reverses a string", "medium", Chance("1"))


def test_a_long_text_has_sections_and_lists() -> None:
    text = text_about("What is a monad?", "long", Chance("1"))

    assert text.count("\n## ") >= 3
    assert "\n- **" in text or "\n1. **" in text


def test_a_longer_question_mostly_gets_a_longer_answer() -> None:
    def longs(question: str) -> int:
        return sum(length_for(question, Chance(str(seed))) == "long" for seed in range(500))

    assert longs("Hi") == 0
    assert longs("What is it?" * 8) < longs("What is it?" * 100)


@pytest.mark.long
def test_nothing_is_left_of_the_signs_that_templates_are_written_with() -> None:
    for seed in range(60):
        for asked in ASKED[:9]:
            text = text_about(asked, "long", Chance(str(seed)))
            prose = "".join(text.split("```")[::2])
            assert not set("{}[]|") & set(prose)


@pytest.mark.parametrize(
    ("asked", "phrase"),
    [
        ("Can you please explain quantum entanglement?", "quantum entanglement"),
        ("how to set up my router", "setting up your router"),
        ("What's the weather like in Paris today?", "the weather in Paris today"),
        ("I need to plan my trip to Japan in May, thanks", "planning your trip to Japan in May"),
        ("Compare Rust and Go for web servers", "Rust and Go for web servers"),
        ("My laptop is slow.", "“My laptop is slow”"),
        ("Hello there!", ""),
    ],
)
def test_what_is_asked_stands_as_a_noun(asked: str, phrase: str) -> None:
    topic = topic_of(asked)

    assert topic is not None
    assert topic.phrase == phrase
