"""What answers when no rule does."""

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, Says, says
from llemulator_addon.engine.near_miss import NearMiss


def echo(prompt: Prompt) -> Says:
    """Say what the user said last."""
    return says(prompt.user_text)


def unmatched(missed: NearMiss) -> Failure:
    """Fail in a way that SDKs do not retry."""
    return Failure(
        status=404,
        type="invalid_request_error",
        code=missed.code,
        message=missed.sentence,
        headers=(("x-should-retry", "false"),),
    )
