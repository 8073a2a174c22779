import subprocess
import sys
from base64 import b64decode
from math import sqrt, sumprod
from struct import unpack
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from llemulator_addon.core.reply import Failure, Text
from llemulator_addon.wire.endpoints.embeddings import ENDPOINT
from llemulator_addon.wire.tokens import ids
from llemulator_addon.wire.vectors import numbers, vector
from tests.playing import chat, emulator, json_of, play, post, status, texts
from tests.wire.answering import answer, client, one, refused, whole
from tests.wire.shapes import Differences, assert_described, assert_sdk, differences

MODEL = "text-embedding-3-small"
ASKED = {"model": MODEL, "input": "The cat sat on the mat."}
NOTHING = one(Text(""))


def _vectors(body: dict[str, Any]) -> list[list[float]]:
    return [each["embedding"] for each in whole(ENDPOINT, body, NOTHING)["data"]]


def _near(one_text: str, other: str) -> float:
    return sumprod(numbers(vector(one_text, MODEL, 1536)), numbers(vector(other, MODEL, 1536)))


@pytest.mark.parametrize("body", [ASKED, {**ASKED, "input": ["one", "two"]}, {**ASKED, "encoding_format": "base64"}])
def test_an_answer_is_as_the_sdk_the_description_and_the_recordings_have_it(body: dict[str, Any]) -> None:
    found = whole(ENDPOINT, body, NOTHING)

    if body.get("encoding_format") != "base64":
        assert_sdk(CreateEmbeddingResponse, found)
        assert_described("CreateEmbeddingResponse", found)
    assert _unexplained(differences("json list", found)) == Differences()


def _unexplained(found: Differences) -> Differences:
    never = tuple(path for path in found.never if path != "data[].embedding[]")
    return Differences(missing=found.missing, wrong=found.wrong, never=never)


def test_an_answer_is_spelled_as_recorded() -> None:
    found = whole(ENDPOINT, {**ASKED, "dimensions": 2}, NOTHING)

    assert found == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": found["data"][0]["embedding"]}],
        "model": MODEL,
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


@pytest.mark.parametrize(
    ("model", "size"),
    [(MODEL, 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536), ("mine", 1536)],
)
def test_a_vector_has_the_size_of_its_model_and_the_length_one(model: str, size: int) -> None:
    (found,) = _vectors({**ASKED, "model": model})

    assert len(found) == size
    assert sqrt(sumprod(found, found)) == pytest.approx(1, abs=1e-6)
    assert all(found)


def test_fewer_dimensions_are_the_first_made_a_unit_again() -> None:
    (found,) = _vectors({**ASKED, "dimensions": 256})
    (long,) = _vectors(ASKED)

    length = sqrt(sumprod(long[:256], long[:256]))
    assert found == pytest.approx([number / length for number in long[:256]], abs=1e-6)


def test_base64_is_little_endian_float32_of_the_same_numbers() -> None:
    (found,) = _vectors(ASKED)
    encoded = whole(ENDPOINT, {**ASKED, "encoding_format": "base64"}, NOTHING)["data"][0]["embedding"]

    assert list(unpack("<1536f", b64decode(encoded))) == pytest.approx(found, rel=1e-7)


def test_token_ids_are_the_text_that_they_stand_for() -> None:
    of_text = whole(ENDPOINT, ASKED, NOTHING)
    tokens = list(ids(str(ASKED["input"]), "cl100k_base"))

    assert whole(ENDPOINT, {**ASKED, "input": tokens}, NOTHING) == of_text
    assert (
        whole(ENDPOINT, {**ASKED, "input": [tokens, tokens]}, NOTHING)["data"][1]["embedding"]
        == (of_text["data"][0]["embedding"])
    )


@given(st.text(min_size=1))
def test_the_same_text_has_the_same_vector_and_another_text_another(text: str) -> None:
    assert vector(text, MODEL, 64) == vector(text, MODEL, 64)
    assert vector(text, MODEL, 64) != vector(f"{text} ", MODEL, 64)


def test_another_process_gives_the_same_vector() -> None:
    program = f"from llemulator_addon.wire.vectors import vector; print(vector('cat', '{MODEL}', 8).hex())"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == vector("cat", MODEL, 8).hex()


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("What is the capital of France?", "Paris is the capital of France.", "How do I bake bread?"),
        ("my cat", "two cats", "the stock exchange"),
        ("reset my password", "I forgot my password, reset it please", "delivery times for parcels"),
        ("你好世界", "你好", "再见"),
    ],
)
def test_near_texts_are_nearer(text: str, near: str, far: str) -> None:
    assert _near(text, near) > _near(text, far) + 0.2


def test_unlike_texts_are_about_orthogonal() -> None:
    assert abs(_near("Stock markets fell sharply", "The quick brown fox")) < 0.15


