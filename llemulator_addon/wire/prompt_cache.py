"""The prefixes of a prompt by which OpenAI's cache knows it, and what a request says of the cache.

Tools, the schema of structured output, images and other content without text belong to the prefix, and must be the
same. Here they have no tokens, as in `usage`.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.prompt_cache import DIGEST, LEAST, STEP, Lifetime, PrefixEnd, PromptPrefixes
from llemulator_addon.wire import tokens
from llemulator_addon.wire.api_dates import Api
from llemulator_addon.wire.capabilities import Encoding
from llemulator_addon.wire.families import family
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.responses.echoed_parameters import cache_retention, caches_by_breakpoints
from llemulator_addon.wire.usage import count_prompt, spell_whole

_MINUTE, _HOUR = 60.0, 3600.0
_IN_MEMORY = Lifetime(10 * _MINUTE, _HOUR)
"""5 to 10 minutes without use, an hour at most (guide)."""
_FOR_A_DAY = Lifetime(24 * _HOUR, 24 * _HOUR)
_BY_BREAKPOINTS = Lifetime(30 * _MINUTE, 24 * _HOUR)
"""`ttl` of `prompt_cache_options`, `30m`; the day is that of the retention by itself."""


def find_prefixes(prompt: Prompt) -> PromptPrefixes | None:
    """Return the prefixes of a prompt; None if it is too short for the cache, or its model has none.

    Models from gpt-4o on have one: those with the encoding `o200k_base`.
    """
    encoding = family(prompt.model).encoding
    if encoding != "o200k_base" or sum(map(_estimate_most, prompt.messages)) < LEAST or count_prompt(prompt) < LEAST:
        return None
    chain = _Chain(compact(_list_before(prompt)))
    for message in prompt.messages:
        chain.take(_PRIMING + tokens.pack_ids(message.role, encoding))
        chain.note(message.unread.encode())
        _take_text(chain, message, encoding)
    return PromptPrefixes(bytes(chain.steps), tuple(chain.ends))


def find_lifetime(prompt: Prompt, api: Api) -> Lifetime:
    """Return how long the prefixes of a request are kept."""
    if caches_by_breakpoints(prompt, api):
        return _BY_BREAKPOINTS
    return _FOR_A_DAY if cache_retention(prompt, api) == "24h" else _IN_MEMORY


def find_mode(prompt: Prompt) -> str:
    """Return how the breakpoints of a request are chosen."""
    return text_in(object_in(prompt.body, "prompt_cache_options"), "mode") or "implicit"


def digest_unread(content: object) -> str:
    """Return a digest of the parts of a content that are no text: images, sounds, files; empty if there are none."""
    parts = content if isinstance(content, list) else []
    others = [
        {name: value for name, value in part.items() if name != "prompt_cache_breakpoint"}
        for part in parts
        if isinstance(part, Mapping) and not (part.get("text") or part.get("refusal"))
    ]
    return blake2b(compact(others), digest_size=DIGEST).hexdigest() if others else ""


def list_breakpoints(content: object) -> tuple[int, ...]:
    """Return after how many text parts of a content its breakpoints are."""
    found, texts = list[int](), 0
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping):
            texts += bool(part.get("text") or part.get("refusal"))
            if part.get("prompt_cache_breakpoint"):
                found.append(texts)
    return tuple(found)


def _estimate_most(message: Message) -> int:
    """Return a number of tokens that a message does not exceed: no text has more than bytes."""
    text = spell_whole(message)
    return 16 + (len(text) if text.isascii() else 4 * len(text))


def _list_before(prompt: Prompt) -> list[Any]:
    """Return the beginning of the prefix; requests with different ones share nothing.

    OpenAI chooses the machine by the key and the beginning of the prompt (guide), and each machine has its cache.
    """
    body = prompt.body
    schema = body.get("response_format") or object_in(body, "text").get("format")
    return [prompt.model, body.get("prompt_cache_key"), body.get("tools"), body.get("functions"), schema]


_PRIMING = bytes(3 * 4)
"""The three tokens around a message, which are of no text."""


class _Chain:
    """Not a value: the digest of all tokens up to where it is."""

    def __init__(self, before: bytes) -> None:
        self._digest = blake2b(before, digest_size=DIGEST)
        self._position = 0
        self.steps = bytearray()
        self.ends: list[PrefixEnd] = []

    def take(self, packed: bytes) -> None:
        """Take more tokens, of four bytes each."""
        at = 0
        while at < len(packed):
            end = min(len(packed), at + 4 * (STEP - self._position % STEP))
            self._digest.update(packed[at:end])
            self._position += (end - at) // 4
            at = end
            if self._position % STEP == 0 and self._position >= LEAST:
                self.steps += self._digest.copy().digest()

    def note(self, other: bytes) -> None:
        """Take something that has no tokens."""
        if other:
            self._digest.update(b"\xff" * 4 + other)

    def end(self, *, is_marked: bool) -> None:
        """Note that a prefix may end here."""
        self.ends.append(PrefixEnd(self._position, self._digest.copy().digest(), is_marked))


def _take_text(chain: _Chain, message: Message, encoding: Encoding) -> None:
    packed, taken, parts = tokens.pack_ids(spell_whole(message), encoding), 0, message.parts
    for number in message.breakpoints:
        if number < len(parts):
            end = min(len(packed), len(tokens.pack_ids("\n".join(parts[:number]), encoding)))
            chain.take(packed[taken:end])
            taken = max(taken, end)
            chain.end(is_marked=True)
    chain.take(packed[taken:])
    chain.end(is_marked=any(number >= len(parts) for number in message.breakpoints))
