"""`/_emulator/reset` and `/_emulator/state`: a session as a whole."""

from llemulator_addon.admin.questions import forget_waiting
from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.redaction import redact_texts


async def reset(call: AdminCall) -> Steps:
    """Forget the session: its script, counters and journal. The default script starts again.

    Requests that wait for a person are answered 409.
    """
    return json_answer({"object": "session.deleted", "deleted": True, "session": await _forget(call)})


async def _forget(call: AdminCall) -> str:
    """Forget the session, and return its name."""
    key, fresh = call.key, call.server.fresh

    def transition(_: Session) -> tuple[Session, str]:
        session = fresh(key)
        return session, session.key.name

    name = await call.server.store.change(key, transition)
    await forget_waiting(call.server, key)
    return name


async def show(call: AdminCall) -> Steps:
    """Show what the session knows. Only while debugging: it tells what the application was asked and told."""
    if not call.server.debug:
        raise RequestRefused(_NO_DEBUG)
    session = await call.server.store.read(call.key)
    state = {
        "object": "session",
        "session": session.key.name,
        "turn": session.turn,
        "seed": session.settings.seed,
        "owner": session.script.owner,
        "state": session.progress.state,
        "clock_ahead_s": session.clock_ahead,
        "serialize": session.settings.serialize,
        "on_unmatched": session.on_unmatched,
        "upstreams": list(session.settings.upstreams.write()),
        "models": list(session.models),
        "rules": [
            {"name": rule.name, "times": rule.times, "answered": answered}
            for rule, answered in session.rules_with_use()
        ],
        "exchanges": session.journal.recorded,
    }
    return json_answer(redact_texts(state, call.token))


_NO_DEBUG = Failure(
    status=404,
    type=INVALID,
    code="debug_is_off",
    message="This route shows what applications sent. Start llemulator with --debug (DEBUG=true) to use it.",
)
