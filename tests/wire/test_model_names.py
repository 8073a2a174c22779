from llemulator_addon.wire.model_names import MODEL_NAMES, SHUTDOWN_DATES


def test_the_chat_and_embedding_models_of_every_tutorial_are_named() -> None:
    assert "chat" in MODEL_NAMES["gpt-4"]
    assert "chat" in MODEL_NAMES["gpt-3.5-turbo"]
    assert MODEL_NAMES["text-embedding-3-small"] == ("embeddings",)


def test_a_day_is_given_only_for_names_in_the_table() -> None:
    assert SHUTDOWN_DATES.keys() <= MODEL_NAMES.keys()
