import hashlib
import json
import os
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llemulator_addon.wire import tokens
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.families import family
from llemulator_addon.wire.tokens import UnknownToken, _Latest, chat_prompt_tokens, count, decode, ids
from llemulator_addon.wire.tokens import pieces as cut
from llemulator_addon.wire.vocabulary import Vocabulary, load
from tools import make_vocabulary

ENCODINGS: tuple[Encoding, ...] = ("cl100k_base", "o200k_base")
REPOSITORY = Path(__file__).parents[2]

unhurried = settings(deadline=None)  # the first example of all loads an encoding
encodings = st.sampled_from(ENCODINGS)
any_text = st.text(
    st.characters(codec=None, exclude_categories=())  # lone surrogates too
    | st.sampled_from(" \t\n\r\u00a0\u3000'/.,中é🧑\u200d🚀👩🏽\u0301")
) | st.lists(
    st.sampled_from(
        ["<|endoftext|>", "<|im_start|>", " word", "\n\n", "  ", "don't", "12345", "日本", "\ud83d", "\ude00"]
    )
).map("".join)


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("tiktoken is great!", "cl100k_base", (83, 1609, 5963, 374, 2294, 0)),  # the example of OpenAI's cookbook
        ("hello world", "o200k_base", (24912, 2375)),
        ("", "o200k_base", ()),
    ],
)
def test_tokens_are_those_of_openai(text: str, encoding: Encoding, expected: tuple[int, ...]) -> None:
    assert ids(text, encoding) == expected
    assert count(text, encoding) == len(expected)
    assert decode(expected, encoding) == text


@pytest.mark.long
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_vocabulary_is_the_file_that_tiktoken_expects(encoding: Encoding) -> None:
    expected = make_vocabulary.describe(encoding)

    vocabulary = load(encoding)
    tokens = (vocabulary.tokens[rank] for rank in range(len(vocabulary.tokens)))
    published = b"".join(b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))
    assert hashlib.sha256(published).hexdigest() == expected.sha256
    written = json.loads((make_vocabulary.HERE / f"{encoding}.json").read_text())
    assert written == {
        "tokens": len(vocabulary.tokens),
        "pattern": expected.pattern,
        "special_tokens": expected.special_tokens,
    }


def test_every_encoding_has_a_vocabulary() -> None:
    assert make_vocabulary.ENCODINGS == ENCODINGS


def test_a_stream_shows_one_token_a_piece() -> None:
    assert cut("Hello there, how are you?", "o200k_base") == ("Hello", " there", ",", " how", " are", " you", "?")


def test_a_character_of_several_tokens_is_one_piece() -> None:
    assert count("🦕", "cl100k_base") == 3
    assert cut("🦕", "cl100k_base") == ("🦕",)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_name_of_a_special_token_is_text(encoding: Encoding) -> None:
    text = "<|endoftext|>"

    assert count(text, encoding) > 1
    assert "".join(cut(text, encoding)) == text


@unhurried
@given(any_text, encodings)
def test_pieces_joined_are_the_text(text: str, encoding: Encoding) -> None:
    pieces = cut(text, encoding)

    assert "".join(pieces) == text
    assert all(pieces)


@unhurried
@given(any_text, encodings)
def test_there_are_as_many_tokens_as_counted_and_no_more_pieces(text: str, encoding: Encoding) -> None:
    assert count(text, encoding) == len(ids(text, encoding)) >= len(list(cut(text, encoding)))


@unhurried
@given(st.text(), encodings)
def test_the_tokens_of_a_text_are_that_text(text: str, encoding: Encoding) -> None:
    assert decode(ids(text, encoding), encoding) == text


def test_what_unicode_cannot_say_stays_in_its_piece() -> None:
    assert "".join(cut("a\ud83d b\ude00\ud83d", "o200k_base")) == "a\ud83d b\ude00\ud83d"
    assert count("\ud83d", "o200k_base") == count("\ufffd", "o200k_base")


