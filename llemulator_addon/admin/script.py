"""`/_emulator/script`: load, show and forget the rules of a token."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from llemulator_addon.admin.questions import forget_waiting
from llemulator_addon.admin.route import AdminCall, RequestBody, answer, json_answer, long_json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.session import Growth, Session, check_size
from llemulator_addon.engine.session import load as load_into
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.script.printing import print_script
from llemulator_addon.script.reader import Script, read_script, read_text
from llemulator_addon.script.schema import schema
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import Many
from llemulator_addon.wire.redaction import Token, redact_texts

BODY = RequestBody(name="Script", schema=schema, kinds=("application/json", "application/yaml"))


async def load(call: AdminCall) -> Steps:
    """Load a script for the token: all of it, or nothing where something is wrong."""
    return await load_then(call, lambda _, after: after)


async def load_then(call: AdminCall, then: Callable[[Session, Session], Session]) -> Steps:
    """Load a script, and keep what is made of the session before and the session after it. Raises `RequestRefused`."""
    key, server, size, growth = call.key, call.server, len(call.request.body), Growth()
    script = await run_in_thread(partial(_read, call.request), size)

    def load_into_session(session: Session) -> Session:
        after = load_into(session, script, fresh=server.fresh(key), bare=server.bare(key), growth=growth)
        check_size(after)
        return after

    def prepare(session: Session) -> None:
        load_into_session(session).script.index.prepare()

    def transition(session: Session) -> tuple[Session, Session]:
        return (after := then(session, load_into_session(session))), after

    try:
        await run_in_thread(partial(prepare, await server.store.read(key)), size)
        session = await server.store.change(key, transition)
    except ScriptError as error:
        raise RequestRefused(_failure(error)) from None
    # All is prepared, unless the session got other rules meanwhile.
    await run_in_thread(session.script.index.prepare, size)
    if script.reset:
        await forget_waiting(server, key)
    loaded = len(script.rules)
    return json_answer(
        {"object": "script", "session": session.key.name, "loaded": loaded, "rules": len(session.script.index.rules)}
    )


async def show(call: AdminCall) -> PlayedAnswer:
    """Show the rules in full, each with how often it answered and may still answer; or as a script in YAML."""
    session = await call.server.store.read(call.key)
    if "yaml" in call.request.headers.get("accept", ""):
        return await run_in_thread(partial(_print_rules, session, call.token), LARGE)
    return await run_in_thread(partial(_show_script, session, call.token), LARGE)


async def forget_rules(call: AdminCall) -> Steps:
    """Forget the rules and their counters, and nothing else; the token then has its own script, without rules."""
    key, server = call.key, call.server

    def transition(session: Session) -> tuple[Session, int]:
        return session.forget_rules(), len(session.script.index.rules)

    rules = await server.store.change(key, transition)
    return json_answer({"object": "script.deleted", "deleted": True, "rules": rules})


def _show_script(session: Session, token: Token) -> PlayedAnswer:
    def rules() -> Iterator[object]:
        return (redact_texts(_rule(session, position), token) for position in range(len(session.script.index.rules)))

    shown = {
        "object": "script",
        "session": session.key.name,
        "owner": session.script.owner,
        "seed": session.settings.seed,
        "defaults": redact_texts(dict(session.settings.defaults.written), token),
    }
    return long_json_answer({**shown, "rules": Many(rules)}, holds=session.script.index.size)


def _print_rules(session: Session, token: Token) -> PlayedAnswer:
    """Return the rules as a script that loads again. Secrets are left out, as everywhere."""
    written = {"rules": [redact_texts(dict(rule.written), token) for rule in session.script.index.rules]}
    return PlayedAnswer(answer(print_script(read_script(written)).encode(), "application/yaml"))


def _read(request: Request) -> Script:
    try:
        return read_text(request.body, find_language(request))
    except ScriptError as error:
        raise RequestRefused(_failure(error)) from None


def find_language(request: Request) -> Literal["json", "yaml"]:
    """Return the language of a script in a request."""
    content_type = request.headers.get("content-type", "")
    if "yaml" in content_type:
        return "yaml"
    # curl calls everything that it sends a form.
    return "json" if "json" in content_type or request.body.lstrip()[:1] in (b"{", b"[", b'"', b"") else "yaml"


def _failure(error: ScriptError) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_script", param=error.place or None, message=str(error))


def _rule(session: Session, position: int) -> dict[str, object]:
    rule = session.script.index.rules[position]
    return {
        "name": rule.name,
        **{key: value for key, value in rule.written.items() if key != "name"},
        "answered": session.progress.used.get(position, 0),
        "left": session.times_left(position),
    }
