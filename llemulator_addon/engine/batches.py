"""The work of batches, as a function of the session's clock: it is done in small steps when somebody looks.

Each line is a request of its own: the session's rules answer it, and it is an exchange of the journal.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from llemulator_addon.core.outcome import Ending, Outcome, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, TooLarge
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Cut, Head, Send
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.due import tell
from llemulator_addon.engine.fallback import too_large_to_keep
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.batches import (
    EXPIRED,
    OPEN,
    WINDOW,
    Batch,
    Lines,
    Timeline,
    add_line,
    add_usage,
    check_lines,
    find_line,
    list_batches,
    write_line,
)
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.json_bytes import read as read_json
from llemulator_addon.wire.stored_files import KIND as FILE
from llemulator_addon.wire.stored_files import Content, find_file, make_file

BATCH_HEADER = "x-llemulator-batch"
"""Names the batch in each request of its lines, so that a rule can tell them from others."""

_LINES_AT_ONCE = 10
_BYTES_AT_ONCE = 64 << 10


def work_batches(session: Session, *, request: Request) -> tuple[Session, bool]:
    """Do one step of what is due by the clock at a request; return whether there may be more."""
    now = session.clock_time(request)
    for batch in list_batches(session.resources):
        if batch.status in OPEN:
            try:
                after = _work(session, batch, request, now)
            except TooLarge:
                reason = too_large_to_keep(session.resources.size_limit)
                after = _fail(session, batch, now, ({"code": reason.code, "message": reason.message},))
            if after is not session:
                return after, True
    return session, False


def is_step_large(session: Session, *, request: Request) -> bool:
    """Whether the next step may take long: a large input is checked or expires, or its next line is large."""
    now = session.clock_time(request)
    for batch in list_batches(session.resources):
        kept = session.resources.get(FILE, batch.shown["input_file_id"])
        if batch.status not in OPEN or kept is None or kept["file"]["bytes"] <= _BYTES_AT_ONCE:
            continue
        is_read_whole = not batch.total or now - batch.begun >= WINDOW
        if is_read_whole or len(find_line(kept["content"], batch.read_to)[0]) > _BYTES_AT_ONCE:
            return True
    return False


def _work(session: Session, batch: Batch, request: Request, now: float) -> Session:
    """Do one step of a batch; the same session if nothing is due."""
    line = Timeline(session.policy.batch_duration)
    elapsed = now - batch.begun
    # What happens to it first is what ends it.
    stops = WINDOW if batch.cancelled is None else min(WINDOW, batch.cancelled - batch.begun)
    if batch.status == "validating" or (batch.status == "cancelling" and not batch.total):
        return (
            _validate(session, batch, now)
            if line.validated <= min(elapsed, stops)
            else _stop(session, batch, elapsed, line)
        )
    if batch.answered < line.due(batch.total, min(elapsed, stops)):
        return _answer_some(session, batch, request, line.due(batch.total, min(elapsed, stops)))
    if batch.cancelled is not None or line.finalized > WINDOW <= elapsed:
        return _stop(session, batch, elapsed, line)
    if batch.status == "in_progress" and elapsed >= line.finalized:
        return _put(session, batch.show(status="finalizing", finalizing_at=_tell_time(batch, line.finalized)))
    if batch.status == "finalizing" and elapsed >= line.duration:
        return _finish(session, batch, now, status="completed", completed_at=_tell_time(batch, line.duration))
    return session


def _tell_time(batch: Batch, seconds: float) -> int:
    """Return a time in the answers' own clock."""
    return int(batch.shown["created_at"]) + int(seconds)


def _put(session: Session, batch: Batch, *others: Kept) -> Session:
    return session.change(resources=session.resources.put(batch.keep(), *others))


def _tell_end(session: Session, batch: Batch, now: float) -> Session:
    """Tell webhooks of the end of a batch."""
    told = tell(session, session.resources, f"batch.{batch.status}", str(batch.shown["id"]), now)
    return session.change(resources=told)


# Validating -----------------------------------------------------------------------------------------------------------


def _validate(session: Session, batch: Batch, now: float) -> Session:
    file_id = batch.shown["input_file_id"]
    if (kept := find_file(session.resources, file_id, now)) is None:
        # The words of these two are not recorded.
        message = f"No such File object: {file_id}"
        return _fail(session, batch, now, ({"code": "file_not_found", "message": message, "param": "input_file_id"},))
    if (purpose := kept["file"]["purpose"]) != "batch":
        message = f"The input file has the purpose '{purpose}', but must have the purpose 'batch'."
        return _fail(session, batch, now, ({"code": "invalid_purpose", "message": message, "param": "input_file_id"},))
    found = check_lines(kept["content"], batch.shown["endpoint"])
    if found.errors:
        return _fail(session, batch, now, found.errors)
    counts = {"total": found.total, "completed": 0, "failed": 0}
    status = "in_progress" if batch.cancelled is None else "cancelling"
    begins = _tell_time(batch, Timeline(session.policy.batch_duration).validated)
    return _put(session, batch.show(status=status, in_progress_at=begins, request_counts=counts, model=found.model))


def _fail(session: Session, batch: Batch, now: float, errors: tuple[dict[str, Any], ...]) -> Session:
    told = [{"code": None, "message": None, "param": None, "line": None, **each} for each in errors]
    failed = replace(batch, output=(), errors=()).show(
        status="failed", errors={"object": "list", "data": told}, failed_at=_tell_time(batch, now - batch.begun)
    )
    return _tell_end(_put(session, failed), failed, now)


# Answering ------------------------------------------------------------------------------------------------------------


