"""Remembering what a function returned, with a bound in bytes: results for long texts are computed again."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper


def remember_calls[**P, R](count: int, longest: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember the results of `count` calls whose first argument, a text, has at most `longest` characters."""

    def remember(function: Callable[P, R]) -> Callable[P, R]:
        kept = lru_cache(count)(function)

        def call(text: str, *more: object) -> R:
            return kept(text, *more) if len(text) <= longest else function(text, *more)  # type: ignore[arg-type, call-arg]

        return update_wrapper(call, function)  # type: ignore[return-value]

    return remember
