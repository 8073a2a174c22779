import hashlib

import pytest

from llemulator_addon.adapters.hosts import choose_hosts
from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.wire.vocabulary.published import HOST, answer


def _request(path: str, method: str = "GET") -> Request:
    return Request(method=method, host=HOST, path=path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("encoding", "sha256"),  # tiktoken_ext/openai_public.py compares these
    [
        ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
        ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    ],
)
def test_the_vocabularies_are_openais_files_byte_for_byte(encoding: str, sha256: str) -> None:
    match answer(_request(f"/encodings/{encoding}.tiktoken")):
        case (Head(200), Send(body)):
            assert hashlib.sha256(body).hexdigest() == sha256
        case steps:
            raise AssertionError(steps)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/encodings/p50k_base.tiktoken"),
        ("GET", "/"),
        ("PUT", "/encodings/o200k_base.tiktoken"),
        ("GET", "o200k_base"),
    ],
)
def test_another_file_is_not_found_and_the_answer_says_how_to_get_it(method: str, path: str) -> None:
    match answer(_request(path, method)):
        case (Head(404), Send(body)):
            assert f"LLEMULATOR_ALLOW={HOST}" in body.decode()
        case steps:
            raise AssertionError(steps)


def test_the_host_is_answered_unless_the_user_allows_it() -> None:
    allowed = settings_from(command_line={"allow": "*.blob.core.windows.net"})

    assert HOST in choose_hosts(settings_from().hosts, settings_from().allow)
    assert HOST not in choose_hosts(allowed.hosts, allowed.allow)
