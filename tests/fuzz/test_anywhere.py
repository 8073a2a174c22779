"""Any JSON at any place of a real body or query is answered or refused, however the server answers."""

import json
from random import Random

import pytest

from llemulator_addon.admin import ROUTES
from tests.fuzz.anywhere import SCRIPTS, Raised, any_body, fuzz
from tests.fuzz.described import bodies_of, posted
from tests.fuzz.real import ADMIN, BODIES, Json
from tests.playing import emulator, json_of, play, post, status

_MODES = [(name, lenient) for lenient in (False, True) for name in SCRIPTS]


def _told(raised: list[Raised]) -> str:
    """Spell the first few so that each can be sent again."""
    return "\n".join(
        f"{each.error!r}: {each.asked.method} {each.asked.path} {each.asked.body!r}" for each in raised[:3]
    )


@pytest.mark.parametrize(("script", "lenient"), _MODES)
def test_any_json_at_any_place_is_answered_or_refused(script: str, *, lenient: bool) -> None:
    raised = list(fuzz(script, 110, seed=1, lenient=lenient))

    assert not raised, _told(raised)


@pytest.mark.slow
@pytest.mark.parametrize(("script", "lenient"), _MODES)
def test_twenty_thousand_times_any_json_is_answered_or_refused(script: str, *, lenient: bool) -> None:
    raised = list(fuzz(script, 20_000 // len(_MODES), seed=2, lenient=lenient))

    assert not raised, _told(raised)


def test_bodies_by_hand_are_of_what_is_posted() -> None:
    admin = {path for path, route in ROUTES.items() if route.post is not None}

    assert set(BODIES) <= set(posted())
    assert set(ADMIN) == admin - {"/_emulator/script"}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("vector_stores.search", {"query", "filters", "ranking_options", "rewrite_query", "max_num_results"}),
        ("containers.files.create", {"file", "file_id"}),
        ("fine_tuning.jobs.create", {"model", "training_file", "hyperparameters", "method", "integrations"}),
        ("webhooks.create", {"name", "url", "event_types"}),
    ],
)
def test_what_has_no_body_by_hand_is_fuzzed_with_all_that_its_type_names(name: str, members: set[str]) -> None:
    assert name not in BODIES
    assert all(members <= set(body) for body in bodies_of(name))


def test_a_seed_makes_the_same_bodies_again() -> None:
    def drawn() -> list[bytes]:
        random = Random("a")
        return [any_body(random, bodies) for bodies in BODIES.values()]

    assert drawn() == drawn()


_ASKED = {"model": "gpt-4o", "input": "Hi"}
_FUNCTION = {"type": "function", "name": "a", "parameters": {"type": "object", "properties": {}}}
_CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
_OFFERED = {"type": "function", "function": {"name": "a"}}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/responses", {"model": "gpt-4o", "input": [{"type": {}}]}, "input[0].type"),
        ("/v1/responses", {"model": "gpt-4o", "input": [{"type": ["message"]}]}, "input[0].type"),
        ("/v1/responses", {**_ASKED, "tools": [_FUNCTION], "tool_choice": {"type": []}}, "tool_choice.type"),
        (
            "/v1/responses",
            {**_ASKED, "tools": [_FUNCTION], "tool_choice": {"type": "function", "name": {}}},
            "tool_choice.name",
        ),
        ("/v1/responses", {**_ASKED, "tools": [{**_FUNCTION, "name": []}]}, "tools[0].name"),
        (
            "/v1/responses",
            {**_ASKED, "tools": [{"type": "namespace", "name": "n", "description": "d", "tools": 1.5}]},
            "tools[0].tools",
        ),
        (
            "/v1/responses",
            {**_ASKED, "tools": [{"type": "namespace", "name": "n", "description": "d", "tools": [{}]}]},
            "tools[0].tools[0].type",
        ),
        ("/v1/responses", {**_ASKED, "max_output_tokens": -(10**400)}, "max_output_tokens"),
        ("/v1/responses/input_tokens", {"input": [{"type": []}]}, "input[0].type"),
        ("/v1/moderations", {"input": [{"type": []}]}, "input"),
        (
            "/v1/chat/completions",
            {**_CHAT, "tools": [_OFFERED], "tool_choice": {"type": "function", "function": {"name": []}}},
            "tool_choice.function.name",
        ),
        (
            "/v1/chat/completions",
            {**_CHAT, "model": "gpt-sim-1", "stream": True, "stream_options": {"tokens_per_second": 10**400}},
            "stream_options.tokens_per_second",
        ),
    ],
)
def test_a_member_of_an_unexpected_type_is_refused_where_it_stands(path: str, body: Json, param: str) -> None:
    (steps,) = play(emulator(), post(path, body))

    assert status(steps) == 400
    assert json_of(steps)["error"]["param"] == param


@pytest.mark.parametrize("required", [1, {}, "a", None, [[]], [{}]])
def test_a_required_that_is_no_list_of_names_is_refused(required: object) -> None:
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": False, "required": required}
    tool = {"type": "function", "function": {"name": "a", "strict": True, "parameters": schema}}

    (steps,) = play(emulator(), post("/v1/chat/completions", {**_CHAT, "tools": [tool]}))

    assert status(steps) == 400
    assert "is not of type" in json_of(steps)["error"]["message"]


@pytest.mark.parametrize(
    "more",
    [
        {"top_p": [1]},
        {"temperature": {}},
        {"tools": [{"type": []}]},
        {"tools": 1},
        {"tools": [{"type": "image_generation", "partial_images": 10**30}]},
        {"input": [{"type": "item_reference", "id": {}}]},
        {"input": [{"type": "item_reference"}, {"role": "user", "content": "Hi"}]},
        {"previous_response_id": ["a"]},
    ],
)
def test_leniently_a_parameter_of_responses_of_a_wrong_type_counts_as_not_given(more: Json) -> None:
    server = emulator(lenient=True)

    asked, verified = play(server, post("/v1/responses", {**_ASKED, **more}), post("/_emulator/verify", {}))

    assert status(asked) == 200
    assert status(verified) == 200
    assert json_of(asked)["top_p"] == 1


def test_leniently_a_model_of_any_name_makes_a_header_that_can_be_sent() -> None:
    server = emulator(lenient=True)
    body = {"model": "\U0001f600\r\nx: y", "input": "a"}

    (steps,) = play(server, post("/v1/embeddings", json.loads(json.dumps(body))))

    assert ("openai-model", "???x: y") in next(step.headers for step in steps if hasattr(step, "headers"))
