"""`/_emulator/templates`: answers that people keep for waiting requests, for all sessions of this server.

They are stored resources of the session of nobody, so the store keeps them as it keeps others.
"""

from typing import Any, Literal, TypedDict
from urllib.parse import unquote

from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.admin.waiting import read_given
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, TooLarge
from llemulator_addon.core.session_key import ANONYMOUS
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.script import json_text
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.errors import INVALID, RequestRefused, not_json
from llemulator_addon.wire.redaction import redact_texts

PATH = "/_emulator/templates"
_KIND = "llemulator.answer_template"
_MOST = 200
_LONGEST_NAME = 100


class AnswerTemplate(TypedDict):
    """An answer that somebody keeps."""

    name: str
    answer: Any
    """As `POST /_emulator/waiting/{number}` takes it."""


class AnswerTemplates(TypedDict):
    """All of them, in the order in which their names came first."""

    object: Literal["list"]
    data: list[AnswerTemplate]


class TemplateDeleted(TypedDict):
    """One is no longer kept."""

    object: Literal["template.deleted"]
    name: str
    deleted: bool


_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["name", "answer"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME},
        "answer": {"description": "As the body of `POST /_emulator/waiting/{number}`."},
    },
}
BODY = RequestBody(name="NewAnswerTemplate", schema=lambda: _BODY)


async def show(call: AdminCall) -> Steps:
    """List the answers that people keep."""
    session = await call.server.store.read(ANONYMOUS)
    kept = [AnswerTemplate(name=each["name"], answer=each["answer"]) for each in session.resources.list_kind(_KIND)]
    return json_answer(redact_texts(AnswerTemplates(object="list", data=kept), ""))


async def keep(call: AdminCall) -> Steps:
    """Keep an answer under a name; one that has the name already is replaced."""
    template = _read_template(call.request.body)

    def transition(session: Session) -> tuple[Session, None]:
        names = [each["name"] for each in session.resources.list_kind(_KIND)]
        if template["name"] not in names and len(names) >= _MOST:
            raise RequestRefused(_wrong(f"there are {_MOST} templates; delete one first"))
        resources = session.resources.put(Kept(_KIND, template["name"], dict(template)))
        return session.change(resources=resources), None

    try:
        await call.server.store.change(ANONYMOUS, transition)
    except TooLarge:
        raise RequestRefused(_wrong("it takes more memory than stored resources may")) from None
    call.server.news.tell("templates")
    return json_answer(template)


async def delete(call: AdminCall) -> Steps:
    """Keep an answer no longer."""
    name = unquote(call.request.path.rpartition("/")[2])

    def transition(session: Session) -> tuple[Session, bool]:
        found = session.resources.get(_KIND, name) is not None
        return (session.change(resources=session.resources.remove(_KIND, name)) if found else session), found

    if not await call.server.store.change(ANONYMOUS, transition):
        message = f"There is no template {name[:_LONGEST_NAME]}."
        raise RequestRefused(Failure(status=404, type=INVALID, code="template_not_found", message=message))
    call.server.news.tell("templates")
    return json_answer(TemplateDeleted(object="template.deleted", name=name, deleted=True))


def _read_template(body: bytes) -> AnswerTemplate:
    try:
        json_text.check_bounds(body)
        value = json_bytes.read(body)
    except ScriptError as error:
        raise RequestRefused(_wrong(str(error))) from None
    except ValueError:
        raise RequestRefused(not_json()) from None
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or "answer" not in value:
        raise RequestRefused(_wrong(f"expected `name`, of 1 to {_LONGEST_NAME} characters, and `answer`"))
    read_given(value["answer"])
    return AnswerTemplate(name=name, answer=value["answer"])


def _wrong(message: str) -> Failure:
    return Failure(status=400, type=INVALID, code="invalid_template", message=message)