# A rule for them ----------------------------------------------------------------------------------------------------


def test_replies_to_a_chat_are_not_used_up_by_searches() -> None:
    server = emulator({"responses": ["first", "last"]})
    search = post("/v1/embeddings", ASKED)

    answers = play(server, search, chat(), search, chat(), search)

    assert [status(steps) for steps in answers] == [200] * 5
    assert [json_of(answers[at])["choices"][0]["message"]["content"] for at in (1, 3)] == ["first", "last"]


def test_a_rule_that_names_the_endpoint_may_fail_it() -> None:
    rules = [{"match": {"endpoint": "embeddings"}, "reply": {"failure": {"status": 429}}, "times": 1}]
    server = emulator({"rules": rules})

    assert [status(steps) for steps in play(server, *[post("/v1/embeddings", ASKED)] * 2)] == [429, 200]


def test_a_rule_may_give_the_vectors() -> None:
    rules = [
        {"match": {"endpoint": "embeddings", "user_text": "one"}, "reply": {"json": [1, 0, 0.5]}},
        {"match": {"endpoint": "embeddings", "user_text": "two"}, "reply": {"json": [[1, 0], [0, 1]]}},
        {"match": {"endpoint": "embeddings"}, "reply": {"text": "any text: as ever"}},
    ]
    sdk = client(emulator({"rules": rules}))

    def found(*given: str) -> list[list[float]]:
        made = sdk.embeddings.create(model=MODEL, input=list(given), encoding_format="float", dimensions=2)
        return [each.embedding for each in made.data]

    assert found("one") == [[1, 0, 0.5]]
    assert found("any", "two") == [[1, 0], [0, 1]]
    assert found("any") == [pytest.approx(numbers(vector("any", MODEL, 1536, 2)), rel=1e-6)]


def test_without_a_rule_there_is_a_vector_whatever_is_said_of_unmatched_requests() -> None:
    server = emulator({"responses": {"never": "…"}, "defaults": {"on_unmatched": "error"}})

    assert [status(steps) for steps in play(server, post("/v1/embeddings", ASKED))] == [200]
    assert texts(server, chat()) == ["400 no_matching_rule"]


# Refusals -----------------------------------------------------------------------------------------------------------

_INVALID = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**ASKED, "input": ""}, _INVALID),
        ({**ASKED, "input": []}, _INVALID),
        ({**ASKED, "input": ["a", ""]}, _INVALID),
        ({**ASKED, "input": ["a"] * 2049}, _INVALID),
        ({**ASKED, "input": {"text": "a"}}, _INVALID),
        ({**ASKED, "input": [1, "a"]}, _INVALID),
        ({**ASKED, "input": [[1], []]}, _INVALID),
        ({**ASKED, "input": "word " * 8192}, "Invalid 'input': maximum context length is 8192 tokens."),
        (
            {**ASKED, "model": "text-embedding-ada-002", "dimensions": 5},
            "This model does not support specifying dimensions.",
        ),
        (
            {**ASKED, "dimensions": 1537},
            "Invalid value for 'dimensions' = 1537. Must be less than or equal to 1536.",
        ),
    ],
)
def test_a_request_is_refused_in_the_apis_words(body: dict[str, Any], message: str) -> None:
    assert refused(ENDPOINT, body) == Failure(status=400, type="invalid_request_error", message=message)


def test_a_request_that_names_no_model_is_refused() -> None:
    assert refused(ENDPOINT, {"input": "Hi"}) == Failure(
        status=400, type="invalid_request_error", param="model", message="you must provide a model parameter"
    )


def test_too_many_tokens_in_one_request_are_refused() -> None:
    body = {**ASKED, "input": ["word " * 8000] * 38}

    found = refused(ENDPOINT, body)

    assert (found.type, found.code) == ("max_tokens_per_request", "max_tokens_per_request")
    assert found.message == "Requested 304038 tokens, max 300000 tokens per request"


def test_a_model_that_makes_no_vectors_is_not_allowed_to() -> None:
    with pytest.raises(openai.PermissionDeniedError, match="You are not allowed to generate embeddings from this"):
        client(emulator()).embeddings.create(model="gpt-4o", input="Hi", encoding_format="float")


def test_an_answer_names_its_model_in_a_header() -> None:
    body = {**ASKED, "model": "text-embedding-ada-002"}

    assert answer(ENDPOINT, body, NOTHING).headers == (("openai-model", "text-embedding-ada-002-v2"),)


def test_leniently_the_python_sdk_gets_numbers_which_are_all_that_its_strict_types_take() -> None:
    (found,) = client(emulator(lenient=True)).embeddings.create(model=MODEL, input="Hi").data

    assert len(found.embedding) == 1536
