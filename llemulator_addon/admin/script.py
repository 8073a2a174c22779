"""`/_emulator/script`: load, show and forget the rules of a token."""

from typing import Any, Literal

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session, check_size
from llemulator_addon.engine.session import load as load_into
from llemulator_addon.script.problems import ScriptError
from llemulator_addon.script.reading import Script, read_text
from llemulator_addon.wire.errors import INVALID, Refused
from llemulator_addon.wire.secrets import hidden_texts


def load(call: AdminCall) -> Steps:
    """Load a script for the token: all of it, or nothing where something is wrong."""
    token, script, server = call.token, _read(call.request), call.server

    def transition(session: Session) -> tuple[Session, Session]:
        after = load_into(session, script, fresh=server.fresh(token), bare=server.bare(token))
        check_size(after)
        return after, after

    try:
        session = server.store.change(token, transition)
    except ScriptError as error:
        raise Refused(_failure(error)) from None
    if script.reset:
        server.forget_waiting(token)
    loaded = len(script.rules)
    return json_answer(
        {"object": "script", "session": session.name, "loaded": loaded, "rules": len(session.index.rules)}
    )


def show(call: AdminCall) -> Steps:
    """Show the rules in full, each with how often it answered and may still answer."""
    session = call.server.store.read(call.token)
    rules = [hidden_texts(_rule(session, position), call.token) for position in range(len(session.index.rules))]
    return json_answer(
        {"object": "script", "session": session.name, "owner": session.owner, "seed": session.seed, "rules": rules}
    )


def forget_rules(call: AdminCall) -> Steps:
    """Forget the rules and their counters, and nothing else; the token has a script of its own then, without rules."""
    token, server = call.token, call.server

    def transition(session: Session) -> tuple[Session, int]:
        return session.without_rules(server.bare(token)), len(session.index.rules)

    return json_answer({"object": "script.deleted", "deleted": True, "rules": server.store.change(token, transition)})


def _read(request: Request) -> Script:
    try:
        return read_text(request.body, _language(request))
    except ScriptError as error:
        raise Refused(_failure(error)) from None


def _language(request: Request) -> Literal["json", "yaml"]:
    content_type = request.headers.get("content-type", "")
    if "yaml" in content_type:
        return "yaml"
    # curl calls everything that it sends a form.
    return "json" if "json" in content_type or request.body.lstrip()[:1] in (b"{", b"[", b'"', b"") else "yaml"


def _failure(error: ScriptError) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_script", param=error.place or None, message=str(error))


def _rule(session: Session, position: int) -> dict[str, Any]:
    rule = session.index.rules[position]
    return {
        "name": rule.name,
        **{key: value for key, value in rule.written.items() if key != "name"},
        "answered": session.used.get(position, 0),
        "left": session.times_left(position),
    }
