"""The tokens that an answer says it took."""

import pytest

from llemulator_addon.wire.said_usage import find_usage


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([b'{"usage": {"prompt_tokens": 8, "completion_tokens": 3, "total_tokens": 11}}'], (8, 3)),
        ([b'{"usage": {\n  "input_tokens": 8, "output_tokens": 3}}'], (8, 3)),
        ([b'{"data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}}'], (8, 0)),
        ([b"a", b'data: {"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n', b"data: [DONE]\n\n"], (1, 2)),
        ([b'data: {"usage":null}\n\n', b"data: [DONE]\n\n"], None),
        ([b'{"content": "\\"usage\\": {\\"prompt_tokens\\": 5}"}'], None),
        ([b'{"usage": {"prompt_tokens": 8}}', b"1", b"2", b"3"], None),
        ([], None),
    ],
)
def test_the_usage_at_the_end_of_an_answer_is_found(pieces: list[bytes], found: tuple[int, int] | None) -> None:
    assert find_usage(pieces) == found
