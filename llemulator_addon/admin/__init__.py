"""Requests about sessions: to add a route is one file and one entry here."""

from functools import partial

from llemulator_addon.admin import (
    about,
    access,
    again,
    answer_templates,
    certificate,
    clock,
    compare,
    console,
    egress,
    health,
    journal,
    news_stream,
    openapi,
    preset_queue,
    queue_events,
    schema,
    script,
    script_check,
    sessions,
    state,
    unclaimed,
    verify,
    waiting,
    webhooks,
)
from llemulator_addon.admin.exchange_json import ExchangeList, FullExchange
from llemulator_addon.admin.route import AnswerBody, Route

_queue_route = partial(
    Route,
    needs_token=False,
    role="viewer",
    role_to_change="operator",
    is_own=preset_queue.is_own,
    is_only_here=True,
)
"""Of the queue of one address."""

ROUTES: dict[str, Route] = {
    "/_emulator/script": Route(
        post=script.load, get=script.show, delete=script.forget_rules, body=script.BODY, changes="script"
    ),
    "/_emulator/script/check": Route(post=script_check.check, body=script.BODY, needs_token=False),
    "/_emulator/script.schema.json": Route(get=schema.show, needs_token=False, produces=schema.PRODUCES),
    "/_emulator/clock": Route(get=clock.show, post=clock.move, body=clock.BODY, changes="clock"),
    "/_emulator/reset": Route(post=state.reset, changes="reset"),
    "/_emulator/state": Route(get=state.show),
    "/_emulator/requests": Route(get=journal.exchanges, query=journal.QUERY, shows=AnswerBody(ExchangeList)),
    news_stream.PATH: Route(get=news_stream.show, query=journal.QUERY_SINCE, produces=news_stream.PRODUCES),
    news_stream.PATH_OF_ALL: Route(
        get=news_stream.show_all, needs_token=False, role="viewer", produces=news_stream.PRODUCES
    ),
    "/_emulator/requests/{number}": Route(get=journal.exchange, shows=AnswerBody(FullExchange)),
    "/_emulator/requests/{number}/rules": Route(get=compare.show, shows=AnswerBody(compare.ComparedRules)),
    "/_emulator/requests/{number}/again": Route(post=again.ask),
    "/_emulator/verify": Route(post=verify.show, body=verify.BODY),
    sessions.PATH: Route(get=sessions.show, needs_token=False, role="viewer", shows=AnswerBody(sessions.SessionList)),
    waiting.PATH: Route(get=waiting.waiting),
    f"{waiting.PATH}/{{number}}": Route(get=waiting.one, post=waiting.answer, body=waiting.BODY),
    answer_templates.PATH: Route(
        get=answer_templates.show,
        shows=AnswerBody(answer_templates.AnswerTemplates),
        post=answer_templates.keep,
        body=answer_templates.BODY,
        needs_token=False,
        role="viewer",
        role_to_change="operator",
    ),
    f"{answer_templates.PATH}/{{name}}": Route(delete=answer_templates.delete, needs_token=False, role="operator"),
    access.PATH: Route(
        get=access.show, post=access.sign_in, delete=access.sign_out, body=access.BODY, needs_token=False
    ),
    webhooks.PATH: Route(get=webhooks.show),
    f"{webhooks.PATH}/{{number}}": Route(post=webhooks.send, changes="resources"),
    "/_emulator/egress": Route(get=egress.show, needs_token=False, role="viewer"),
    "/_emulator/unclaimed": Route(get=unclaimed.show, query=journal.QUERY_SINCE, needs_token=False, role="viewer"),
    "/_emulator/openapi.json": Route(get=openapi.show, needs_token=False),
    "/_emulator/ca.pem": Route(get=certificate.show, needs_token=False, produces=certificate.PRODUCES),
    preset_queue.PATH: Route(
        get=preset_queue.show_all,
        shows=AnswerBody(preset_queue.PresetQueues),
        delete=preset_queue.clear_all,
        needs_token=False,
        role="viewer",
        role_to_change="admin",
        is_only_here=True,
    ),
    f"{preset_queue.PATH}/{{address}}": _queue_route(
        get=preset_queue.show,
        shows=AnswerBody(preset_queue.PresetQueue),
        post=preset_queue.add,
        delete=preset_queue.clear,
        body=preset_queue.ONE,
    ),
    f"{preset_queue.PATH}/{{address}}/batch": _queue_route(post=preset_queue.add_all, body=preset_queue.BATCH),
    f"{preset_queue.PATH}/{{address}}/import": _queue_route(post=preset_queue.add_file, body=preset_queue.FILE),
    f"{preset_queue.PATH}/{{address}}/export": _queue_route(get=preset_queue.export),
    queue_events.PATH: Route(get=queue_events.show, needs_token=False, role="viewer", is_only_here=True),
    f"{console.PATH}/{{file}}": Route(get=console.show, needs_token=False, produces="text/html"),
    "/": Route(get=about.show, needs_token=False, is_only_here=True),
    "/health": Route(get=health.also_live, needs_token=False, is_only_here=True),
    "/healthz": Route(get=health.live, needs_token=False),
    "/readyz": Route(get=health.ready, needs_token=False),
}
"""Answered on the proxy's own port, and through the proxy on every intercepted host, but for those `is_only_here`."""
