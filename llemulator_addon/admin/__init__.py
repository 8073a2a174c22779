"""Requests about sessions: to add a route is one file and one entry here."""

from functools import partial

from llemulator_addon.admin import (
    about,
    access,
    again,
    answer_templates,
    calls,
    capacity,
    certificate,
    clock,
    compare,
    console,
    egress,
    health,
    journal,
    metrics,
    news_stream,
    openapi,
    preset_queue,
    queue_events,
    resources,
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
from llemulator_addon.admin import answer_types as types
from llemulator_addon.admin.exchange_json import ExchangeList, OneExchange
from llemulator_addon.admin.route import AnswerBody, Route

_CLOCK = AnswerBody(types.ShownClock)
_ACCESS = AnswerBody(types.ShownAccess)
_ADDED = AnswerBody(types.PresetAdded)

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
        post=script.load,
        posted=AnswerBody(types.ScriptLoaded),
        get=script.show,
        shows=AnswerBody(types.ShownScript),
        delete=script.forget_rules,
        deleted=AnswerBody(types.ScriptDeleted),
        body=script.BODY,
        changes="script",
    ),
    "/_emulator/script/check": Route(
        post=script_check.check, posted=AnswerBody(types.ScriptChecked), body=script.BODY, needs_token=False
    ),
    "/_emulator/script.schema.json": Route(get=schema.show, needs_token=False, produces=schema.PRODUCES),
    "/_emulator/clock": Route(
        get=clock.show, shows=_CLOCK, post=clock.move, posted=_CLOCK, body=clock.BODY, changes="clock"
    ),
    "/_emulator/reset": Route(post=state.reset, posted=AnswerBody(types.SessionDeleted), changes="reset"),
    "/_emulator/state": Route(get=state.show, shows=AnswerBody(types.ShownState)),
    "/_emulator/requests": Route(get=journal.exchanges, query=journal.QUERY, shows=AnswerBody(ExchangeList)),
    news_stream.PATH: Route(get=news_stream.show, query=journal.QUERY_SINCE, produces=news_stream.PRODUCES),
    news_stream.PATH_OF_ALL: Route(
        get=news_stream.show_all,
        query=news_stream.QUERY,
        needs_token=False,
        role="viewer",
        produces=news_stream.PRODUCES,
    ),
    "/_emulator/requests/{number}": Route(get=journal.exchange, shows=AnswerBody(OneExchange, "FullExchange")),
    "/_emulator/requests/{number}/rules": Route(get=compare.show, shows=AnswerBody(compare.ComparedRules)),
    "/_emulator/requests/{number}/again": Route(post=again.ask, posted=AnswerBody(types.AskedAgain)),
    "/_emulator/verify": Route(post=verify.show, posted=AnswerBody(types.ShownVerdict), body=verify.BODY),
    sessions.PATH: Route(
        get=sessions.show,
        query=sessions.QUERY,
        needs_token=False,
        role="viewer",
        shows=AnswerBody(sessions.SessionList),
    ),
    waiting.PATH: Route(get=waiting.waiting, shows=AnswerBody(types.WaitingList)),
    f"{waiting.PATH}/{{number}}": Route(
        get=waiting.one,
        shows=AnswerBody(types.WaitingRequest),
        post=waiting.answer,
        posted=AnswerBody(types.WaitingAnswered),
        body=waiting.BODY,
    ),
    answer_templates.PATH: Route(
        get=answer_templates.show,
        shows=AnswerBody(answer_templates.AnswerTemplates),
        post=answer_templates.keep,
        posted=AnswerBody(answer_templates.AnswerTemplate),
        body=answer_templates.BODY,
        needs_token=False,
        role="viewer",
        role_to_change="operator",
    ),
    f"{answer_templates.PATH}/{{name}}": Route(
        delete=answer_templates.delete,
        deleted=AnswerBody(answer_templates.TemplateDeleted),
        needs_token=False,
        role="operator",
    ),
    access.PATH: Route(
        get=access.show,
        shows=_ACCESS,
        post=access.sign_in,
        posted=_ACCESS,
        delete=access.sign_out,
        deleted=_ACCESS,
        body=access.BODY,
        needs_token=False,
    ),
    "/_emulator/egress": Route(get=egress.show, shows=AnswerBody(types.EgressList), needs_token=False, role="viewer"),
    capacity.PATH: Route(
        get=capacity.show,
        shows=capacity.SHOWS,
        post=capacity.change,
        posted=capacity.SHOWS,
        body=capacity.BODY,
        needs_token=False,
        role="viewer",
        role_to_change="operator",
    ),
    "/_emulator/unclaimed": Route(
        get=unclaimed.show,
        shows=AnswerBody(types.UnclaimedList),
        query=journal.QUERY_SINCE,
        needs_token=False,
        role="viewer",
    ),
    resources.PATH: Route(get=resources.show, query=resources.QUERY, shows=AnswerBody(resources.ResourceList)),
    f"{resources.PATH}/{{number}}": Route(get=resources.one, shows=AnswerBody(resources.OneResource)),
    webhooks.PATH: Route(get=webhooks.show, shows=AnswerBody(types.WebhookDeliveries)),
    f"{webhooks.PATH}/{{number}}": Route(
        post=webhooks.send, posted=AnswerBody(types.WebhookDelivery), changes="resources"
    ),
    calls.PATH: Route(
        post=calls.begin, posted=AnswerBody(calls.IncomingCall, "ComingCall"), body=calls.BODY, changes="resources"
    ),
    "/_emulator/openapi.json": Route(get=openapi.show, needs_token=False),
    "/_emulator/ca.pem": Route(get=certificate.show, needs_token=False, produces=certificate.PRODUCES),
    preset_queue.PATH: Route(
        get=preset_queue.show_all,
        shows=AnswerBody(preset_queue.PresetQueues),
        delete=preset_queue.clear_all,
        deleted=AnswerBody(types.PresetsCleared),
        needs_token=False,
        role="viewer",
        role_to_change="admin",
        is_only_here=True,
    ),
    f"{preset_queue.PATH}/{{address}}": _queue_route(
        get=preset_queue.show,
        shows=AnswerBody(preset_queue.PresetQueue),
        post=preset_queue.add,
        posted=_ADDED,
        delete=preset_queue.clear,
        deleted=AnswerBody(types.PresetCleared),
        body=preset_queue.ONE,
    ),
    f"{preset_queue.PATH}/{{address}}/batch": _queue_route(
        post=preset_queue.add_all, posted=_ADDED, body=preset_queue.BATCH
    ),
    f"{preset_queue.PATH}/{{address}}/import": _queue_route(
        post=preset_queue.add_file, posted=_ADDED, body=preset_queue.FILE
    ),
    f"{preset_queue.PATH}/{{address}}/export": _queue_route(
        get=preset_queue.export, shows=AnswerBody(list[preset_queue.Preset], "PresetList")
    ),
    queue_events.PATH: Route(get=queue_events.show, needs_token=False, role="viewer", is_only_here=True),
    f"{console.PATH}/{{file}}": Route(get=console.show, needs_token=False, produces="text/html"),
    "/": Route(get=about.show, needs_token=False, is_only_here=True),
    metrics.PATH: Route(
        get=metrics.show, needs_token=False, role="viewer", produces=metrics.PRODUCES, is_only_here=True
    ),
    "/health": Route(get=health.also_live, needs_token=False, is_only_here=True),
    "/healthz": Route(get=health.live, needs_token=False),
    "/readyz": Route(get=health.ready, needs_token=False),
}
"""Answered on the proxy's own port, and through the proxy on every intercepted host, but for those `is_only_here`."""
