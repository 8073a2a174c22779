"""Remembering what a function returned, with a bound in bytes: what was asked with a long text is found out again."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper


def remembered[**P, R](count: int, longest: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember what so many calls returned whose first argument, a text, has no more characters than `longest`."""

    def remember(function: Callable[P, R]) -> Callable[P, R]:
        kept = lru_cache(count)(function)

        def call(text: str, *more: object) -> R:
            return kept(text, *more) if len(text) <= longest else function(text, *more)  # type: ignore[arg-type, call-arg]

        return update_wrapper(call, function)  # type: ignore[return-value]

    return remember
