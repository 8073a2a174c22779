"""How many tokens of a prompt were cached, as the answer's usage says; and what the session has in its cache then."""

from dataclasses import replace

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.prompt_cache import PromptCache
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.engine.session import PROMPT_CACHE, Session
from llemulator_addon.wire.answer import Body, EventStream, LongBody
from llemulator_addon.wire.api_dates import Api
from llemulator_addon.wire.prompt_cache import find_lifetime, find_mode, find_prefixes
from llemulator_addon.wire.responses.echoed_parameters import caches_by_breakpoints

_CACHING = frozenset({"chat.completions", "responses"})
"""Endpoints whose prompts are cached."""


def use_prompt_cache(
    session: Session, prompt: Prompt, says: ModelOutput, api: Api, at: float
) -> tuple[ModelOutput, PromptCache | None]:
    """Return what the model says with the counts of the cache, and the cache afterwards.

    None: it stays as it is, because the prompt is not cached, or the script gives the tokens of the prompt itself.
    """
    given = says.usage
    if prompt.endpoint not in _CACHING or given.prompt_tokens is not None or given.cached_tokens is not None:
        return says, None
    if (prefixes := find_prefixes(prompt)) is None:
        return says, None
    known, lifetime = session.progress.memories.get(PROMPT_CACHE), find_lifetime(prompt, api)
    cache = known if isinstance(known, PromptCache) else PromptCache()
    if not caches_by_breakpoints(prompt, api):
        use = cache.use_steps(prefixes.steps, lifetime, at)
        return replace(says, usage=replace(given, cached_tokens=use.read)), use.after
    use = cache.use_ends(prefixes.ends, find_mode(prompt), lifetime, at)
    of_prompt = {"cache_write_tokens": use.written, **given.of_prompt}
    return replace(says, usage=replace(given, cached_tokens=use.read, of_prompt=of_prompt)), use.after


def keep_prompt_cache(session: Session, answer: object) -> Session:
    """Return the session once an answer is given, with the cache that it leaves."""
    if not isinstance(answer, Body | EventStream | LongBody) or answer.prompt_cache is None:
        return session
    return session.remember(PROMPT_CACHE, answer.prompt_cache)
