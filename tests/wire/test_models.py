import pytest

from llemulator_addon.wire.model_names import MODEL_NAMES, ModelKind
from llemulator_addon.wire.models import (
    ALSO_SERVED,
    CREATED,
    DEFAULT_MODELS,
    OWNERS,
    SNAPSHOTS,
    base_model,
    find_created,
    find_owner,
    resolve_alias,
    serves,
    shutdown_date,
)
from tests.playing import emulator, json_of, play, post, status


def test_every_model_that_the_sdk_names_is_valid() -> None:
    assert DEFAULT_MODELS.keys() >= MODEL_NAMES.keys()
    assert list(DEFAULT_MODELS) == sorted(DEFAULT_MODELS)


def test_what_stands_beside_the_names_of_the_sdk_is_not_among_them() -> None:
    assert not ALSO_SERVED.keys() & MODEL_NAMES.keys()


def test_facts_are_about_known_names() -> None:
    assert CREATED.keys() <= DEFAULT_MODELS.keys()
    assert OWNERS.keys() <= DEFAULT_MODELS.keys()
    assert SNAPSHOTS.keys() <= DEFAULT_MODELS.keys()


@pytest.mark.parametrize(
    ("alias", "snapshot"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4", "gpt-4-0613"),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-0125"),
        ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"),
        ("gpt-5", "gpt-5-2025-08-07"),
        ("gpt-5.4", "gpt-5.4-2026-03-05"),
        ("o3-mini", "o3-mini-2025-01-31"),
        ("gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct:20230824-v2"),
        ("text-embedding-ada-002", "text-embedding-ada-002-v2"),
        # No snapshot is known for these, or they are one.
        ("gpt-5.6-sol", "gpt-5.6-sol"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        ("gpt-5-chat-latest", "gpt-5-chat-latest"),
        ("gpt-4o-2024-11-20", "gpt-4o-2024-11-20"),
        ("my-model", "my-model"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "ft:gpt-4o-mini-2024-07-18:acme::abc"),
    ],
)
def test_an_alias_is_answered_by_its_snapshot(alias: str, snapshot: str) -> None:
    assert resolve_alias(alias) == snapshot


@pytest.mark.parametrize(
    ("model", "kind", "expected"),
    [
        ("gpt-4o", "chat", True),
        ("gpt-4o", "responses", True),
        ("gpt-4o", "embeddings", False),
        ("text-embedding-3-small", "embeddings", True),
        ("text-embedding-3-small", "chat", False),
        ("gpt-3.5-turbo-instruct", "completions", True),
        ("gpt-3.5-turbo-instruct", "chat", False),
        ("o3-pro", "chat", False),
        ("gpt-5.1-codex", "chat", False),
        ("gpt-5.1-codex", "responses", True),
        ("gpt-4o-search-preview-2025-03-11", "responses", False),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "chat", True),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "embeddings", False),
        ("a-name-of-the-users", "chat", True),
    ],
)
def test_a_model_is_served_where_openai_serves_it(model: str, kind: ModelKind, *, expected: bool) -> None:
    assert serves(model, kind) is expected


@pytest.mark.parametrize(
    ("model", "owner", "second", "last_day"),
    [
        ("gpt-4", "openai", 1687882411, "2026-10-23"),
        ("gpt-4o", "system", 1715367049, "2027-01-14"),
        ("whisper-1", "openai-internal", 1677532384, "2027-02-26"),
        ("gpt-5.4-mini", "system", 1773705600, None),  # the day of its snapshot, 2026-03-17
        ("gpt-6-sol", "system", 1767225600, None),  # no day is known
        ("my-model", "system", 1767225600, None),
        ("ft:gpt-4o-2024-08-06:acme:suffix:abc", "acme", 1722814719, "2027-01-14"),
        ("ft:gpt-4o-2024-08-06", "system", 1722814719, "2027-01-14"),
    ],
)
def test_a_model_says_whose_it_is_and_since_when(model: str, owner: str, second: int, last_day: str | None) -> None:
    assert (find_owner(model), find_created(model), shutdown_date(model)) == (owner, second, last_day)


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("ft:gpt-4o-mini-2024-07-18:acme:suffix:abc", "gpt-4o-mini-2024-07-18"),
        ("ft:davinci-002", "davinci-002"),
        ("ft:", ""),
        ("gpt-4o", "gpt-4o"),
    ],
)
def test_a_fine_tuned_name_tells_its_base(model: str, base: str) -> None:
    assert base_model(model) == base


@pytest.mark.parametrize("model", ["gpt-3.5-turbo-0613", "gpt-4-32k", "gpt-4-vision-preview", "o1-preview"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions?x=1"])
def test_a_model_that_was_shut_down_is_refused_by_the_sessions_clock(model: str, path: str) -> None:
    (steps,) = play(emulator(), post(path, {"model": model, "messages": [{"role": "user", "content": "Hi"}]}))

    assert (status(steps), json_of(steps)["error"]) == (
        404,
        {
            "message": f"The model `{model}` has been deprecated, learn more here: "
            "https://platform.openai.com/docs/deprecations",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_not_found",
        },
    )


def test_a_model_is_served_until_its_last_day_and_after_it_to_who_lists_it() -> None:
    asked = {"messages": [{"role": "user", "content": "Hi"}]}
    listing = emulator({"models": ["gpt-4-32k"], "responses": ["ok"]})

    (until,) = play(emulator(), post("/v1/chat/completions", {"model": "gpt-3.5-turbo", **asked}))
    (listed,) = play(listing, post("/v1/chat/completions", {"model": "gpt-4-32k", **asked}))

    assert (status(until), status(listed)) == (200, 200)