def _answer_some(session: Session, batch: Batch, request: Request, due: int) -> Session:
    """Answer the next few lines."""
    kept = find_file(session.resources, batch.shown["input_file_id"], batch.begun)
    if kept is None:
        message = "The input file was deleted."
        return _fail(session, batch, session.clock_time(request), ({"code": "file_not_found", "message": message},))
    content: Content = kept["content"]
    counts, usage = batch.shown["request_counts"], batch.shown["usage"]
    answered, start, output, errors = batch.answered, batch.read_to, batch.output, batch.errors
    completed = counts["completed"]
    enough = min(due, answered + _LINES_AT_ONCE)
    begin = start
    while answered < enough and start - begin <= _BYTES_AT_ONCE:
        line, start = find_line(content, start)
        answered += 1
        asked = read_json(line)
        session, told = _answer_line(session, batch, asked, request)
        if told.succeeded:
            output, completed, usage = add_line(output, told.line), completed + 1, add_usage(usage, told.body)
        else:
            errors = add_line(errors, told.line)
    counts = {**counts, "completed": completed, "failed": answered - completed}
    worked = replace(batch, answered=answered, read_to=start, output=output, errors=errors)
    return _put(session, worked.show(request_counts=counts, usage=usage))


class _Told(NamedTuple):
    line: bytes
    body: object
    succeeded: bool


def _answer_line(session: Session, batch: Batch, asked: Mapping[str, Any], request: Request) -> tuple[Session, _Told]:
    stamp, name = session.stamp, batch.shown["id"]
    path: str = asked["url"]
    line = Request(
        method="POST",
        path=path,
        headers={"content-type": "application/json", BATCH_HEADER: name},
        body=compact(asked["body"]),
        json=asked["body"],
        connection=name,
        skips_hold=True,
        at=request.at,
    )
    session, outcome = decide(session, line)
    status, body, reason = _play(outcome)
    if isinstance(outcome, Play) and outcome.exchange is not None:
        ending = Ending(how="whole", bytes_sent=len(body), sends=1, seconds=0.0)
        session = session.change(journal=session.journal.note_end(outcome.exchange.number, ending))
    return session, _tell(stamp, asked["custom_id"], status, body, reason)


def _play(outcome: Outcome) -> tuple[int, bytes, str]:
    """Return the status and the body of an answer, or why there is none. Its waits are left out."""
    if not isinstance(outcome, Play):
        return 0, b"", _NOT_HERE
    status, pieces = 0, list[bytes]()
    for step in outcome.steps if outcome.whole is None else outcome.whole():
        match step:
            case Head():
                status = step.status
            case Send():
                pieces.append(step.piece)
            case Cut():
                return 0, b"", "The connection was cut."
            case _:
                pass
    return status, b"".join(pieces), "" if status else "The connection was cut."


_NOT_HERE = "A line of a batch is answered by rules; neither a person nor an upstream is asked."


def _tell(stamp: Stamp, custom_id: object, status: int, body: bytes, reason: str) -> _Told:
    line_id = f"batch_req_{stamp.hex('batch line', 32)}"
    answer: object = None
    try:
        answer = read_json(body) if status else None
    except ValueError:
        status, reason = 0, "The answer is no JSON, as that of a stream is not."
    if not status:
        error: dict[str, object] = {"code": "server_error", "message": reason}
        return _Told(write_line(line_id, custom_id, None, error), None, succeeded=False)
    response = {"status_code": status, "request_id": stamp.hex("request", 32), "body": answer}
    return _Told(write_line(line_id, custom_id, response, None), answer, succeeded=status < _REFUSED)


_REFUSED = 400


# Ending ---------------------------------------------------------------------------------------------------------------


def _stop(session: Session, batch: Batch, elapsed: float, line: Timeline) -> Session:
    """End a batch that was cancelled, or that expired; its answers so far are in its files."""
    now = batch.begun + elapsed
    if batch.cancelled is not None:
        ends = batch.cancelled - batch.begun + line.validated
        if elapsed < ends:
            return session
        return _finish(session, batch, now, status="cancelled", cancelled_at=_tell_time(batch, ends))
    if elapsed < WINDOW:
        return session
    return _finish(session, _expire_rest(session, batch), now, status="expired", expired_at=_tell_time(batch, WINDOW))


def _expire_rest(session: Session, batch: Batch) -> Batch:
    kept = find_file(session.resources, batch.shown["input_file_id"], batch.begun)
    errors, start, failed = batch.errors, batch.read_to, 0
    while kept is not None and (found := find_line(kept["content"], start))[0]:
        line, start = found
        line_id = f"batch_req_{session.stamp.hex(f'batch line {start}', 32)}"
        errors = add_line(errors, write_line(line_id, read_json(line).get("custom_id"), None, EXPIRED))
        failed += 1
    counts = batch.shown["request_counts"]
    expired = replace(batch, errors=errors, read_to=start)
    return expired.show(request_counts={**counts, "failed": counts["failed"] + failed})


def _finish(session: Session, batch: Batch, now: float, **fields: object) -> Session:
    """Put the lines into files, and end the batch."""
    made, others = dict[str, str](), list[Kept]()
    for field, lines, kind in (("output_file_id", batch.output, "output"), ("error_file_id", batch.errors, "error")):
        if lines:
            others.append(_make_file(session.stamp, batch, lines, kind, now))
            made[field] = others[-1].id
    ended = replace(batch, output=(), errors=()).show(**made, **fields)
    return _tell_end(_put(session, ended, *others), ended, now).change(turn=session.turn + 1)


def _make_file(stamp: Stamp, batch: Batch, lines: Lines, kind: str, now: float) -> Kept:
    return make_file(
        stamp,
        lines,
        name=f"{batch.shown['id']}_{kind}.jsonl",
        purpose="batch_output",
        now=now,
        expires_after=batch.expires_after,
        label=f"{FILE} {kind}",
    )
