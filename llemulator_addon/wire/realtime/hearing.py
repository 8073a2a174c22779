"""The events of a client of Realtime: each changes the state of the talk, and says what is to be done."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.json_type import JSON
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    an_object,
    anything,
    array,
    integer,
    refuse_type,
    table,
    text,
)
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.realtime import mcp
from llemulator_addon.wire.realtime.events import NO_USAGE, describe_response
from llemulator_addon.wire.realtime.items import RealtimeItem, RealtimeItemFields, read_audio, read_item, user_audio
from llemulator_addon.wire.realtime.noting import read_deltas
from llemulator_addon.wire.realtime.requests import ask, ask_for_tools, ask_to_hear
from llemulator_addon.wire.realtime.session import (
    MODEL_CHECKS,
    OUTPUT_CHECK,
    TRANSCRIPTION,
    format_of,
    turn_detection_of,
    update_session,
)
from llemulator_addon.wire.realtime.sound import FORMATS, SoundBuffer, Started, listen
from llemulator_addon.wire.realtime.state import OpenItem, OpenResponse, RealtimeState, spell_error, spell_event
from llemulator_addon.wire.talks import Doing, Doings, Say, Stop, Wake

ClientEvent = Mapping[str, Any]


def hear(talk: RealtimeState, event: object, at: float) -> tuple[RealtimeState, Doings]:
    """Return a talk after an event of a client, and what is to be done."""
    hearing = _Hearing(talk, at)
    hearing.hear(event)
    return hearing.talk, tuple(hearing.doings)


def list_tools(talk: RealtimeState, at: float) -> tuple[RealtimeState, Doings]:
    """Return a talk that has just begun with the tools of its MCP servers, and what is to be done."""
    hearing = _Hearing(talk, at)
    hearing.list_tools(None)
    return hearing.talk, tuple(hearing.doings)


def finish(talk: RealtimeState, lane: str, at: float) -> tuple[RealtimeState, Doings]:
    """Return a talk after an answer was sent, and what is to be done."""
    hearing = _Hearing(talk, at)
    hearing.finish(lane)
    return hearing.talk, tuple(hearing.doings)


def wake(talk: RealtimeState, mark: int, at: float) -> tuple[RealtimeState, Doings]:
    """Return a talk after a time in which nobody said anything, and what is to be done."""
    hearing = _Hearing(talk, at)
    hearing.wake(mark)
    return hearing.talk, tuple(hearing.doings)


class _Hearing:
    """Not a value: what is found out about one event."""

    def __init__(self, talk: RealtimeState, at: float) -> None:
        self.talk = talk
        self.doings: list[Doing] = []
        self._at = at
        self._event_id: str | None = None

    def _draw(self, prefix: str) -> str:
        self.talk, drawn = self.talk.draw(prefix)
        return drawn

    def _say(self, kind: str, **fields: object) -> None:
        self.doings.append(Say(spell_event(kind, self._draw("event"), **fields)))

    def _refuse(self, failure: Failure) -> None:
        self.doings.append(Say(spell_error(self._draw("event"), failure, self._event_id)))

    def hear(self, event: object) -> None:
        """Do what an event says, or say what is wrong with it: the connection goes on."""
        if not isinstance(event, dict):
            self._refuse(_INVALID_JSON)
            return
        self._event_id = text_in(event, "event_id")
        try:
            self._check(event)
            _EVENTS[event["type"]](self, event)
        except RequestRefused as refused:
            self._refuse(refused.failure)

    def _check(self, event: ClientEvent) -> None:
        kind = event.get("type")
        if kind is None:
            raise RequestRefused(errors.missing("type"))
        if not isinstance(kind, str) or kind not in _EVENTS:
            raise RequestRefused(errors.invalid_value("type", str(kind), tuple(_EVENTS)))
        _FIELDS[kind].check(event)

    # The session

    def update_session(self, event: ClientEvent) -> None:
        """Change the session."""
        talk = self.talk
        session = update_session(talk.session, event["session"], has_spoken=talk.has_spoken)
        kind = format_of(session, "input")
        sound = talk.sound if kind == talk.sound.kind else SoundBuffer(kind=kind)
        if turn_detection_of(session) is None and sound.speaks:
            sound = sound._replace(speaks=False, quiet=0)
        self.talk = self.talk._replace(session=session, sound=sound)
        self._say("session.updated", session=session)
        self.list_tools(talk.session)

    def list_tools(self, before: ClientEvent | None) -> None:
        """Add the tools of MCP servers that a session has not had before; None: it has just begun."""
        for server in mcp.find_new_servers(before, self.talk.session):
            item, last = mcp.begin_list(self._draw("mcpl"), server), self.talk.conversation.last_id
            self._say("conversation.item.added", previous_item_id=last, item=item)
            self._say("mcp_list_tools.in_progress", item_id=item["id"])
            self.talk = self.talk._replace(conversation=self.talk.conversation.put(RealtimeItem(shown=item), last))
            self.doings.append(ask_for_tools(self.talk, mcp.describe_listing(item, server, last), self._at))

    # Items

    def create_item(self, event: ClientEvent) -> None:
        """Add an item."""
        talk = self.talk
        item = read_item(event["item"], self._draw("item"), (None, "item"))
        if talk.conversation.find(item.id) is not None:
            raise RequestRefused(
                _wrong("item_create_duplicate_id", "item.id", f"Item with ID '{item.id}' already exists.")
            )
        if item.shown["type"] == "function_call_output":
            self._check_call(item.shown["call_id"])
        if item.shown["type"] == mcp.APPROVAL:
            self._check_approval(item.shown["approval_request_id"])
        after = event.get("previous_item_id")
        try:
            before = talk.conversation.id_before(after)
        except LookupError:
            raise RequestRefused(
                _wrong(
                    "item_create_invalid_previous_item_id",
                    "previous_item_id",
                    f"Error adding item: the previous item with id '{after}' does not exist.",
                )
            ) from None
        self._add(item, before)
        if item.shown["type"] == mcp.APPROVAL:
            # The call is OpenAI's, so nothing else is to be asked for.
            self._wait_or_respond({"type": event["type"]})

    def _check_approval(self, request_id: str) -> None:
        if not any(mcp.is_request(each.shown, request_id) for each in self.talk.conversation):
            message = f"Approval request '{request_id}' not found in conversation."
            raise RequestRefused(_wrong("invalid_value", "item.approval_request_id", message))

    def _check_call(self, call_id: str) -> None:
        if not any(each.shown.get("call_id") == call_id for each in self.talk.conversation):
            raise RequestRefused(
                _wrong("invalid_tool_call_id", "item.call_id", f"Tool call ID '{call_id}' not found in conversation.")
            )

    def _add(self, item: RealtimeItem, before: str | None) -> None:
        self.talk = self.talk._replace(conversation=self.talk.conversation.put(item, before))
        self._say("conversation.item.added", previous_item_id=before, item=item.shown)
        self._say("conversation.item.done", previous_item_id=before, item=item.shown)

    def _find(self, event: ClientEvent, verb: str) -> RealtimeItem:
        item_id = event["item_id"]
        if (item := self.talk.conversation.find(item_id)) is None:
            doing = {"retrieve": "retrieving", "delete": "deleting", "truncate": "truncating"}[verb]
            message = f"Error {doing} item: the item with id '{item_id}' does not exist."
            raise RequestRefused(_wrong(f"item_{verb}_invalid_item_id", "item_id", message))
        return item

    def retrieve_item(self, event: ClientEvent) -> None:
        """Show an item with its sound."""
        self._say("conversation.item.retrieved", item=self._find(event, "retrieve").show_in_full())

    def delete_item(self, event: ClientEvent) -> None:
        """Remove an item."""
        item = self._find(event, "delete")
        self.talk = self.talk._replace(conversation=self.talk.conversation.remove(item.id))
        self._say("conversation.item.deleted", item_id=item.id)

    def truncate_item(self, event: ClientEvent) -> None:
        """Shorten the sound of an item of the model. Its transcript goes: nobody knows how much of it was heard."""
        item, end = self._find(event, "truncate"), event["audio_end_ms"]
        if item.shown.get("role") != "assistant" or not item.audio:
            message = "Only model output audio messages can be truncated."
            raise RequestRefused(_wrong("invalid_item_type", "item_id", message))
        if event["content_index"] != 0:
            raise RequestRefused(_wrong("invalid_value", "content_index", "Content index 0 alone has audio."))
        form = FORMATS[format_of(self.talk.session, "output")]
        if end > (has := form.count_ms(len(item.audio))):
            message = f"Audio content of {has}ms is already shorter than {end}ms"
            raise RequestRefused(_wrong("invalid_value", "audio_end_ms", message))
        shortened = replace(item.set_transcript(None), audio=item.audio[: form.count_bytes(end)])
        self.talk = self.talk._replace(conversation=self.talk.conversation.put(shortened, None))
        self._say("conversation.item.truncated", item_id=item.id, content_index=0, audio_end_ms=end)

    # Sound

    def append_sound(self, event: ClientEvent) -> None:
        """Take sound; where turns are detected, speech may begin and end in it."""
        sound, detection = read_audio(event["audio"], (None, "audio")), turn_detection_of(self.talk.session)
        talk, buffer = self.talk, self.talk.sound
        if detection is None:
            self.talk = talk._replace(sound=buffer.add(sound), wakes=talk.wakes + 1)
            return
        buffer, heard = listen(buffer, sound, detection)
        self.talk = talk._replace(sound=buffer, wakes=talk.wakes + 1)
        for each in heard:
            if isinstance(each, Started):
                self._begin_speech(each.ms, detection)
            else:
                item_id = self._take_speaker()
                self._say("input_audio_buffer.speech_stopped", audio_end_ms=each.ms, item_id=item_id)
                self._commit(item_id, each.sound)
                if detection.get("create_response") and self.talk.session["type"] != TRANSCRIPTION:
                    self._wait_or_respond({"type": "input_audio_buffer.speech_stopped"})

    def _begin_speech(self, ms: int, detection: ClientEvent) -> None:
        item_id = self._draw("item")
        self.talk = self.talk._replace(speaking=item_id)
        self._say("input_audio_buffer.speech_started", audio_start_ms=ms, item_id=item_id)
        if detection.get("interrupt_response") and (active := self._find_active()) is not None:
            self._cancel(active, "turn_detected")

    def _take_speaker(self) -> str:
        item_id = self.talk.speaking or self._draw("item")
        self.talk = self.talk._replace(speaking=None)
        return item_id

    def commit_sound(self, event: ClientEvent) -> None:
        """Make an item of the sound that came."""
        del event
        buffer = self.talk.sound
        has = buffer.size * 1_000 / (FORMATS[buffer.kind].rate * FORMATS[buffer.kind].width)
        if has < _LEAST_MS:
            message = (
                "Error committing input audio buffer: buffer too small. "
                f"Expected at least {_LEAST_MS}ms of audio, but buffer only has {has:.2f}ms of audio."
            )
            raise RequestRefused(_wrong("input_audio_buffer_commit_empty", None, message))
        buffer, sound = buffer.take()
        self.talk = self.talk._replace(sound=buffer)
        self._commit(self._take_speaker(), sound)

    def _commit(self, item_id: str, sound: bytes) -> None:
        before = self.talk.conversation.last_id
        self._say("input_audio_buffer.committed", previous_item_id=before, item_id=item_id)
        item = user_audio(item_id, sound)
        self._add(item, before)
        self.talk = self.talk._replace(hearing=(*self.talk.hearing, item_id))
        self.doings.append(ask_to_hear(self.talk, item, self._at))

    def clear_sound(self, event: ClientEvent) -> None:
        """Forget the sound that came."""
        del event
        self.talk = self.talk._replace(sound=self.talk.sound.take()[0], speaking=None)
        self._say("input_audio_buffer.cleared")

    def clear_output(self, event: ClientEvent) -> None:
        """Refuse: over WebSocket the client plays the sound, and clears its own."""
        del event
        message = "output_audio_buffer.clear is only supported for WebRTC and SIP connections."
        raise RequestRefused(_wrong("invalid_event", "type", message))

    # Responses

    def create_response(self, event: ClientEvent) -> None:
        """Let the model answer, when it is known what the user said."""
        if self.talk.session["type"] == TRANSCRIPTION:
            message = "A transcription session has no responses."
            raise RequestRefused(_wrong("invalid_event", "type", message))
        if (given := event.get("response")) is not None:
            _RESPONSE((None, "response"), given)
        self.talk = self.talk._replace(wakes=self.talk.wakes + 1)
        self._wait_or_respond(event)

    def _wait_or_respond(self, event: ClientEvent) -> None:
        if self.talk.hearing:
            self.talk = self.talk._replace(waiting=(*self.talk.waiting, event))
        else:
            self._respond(event)

    def _respond(self, event: ClientEvent) -> None:
        given = object_in(event, "response")
        is_kept = given.get("conversation") in (None, "auto")
        if is_kept and (active := self._find_active()) is not None:
            message = (
                f"Conversation already has an active response in progress: {active}. "
                "Wait until the response is finished before creating a new one."
            )
            raise RequestRefused(_wrong("conversation_already_has_active_response", None, message))
        asked = ask(self.talk, event, self._list_input(given), self._draw("resp"), self._at)
        body = {name: value for name, value in (asked.request.json or {}).items() if name != "input"}
        response = OpenResponse(body=body, asked_by=text_in(event, "event_id"))
        self.talk = self.talk._replace(responses=self.talk.responses.insert(asked.lane or "", response))
        self.doings.append(asked)

    def _list_input(self, given: ClientEvent) -> list[RealtimeItemFields]:
        """Return the input of the model: the conversation, or the items that a client gives."""
        if given.get("input") is None:
            return [each.describe() for each in self.talk.conversation]
        return [self._read_input(each, number) for number, each in enumerate(given["input"])]

    def _read_input(self, given: JSON, number: int) -> RealtimeItemFields:
        if isinstance(given, dict) and given.get("type") == "item_reference":
            return self._find({"item_id": given.get("id")}, "retrieve").describe()
        place: Place = (((None, "response"), "input"), number)
        if not isinstance(given, dict):
            raise refuse_type(place, "an object", given)
        return read_item(given, self._draw("item"), place).describe()

    def _find_active(self) -> str | None:
        """Return the id of the response that is added to the conversation, if one is not done."""
        return next(
            (name for name, each in self.talk.responses.items() if each.body.get("conversation_id") is not None), None
        )

    def cancel_response(self, event: ClientEvent) -> None:
        """Stop a response."""
        wanted = text_in(event, "response_id") or self._find_active() or ""
        if wanted not in self.talk.responses:
            raise RequestRefused(
                _wrong("response_cancel_not_active", None, "Cancellation failed: no active response found")
            )
        self._cancel(wanted, "client_cancelled")

    def _cancel(self, response_id: str, reason: str) -> None:
        response = self.talk.responses[response_id]
        self.doings.append(Stop(response_id))
        if not response.is_begun:
            self._say("response.created", response=describe_response(response.body))
        output = response.output
        if (opened := response.open_item) is not None:
            output = (*output, self._end_item(response_id, response, opened))
        details = {"type": "cancelled", "reason": reason}
        done = describe_response(
            response.body, status="cancelled", status_details=details, output=output, usage=NO_USAGE
        )
        self._say("response.done", response=done)
        self.talk = self.talk._replace(responses=self.talk.responses.remove(response_id))

    def _end_item(self, response_id: str, response: OpenResponse, opened: OpenItem) -> RealtimeItemFields:
        item, place = dict(opened.item), {"response_id": response_id, "output_index": opened.output_index}
        inside = {**place, "item_id": item["id"]}
        said, sound = read_deltas(opened)
        if item.get("type") in {"function_call", mcp.CALL}:
            item["arguments"] = said
        if item.get("type") == "function_call":
            call = {"call_id": item.get("call_id"), "name": item.get("name"), "arguments": said}
            self._say("response.function_call_arguments.done", **inside, **call)
        elif opened.has_part:
            part = {**inside, "content_index": 0}
            aloud = "text" not in (response.body.get("output_modalities") or ())
            kind, key = ("audio", "transcript") if aloud else ("text", "text")
            if aloud:
                self._say("response.output_audio.done", **part)
            self._say(f"response.output_{'audio_transcript' if aloud else 'text'}.done", **part, **{key: said})
            self._say("response.content_part.done", **part, part={"type": kind, key: said})
            item["content"] = [{"type": f"output_{kind}", key: said}]
        if "status" in item:
            item["status"] = "incomplete"
        if (kept := self.talk.conversation.find(str(item["id"]))) is not None:
            kept = replace(kept, shown=item, audio=sound)
            self.talk = self.talk._replace(conversation=self.talk.conversation.put(kept, None))
            self._say(
                "conversation.item.done", previous_item_id=self.talk.conversation.find_previous(kept.id), item=item
            )
        self._say("response.output_item.done", **place, item=item)
        return item

    # What happens by itself

    def finish(self, lane: str) -> None:
        """Let begin what waited for an answer, and count silence from here on."""
        talk = self.talk
        if lane in talk.hearing:
            self.talk = self.talk._replace(hearing=tuple(each for each in talk.hearing if each != lane))
            if not self.talk.hearing:
                waiting = self.talk.waiting
                self.talk = self.talk._replace(waiting=())
                for event in waiting:
                    self._event_id = text_in(event, "event_id")
                    try:
                        self._respond(event)
                    except RequestRefused as refused:
                        self._refuse(refused.failure)
            return
        if lane in talk.responses:
            self.talk = self.talk._replace(responses=talk.responses.remove(lane))
        if talk.find_list(lane) is None:
            self._count_silence()

    def _count_silence(self) -> None:
        detection = turn_detection_of(self.talk.session) or {}
        ms = detection.get("idle_timeout_ms")
        if not isinstance(ms, int) or self.talk.responses:
            return
        last = next((each for each in reversed(self.talk.conversation.items) if each.audio), None)
        plays = FORMATS[format_of(self.talk.session, "output")].count_ms(len(last.audio)) if last else 0
        self.talk = self.talk._replace(wakes=self.talk.wakes + 1)
        self.doings.append(Wake((ms + plays) / 1_000, self.talk.wakes))

    def wake(self, mark: int) -> None:
        """Let the model go on, if nobody said anything for as long as the session allows."""
        if mark != self.talk.wakes or self.talk.responses or self.talk.sound.speaks or self.talk.hearing:
            return
        detection = turn_detection_of(self.talk.session) or {}
        end = self.talk.sound.ms
        buffer, sound = self.talk.sound.take()
        self.talk = self.talk._replace(sound=buffer)
        item_id, before = self._draw("item"), self.talk.conversation.last_id
        self._say(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=max(0, end - int(detection.get("idle_timeout_ms") or 0)),
            audio_end_ms=end,
            item_id=item_id,
        )
        self._say("input_audio_buffer.committed", previous_item_id=before, item_id=item_id)
        self._add(replace(user_audio(item_id, sound), heard=""), before)
        self._respond({"type": "input_audio_buffer.timeout_triggered"})


_LEAST_MS = 100
_INVALID_JSON = Failure(
    status=400, type=INVALID, code="invalid_json", message="The event could not be parsed as a JSON object."
)


def _wrong(code: str, param: str | None, message: str) -> Failure:
    return Failure(status=400, type=INVALID, code=code, param=param, message=message)


def _any_key(place: object, name: str) -> None:
    del place, name


_RESPONSE = Fields(
    checks={
        **MODEL_CHECKS,
        "audio": OUTPUT_CHECK,
        "conversation": text(),
        "input": array(anything),
        "metadata": table(text(most=512), expected="an object", most=16, refuse_key=_any_key),
    },
    closed=True,
)
_CHECKS: dict[str, dict[str, Check]] = {
    "session.update": {"session": an_object},
    "conversation.item.create": {"item": an_object},
    "conversation.item.retrieve": {"item_id": text()},
    "conversation.item.delete": {"item_id": text()},
    "conversation.item.truncate": {"item_id": text(), "content_index": integer(0), "audio_end_ms": integer(0)},
    "input_audio_buffer.append": {"audio": text()},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "output_audio_buffer.clear": {},
    "response.create": {},
    "response.cancel": {},
}
"""The fields that each event must have."""
_FIELDS = {
    kind: Fields(checks={"event_id": text(most=512), **checks}, needs=tuple(checks)) for kind, checks in _CHECKS.items()
}
_EVENTS: dict[str, Callable[[_Hearing, ClientEvent], None]] = {
    "session.update": _Hearing.update_session,
    "conversation.item.create": _Hearing.create_item,
    "conversation.item.retrieve": _Hearing.retrieve_item,
    "conversation.item.delete": _Hearing.delete_item,
    "conversation.item.truncate": _Hearing.truncate_item,
    "input_audio_buffer.append": _Hearing.append_sound,
    "input_audio_buffer.commit": _Hearing.commit_sound,
    "input_audio_buffer.clear": _Hearing.clear_sound,
    "output_audio_buffer.clear": _Hearing.clear_output,
    "response.create": _Hearing.create_response,
    "response.cancel": _Hearing.cancel_response,
}
