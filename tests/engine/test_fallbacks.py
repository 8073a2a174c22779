"""What answers when no rule does."""

from llemulator_addon.core.steps import Wait
from llemulator_addon.engine.simulate.physics import Physics
from tests.playing import chat, emulator, json_of, play, texts


def test_without_a_script_the_user_is_echoed() -> None:
    assert texts(emulator(), chat("Is anybody there?")) == ["Is anybody there?"]


def test_a_server_can_simulate_in_place_of_that() -> None:
    first, again = (texts(emulator(on_unmatched="simulate"), chat("How is bread baked?")) for _ in range(2))

    assert first == again
    assert "bread" in first[0]


def test_a_script_can_simulate_what_its_rules_do_not_answer() -> None:
    script = {"responses": {"hello": "Hi!"}, "defaults": {"on_unmatched": "simulate"}}

    said = texts(emulator(script), chat("hello"), chat("How is bread baked?", response_length="short"))

    assert said[0] == "Hi!"
    assert 120 <= len(said[1]) <= 450


def test_another_seed_says_something_else() -> None:
    one, other = (texts(emulator(on_unmatched="simulate", seed=seed), chat("Tell me of the sea")) for seed in (1, 2))

    assert one != other


def test_simulated_streams_have_the_rhythm_that_the_server_gives() -> None:
    physics = Physics(tokens_per_second=10)

    (steps,) = play(emulator(on_unmatched="simulate", stream=physics), chat("Hi", stream=True, response_length="short"))

    assert {step.seconds for step in steps if isinstance(step, Wait)} == {0.1}


def test_a_schema_that_strict_mode_does_not_take_is_refused_with_or_without_a_script() -> None:
    schema = {
        "name": "person",
        "strict": True,
        "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
    }

    (steps,) = play(
        emulator({"responses": "Hi"}), chat("Hi", response_format={"type": "json_schema", "json_schema": schema})
    )

    assert json_of(steps)["error"]["message"].startswith("Invalid schema for response_format 'person'")
