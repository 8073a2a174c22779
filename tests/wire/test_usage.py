from llemulator_addon.core.prompt import CalledTool, Message, Prompt
from llemulator_addon.core.reply import Choice, ModelOutput, Reasoning, Refusal, Text, ToolCall, Usage
from llemulator_addon.wire.usage import Counted, count_prompt, count_usage

HI = (Message(role="system", text="Be brief."), Message(role="user", text="Hello there"))


def _prompt(*messages: Message, model: str = "gpt-4o", choices: int = 1) -> Prompt:
    return Prompt(endpoint="chat.completions", model=model, messages=messages or HI, choices=choices)


def _says(*blocks: Text | Refusal | Reasoning | ToolCall, usage: Usage = Usage()) -> ModelOutput:
    return ModelOutput(choices=(Choice(blocks=blocks),), usage=usage)


def test_a_prompt_counts_three_for_each_message_and_three_more() -> None:
    # Be brief. = 3, Hello there = 2, each role = 1
    assert count_prompt(_prompt()) == 3 + (3 + 1 + 3) + (3 + 1 + 2)


def test_a_model_that_reasons_counts_one_less() -> None:
    assert count_prompt(_prompt(model="gpt-5")) == count_prompt(_prompt()) - 1


def test_calls_in_the_conversation_count_with_their_names() -> None:
    call = CalledTool(id="call_1", name="weather", arguments="{}")
    silent = Message(role="assistant")

    assert count_prompt(_prompt(Message(role="assistant", called=(call,)))) > count_prompt(_prompt(silent))


def test_the_words_of_a_reply_count() -> None:
    assert count_usage(_prompt(), _says(Text("Hello there"))) == Counted(prompt=16, completion=2)
    assert count_usage(_prompt(), _says(Refusal("Hello there"))).completion == 2


def test_reasoning_is_part_of_the_completion_and_told_apart() -> None:
    found = count_usage(_prompt(model="gpt-5"), _says(Reasoning("Let me think."), Text("Hello there")))

    assert (found.completion, found.reasoning, found.total) == (6, 4, 21)


def test_every_choice_counts() -> None:
    assert count_usage(_prompt(choices=3), _says(Text("Hello there"))).completion == 6


def test_what_the_script_gives_is_not_counted() -> None:
    given = Usage(prompt_tokens=1, completion_tokens=2, cached_tokens=1, reasoning_tokens=1)

    assert count_usage(_prompt(), _says(Text("Hello there"), usage=given)) == Counted(
        prompt=1, completion=2, cached=1, reasoning=1
    )


def test_speech_counts_beside_the_words() -> None:
    found = count_usage(_prompt(), _says(Text("Hello there")), audio=5)

    assert (found.completion, found.audio) == (7, 5)
