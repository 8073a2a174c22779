"""The files in which OpenAI publishes its vocabularies, made again byte for byte.

tiktoken downloads them at its first use, also in a test that must not reach the network, and compares their SHA-256.
Each line is a token in Base64, a blank and its rank (https://github.com/openai/tiktoken, `load_tiktoken_bpe`).
"""

import json
import lzma
from base64 import b64encode
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from llemulator_addon.core.steps import Head, Send
from llemulator_addon.wire import vocabulary

if TYPE_CHECKING:
    from llemulator_addon.core.request import Request
    from llemulator_addon.core.steps import Steps

HOST = "openaipublic.blob.core.windows.net"

_FOLDER = "/encodings/"
_ENDING = ".tiktoken"
_PUBLISHED = ("cl100k_base", "o200k_base")


def answer(request: "Request") -> "Steps":
    """Answer a request for one of OpenAI's published files. Takes some tenths of a second for a vocabulary."""
    name = request.path.removeprefix(_FOLDER).removesuffix(_ENDING)
    if request.method not in {"GET", "HEAD"} or name not in _PUBLISHED or request.path != f"{_FOLDER}{name}{_ENDING}":
        return _not_found(request)
    body = read_published(name)
    headers = (("content-type", "application/octet-stream"), ("content-length", str(len(body))))
    return (Head(200, headers), Send(body))


def read_published(name: str) -> bytes:
    """Return the file of an encoding, as OpenAI publishes it."""
    folder = files(vocabulary)
    size = json.loads((folder / f"{name}.json").read_text())["tokens"]
    packed = lzma.decompress((folder / f"{name}.tokens.xz").read_bytes())
    places = pairwise(accumulate(packed[:size], initial=size))
    lines = (b"%s %d\n" % (b64encode(packed[start:end]), rank) for rank, (start, end) in enumerate(places))
    return b"".join(lines)


def _not_found(request: "Request") -> "Steps":
    known = " and ".join(f"{_FOLDER}{name}{_ENDING}" for name in _PUBLISHED)
    body = (
        f"llemulator does not have {request.path}, only {known}. LLEMULATOR_ALLOW={HOST} lets requests through to the "
        "host instead.\n"
    ).encode()
    headers = (("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))))
    return (Head(404, headers), Send(body))
