"""Log lines for a bug of llemulator."""

import traceback
from collections.abc import Iterator


def describe_briefly(error: BaseException) -> str:
    """Tell where an error was raised and of which type it is.

    Its message is left out, because messages quote what was being read: a key, or the body of a request.
    """
    return "\n".join(_chain(error))


def describe_fully(error: BaseException) -> str:
    """Tell all that Python says about an error. Only for somebody who asked for it (`DEBUG`)."""
    return "".join(traceback.format_exception(error)).rstrip()


def _chain(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _chain(before)
        yield "and then:"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}"
