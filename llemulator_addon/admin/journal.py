"""`/_emulator/requests`: the journal of a token, as a list, one by one, or as a HAR file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from llemulator_addon.admin import query
from llemulator_addon.admin.exchange_json import show_in_brief, show_in_full
from llemulator_addon.admin.har import har
from llemulator_addon.admin.journal_script import write_script
from llemulator_addon.admin.numbers import number_in_path
from llemulator_addon.admin.route import AdminCall, answer, json_answer, long_json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.engine.journal import Exchange, Journal
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.verification.talk_messages import index_connections
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import Many

_AT_MOST = 1000

Test = Callable[[Exchange], bool]


async def exchanges(call: AdminCall) -> PlayedAnswer:
    """List exchanges, oldest first, or export them as HAR, or as a script in YAML.

    Filters: `endpoint`, `model`, `rule`, `unmatched` and `unsupported` (`true` or `false`), `status` (`429`, or `5xx`),
    `since` (a number: those after it). `limit` and `since` page; `total` counts the exchanges that the filters select.
    """
    asked = dict(call.request.query)
    journal = (await call.server.store.read(call.key)).journal
    return await run_in_thread(partial(_list_exchanges, journal, asked, call), journal.size)


def _list_exchanges(journal: Journal, asked: Mapping[str, str], call: AdminCall) -> PlayedAnswer:
    token, tests = call.token, _tests(asked)
    found = [exchange for exchange in journal if all(test(exchange) for test in tests)]
    if asked.get("format") == "har":
        return long_json_answer(har(found, journal, token, call.server.version), holds=journal.size)
    since, limit = int(asked.get("since", 0)), int(asked.get("limit", _AT_MOST))
    page = list(islice((exchange for exchange in found if exchange.number > since), limit))
    if asked.get("format") == "script":
        return PlayedAnswer(answer(write_script(page, token).encode(), "application/yaml"))
    full = asked.get("format") == "full"
    shown = _show_exchanges(journal, page, call, full=full)
    return long_json_answer(
        {
            "object": "list",
            "data": Many(shown),
            "total": len(found),
            "recorded": journal.recorded,
            "first_kept": journal.first,
            "has_more": bool(found) and (page[-1].number if page else since) < found[-1].number,
        },
        holds=journal.size if full else sum(each.size for each in page),
    )


async def exchange(call: AdminCall) -> Steps:
    """Show one exchange in full, by its number."""
    journal = (await call.server.store.read(call.key)).journal
    found = find_exchange(call, journal)
    return await run_in_thread(partial(_one, journal, found, call), journal.size)


def find_exchange(call: AdminCall, journal: Journal, *, parts_after: int = 0) -> Exchange:
    """Return the exchange that a path names, before its last parts; raises `RequestRefused` if there is none."""
    path = call.request.path.rsplit("/", parts_after)[0]
    text, number = number_in_path(path)
    found = None if number is None else journal.get(number)
    if found is None:
        raise RequestRefused(_not_kept(text, journal))
    return found


def _one(journal: Journal, found: Exchange, call: AdminCall) -> Steps:
    (shown,) = _show_exchanges(journal, [found], call, full=True)()
    return json_answer({"object": "exchange", **shown})


def _show_exchanges(
    journal: Journal, page: Sequence[Exchange], call: AdminCall, *, full: bool
) -> Callable[[], Iterator[Mapping[str, object]]]:
    token, prices = call.token, call.server.prices()
    if not full:
        return lambda: (show_in_brief(each, token, prices) for each in page)
    connections = index_connections(journal)
    return lambda: (show_in_full(each, token, connections, prices) for each in page)


def _not_kept(number: str, journal: Journal) -> Failure:
    kept = f"{journal.first} to {journal.recorded} are" if journal.first <= journal.recorded else "none is"
    return Failure(
        status=404,
        type=INVALID,
        code="exchange_not_found",
        message=f"There is no exchange {number[:20]}; of this token {kept} kept.",
    )


# The query ------------------------------------------------------------------------------------------------------------

_SWITCH = {"true": True, "false": False}

QUERY: query.Query = {
    "endpoint": query.text("Only of this endpoint, as `chat.completions`."),
    "model": query.text("Only those that asked this model."),
    "rule": query.text("Only those that this rule answered."),
    "unmatched": query.one_of("Only those that no rule answered, or only the others.", *_SWITCH),
    "unsupported": query.one_of("Only those whose path or method is not supported, or only the others.", *_SWITCH),
    "status": query.status("Only with this status, as `429`, or `5xx`."),
    "since": query.whole("Only those after this number."),
    "limit": query.whole("The maximum number.", default=_AT_MOST),
    "format": query.one_of(
        "How much of each is shown; or all as a HAR file, or as a script in YAML.", "brief", "full", "har", "script"
    ),
}
"""Of a list of exchanges."""
QUERY_SINCE: query.Query = {"since": QUERY["since"]}


def _tests(asked: Mapping[str, str]) -> Sequence[Test]:
    tests: list[Test] = []
    if "endpoint" in asked:
        tests.append(lambda exchange: exchange.endpoint == asked["endpoint"])
    if "model" in asked:
        tests.append(lambda exchange: exchange.model == asked["model"])
    if "rule" in asked:
        tests.append(lambda exchange: exchange.rule == asked["rule"])
    if "unmatched" in asked:
        tests.append(lambda exchange: (exchange.unmatched is not None) is _SWITCH[asked["unmatched"]])
    if "unsupported" in asked:
        tests.append(lambda exchange: exchange.is_unsupported is _SWITCH[asked["unsupported"]])
    if "status" in asked:
        wanted = asked["status"].lower().rstrip("x")
        tests.append(lambda exchange: str(exchange.status).startswith(wanted))
    return tests