@unhurried
@given(
    st.lists(
        st.sampled_from(
            [
                "word",
                " word",
                "é",
                "Ünïcode's",
                "\uff0c",
                "日本語",
                "/",
                ".",
                "!?",
                "\n",
                "\r\n",
                " ",
                "  ",
                "\t",
                "1234",
            ]
        ),
        max_size=60,
    ),
    encodings,
)
def test_where_a_long_text_is_cut_does_not_show(words: list[str], encoding: Encoding) -> None:
    sentence = "".join(words) + "x word"
    text = sentence * (40_000 // len(sentence))

    assert ids(text, encoding) == tuple(load_once(encoding).encoding.encode_ordinary(text))


@pytest.mark.long
@pytest.mark.parametrize("character", [" ", "a", "\u00a0", "中", "\u0301", "="])
def test_a_million_of_one_character_is_counted(character: str) -> None:
    text = character * 1_000_000

    assert "".join(cut(text, "o200k_base")) == text
    assert count(text, "o200k_base") <= len(text) * len(character.encode())


@pytest.mark.long
def test_another_process_cuts_alike() -> None:
    texts = ["Hello there", "don't <|endoftext|>", "日本語 🧑‍🚀\n\n", "x = {'a': [1, 22, 333]}  # é\u0301"]
    program = (
        "import json, sys; from llemulator_addon.wire.tokens import pieces;"
        "print(json.dumps([pieces(text, 'o200k_base') for text in json.loads(sys.argv[1])]))"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, json.dumps(texts)],
        capture_output=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )

    assert json.loads(said.stdout) == [list(cut(text, "o200k_base")) for text in texts]


@pytest.mark.long
def test_nothing_is_loaded_before_it_is_needed_and_nothing_that_downloads() -> None:
    program = (
        "import sys; from llemulator_addon.wire import tokens; before = 'tiktoken' in sys.modules;"
        "tokens.count('a', 'o200k_base');"
        "print(before, [name for name in ('requests', 'regex', 'tiktoken_ext.openai_public') if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=REPOSITORY)

    assert said.stdout == b"False []\n"


@pytest.mark.long
def test_threads_that_need_an_encoding_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def noted(name: str) -> Vocabulary:
        loaded.append(name)
        return load(name)

    monkeypatch.setattr(tokens, "_loaded", {})
    monkeypatch.setattr(tokens, "load", noted)

    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda number: count(f"thread {number}", "cl100k_base"), range(8)))

    assert counted == [count("thread 0", "cl100k_base")] * 8
    assert loaded == ["cl100k_base"]


def test_a_reply_that_is_asked_for_again_is_not_cut_again() -> None:
    assert cut("a scripted reply", "o200k_base") is cut("a scripted reply", "o200k_base")


def test_what_is_remembered_has_bounds() -> None:
    latest: _Latest[str] = _Latest(room=1_100)
    made: list[str] = []

    for key in ("a", "b", "c", "a", "d", "b", "a"):
        if latest.find(key) is None:
            made.append(key)
            assert latest.keep(key, 1, key.upper()) == key.upper()
        assert latest.find(key) == key.upper()
    assert made == ["a", "b", "c", "d", "b"]
    assert (latest.keep("long", 2_000, "not kept"), latest.find("long")) == ("not kept", None)


@pytest.mark.parametrize(
    ("tokens_sent", "text"),
    [
        ([9906, 1917], "Hello world"),
        ([9906, 100257], "Hello<|endoftext|>"),
        ([9468, 99], "\ufffd"),  # the beginning of a character
        ([], ""),
    ],
)
def test_token_arrays_are_text_again(tokens_sent: list[int], text: str) -> None:
    assert decode(tokens_sent, "cl100k_base") == text


@pytest.mark.parametrize("token", [-1, 100256, 100261, 10**9])
def test_an_id_that_no_token_has_is_named(token: int) -> None:
    with pytest.raises(UnknownToken, match=f"^token {token} is not in cl100k_base$"):
        decode([9906, token], "cl100k_base")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", 19),  # what OpenAI's own example of this conversation reports
        ("gpt-4", 19),
        ("gpt-5", 18),
    ],
)
def test_a_prompt_counts_its_messages_and_their_roles(model: str, expected: int) -> None:
    messages = [("system", "You are a helpful assistant."), ("user", "Hello!")]

    assert chat_prompt_tokens(messages, family(model)) == expected


@cache
def load_once(encoding: Encoding) -> Vocabulary:
    return load(encoding)
