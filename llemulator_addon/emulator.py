"""The whole program without a way in: a request goes to an admin route or to the engine."""

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Literal, assert_never

from llemulator_addon.admin import dispatch, metrics, preset_queue
from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.admin.processes import answer_question
from llemulator_addon.admin.route import Server
from llemulator_addon.admin.waiting import write_waiting
from llemulator_addon.core.console_file import FindFile, find_nothing
from llemulator_addon.core.egress import EgressReport
from llemulator_addon.core.gauges import Gauges, WriteMetrics
from llemulator_addon.core.outcome import NOTHING_SENT, Answered, Ask, Converse, Ending, Forward, Outcome, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Resources
from llemulator_addon.core.server_settings import ServerSettings
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId, SessionKey
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import PlayedAnswer, Steps
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.engine.decide import decide, refuse
from llemulator_addon.engine.due import DueNow, end_attempt, take_due
from llemulator_addon.engine.fallback import no_room_for_unread, no_room_to_wait, session_forgotten, store_failed
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.loaded_script import LoadedScript, ScriptSettings
from llemulator_addon.engine.manual import no_room, nobody_answered
from llemulator_addon.engine.session import CONNECTIONS, Policy, Progress, Session, load
from llemulator_addon.live.admin_access import AdminAccess
from llemulator_addon.live.batch_work import looks_at_batches, work_due
from llemulator_addon.live.draining import Draining
from llemulator_addon.live.large_requests import Ahead, Decide, decide_at_once, is_large
from llemulator_addon.live.manual_queue import Waiting
from llemulator_addon.live.model_servers import ModelServers, Pause, pause_never
from llemulator_addon.live.news import Happening, News, Peer, Sent
from llemulator_addon.live.open_calls import OpenCalls, find_end_of_call
from llemulator_addon.live.preset_queues import AskedSession, QueuedAddresses
from llemulator_addon.live.room import Room, size_asked, size_waiting
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.live.token_queue import DecidedSession, MustWait, Turn, Turns, decide_out_of_turn
from llemulator_addon.live.unclaimed import UnclaimedRequests
from llemulator_addon.live.unread import SMALL, Unread, size_unread
from llemulator_addon.live.watcher import Watcher, Watchers
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.script.reader import Script
from llemulator_addon.simulate.settings import SimulationSettings as Simulation
from llemulator_addon.store.port import Beginnings, Limits, OpenStore, StoreFailed
from llemulator_addon.wire import errors
from llemulator_addon.wire.cors import add_cors, preflight
from llemulator_addon.wire.credentials import is_address, key_of, session_of, token_of
from llemulator_addon.wire.endpoints.images import answer_picture, is_picture
from llemulator_addon.wire.models import DEFAULT_MODELS
from llemulator_addon.wire.prices import FindPrices, Prices
from llemulator_addon.wire.responses.history import forget_recent
from llemulator_addon.wire.vocabulary import published
from llemulator_addon.wire.webhooks import SendResult
from llemulator_addon.wire.websocket import wants_websocket


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorSettings(ServerSettings):
    """The settings with which the server is started."""

    version: str = ""
    """Of this program."""
    run: str = ""
    """A name that no other run of the program has."""
    access: AdminAccess = field(default_factory=AdminAccess)
    """Who may use the admin routes about sessions of others."""
    names: Container[str] = ()
    """Extra host names under which the admin routes answer."""
    console: FindFile = find_nothing
    """The files of the console."""
    prices: FindPrices = Prices
    """The prices of models; without them no cost is shown."""
    script: Script | None = None
    """The default script: every token that has none of its own plays it, with counters of its own."""
    has_preset_queues: bool = False
    """Whether clients whose token has no script are answered from the queue of their address, then by a person."""
    readers: Mapping[str, Callable[[bytes], str]] = field(default_factory=dict)
    """By extension: how the text of a document is read, where a library for it is installed."""
    ca_certificate: bytes | None = None
    """PEM."""
    write_metrics: WriteMetrics | None = None
    """None: nobody counts."""
    draining: Draining = field(default_factory=Draining)
    pause: Pause = pause_never
    """Waits while a model server works on an answer that is sent as a whole."""


class Emulator:
    """Answers requests, and keeps the sessions."""

    def __init__(self, settings: EmulatorSettings, open_store: OpenStore) -> None:
        """Take the settings and what opens a store. Raises `ScriptError`, and what opening the store raises.

        The default script is compiled once, for all tokens.
        """
        self._bare = Session(
            script=LoadedScript(server=ScriptSettings(seed=settings.seed, upstreams=settings.upstream)),
            resources=Resources(size_limit=min(settings.stored_size, settings.all_stored_size)),
            journal=Journal(
                limit=settings.journal_entries, size_limit=min(settings.journal_size, settings.journals_size)
            ),
            policy=replace(
                Policy.copy_from(settings),
                readers=settings.readers,
                script_size=min(settings.script_size, settings.sessions_size),
                model_names=dict.fromkeys(settings.models or DEFAULT_MODELS),
                simulation=Simulation.copy_from(settings),
            ),
        )
        self._queued = QueuedAddresses(all_addresses=settings.has_preset_queues)
        self._fresh = self._bare if settings.script is None else self._playing(settings.script)
        self._store = open_store(
            Beginnings(fresh=self._fresh_for, bare=self._bare_for),
            Limits(sessions=settings.sessions_size, journals=settings.journals_size, stored=settings.all_stored_size),
        )
        self._ahead = Ahead(settings.request_values)
        self._turns = Turns(self._store.link)
        self.news = News(self._store.link, settings.run)
        self.calls = OpenCalls(self._store)
        self._room = Room(settings.waiting_size)
        self._servers = ModelServers(settings.capacity, self._room, settings.pause)
        self._servers.play_by_default(settings.script)
        self._unread = Unread(settings.unread_size)
        self._unrecorded = count(1)
        self._waiting = Waiting(self._store.link, write_waiting)
        self._unclaimed = UnclaimedRequests()
        self._egress: EgressReport = tuple
        self._watchers = Watchers()
        self._look_at_deliveries: Callable[[SessionKey], None] | None = None
        self._server = Server(
            store=self._store,
            fresh=self._fresh_for,
            bare=self._bare_for,
            debug=settings.debug,
            ca_certificate=settings.ca_certificate,
            egress=lambda: self._egress(),  # noqa: PLW0108 - it is chosen later
            waiting=self._waiting,
            access=settings.access,
            queued=self._queued,
            news=self.news,
            room=self._room,
            turns=self._turns,
            calls=self.calls,
            version=settings.version,
            names=settings.names,
            console=settings.console,
            prices=settings.prices,
            write_metrics=settings.write_metrics,
            draining=settings.draining,
            model_servers=self._servers,
            unclaimed=self._unclaimed.list,
        )
        self._store.link.answer_with(partial(answer_question, self._server))

    async def answer(self, request: Request) -> Answered:
        """Decide what happens to a request. Raises only where this program is wrong.

        Where a script says `serialize`, this waits until `note_end` was called for the token's answer before, and where
        the fallback is `manual`, for a person. The player of answers therefore calls `note_end` for each, and may
        cancel this when the client leaves while it waits.
        """
        try:
            answered = await self._answer(self._servers.name_capacity(request))
            if (call := find_end_of_call(request, answered)) is not None:
                await self.calls.end(call)
        except StoreFailed as failed:
            answered = Play(add_cors(errors.steps_of(store_failed(str(failed)), Stamp(0, 0)), request))
            self._watchers.note_play(request, answered)
            return answered
        if self._look_at_deliveries is not None and (token := session_of(request)) is not None:
            self._look_at_deliveries(key_of(token))
        if not isinstance(answered, Play):
            return answered
        self._watchers.note_play(request, answered)
        return self._hold(answered, request)

    async def _answer(self, request: Request) -> Answered:
        token = session_of(request)
        if self._queued.serves(request.client) and not is_admin(request):
            token = await self._queued.name_session(self._store, request)
        if request.host == published.HOST or is_picture(request):
            answer_anybody = published.answer if request.host == published.HOST else answer_picture
            return Play(await run_in_thread(partial(answer_anybody, request), LARGE))
        if token is not None and looks_at_batches(request):
            await work_due(self._store, self._ahead, key_of(token), request)
        if is_admin(request):
            return _play(await dispatch.answer(request, self._server), None)
        if token_of(request) is None and (allowed := preflight(request)) is not None:
            # Browsers send it without a key; the request itself comes after it.
            return Play(allowed)
        if token is None:
            self._unclaimed.note(request, "")
            refused = await self._store.change(ANONYMOUS, partial(_refuse_anonymous, request=request))
            return await self._ready(refused, request)
        return await self._queued.answer(token, request, self._store, self._answer_token)

    async def _answer_token(self, asked: AskedSession, request: Request) -> Answered:
        # The session is looked at when it is decided about: to read it before would ask the store once more.
        seen = DecidedSession(may_wait=not wants_websocket(request), is_queue=asked.is_queue)
        try:
            outcome = await self._decide(asked, request, seen)
        except MustWait:
            outcome = None
        if seen.owner != "token":
            self._unclaimed.note(request, asked.token)
        if outcome is None:
            return await self._answer_in_turn(asked, request)
        return await self._ready(outcome, request)

    async def _answer_in_turn(self, asked: AskedSession, request: Request) -> Answered:
        key = key_of(asked.token)
        # One that was never seen begins its life now.
        session = await self._store.change(key, lambda session: (session, session))
        turn = await self._turns.come(key, session.life)
        with self._room.hold(0 if turn.is_now else size_waiting(request)) as fits:
            if not fits:
                self._turns.leave(turn)
                full = errors.steps_of(no_room_to_wait(self._room.limit), session.stamp)
                return Play(add_cors(full, request))
            came = await self._turns.wait(turn)
        if not came:
            forgotten = errors.steps_of(session_forgotten("its turn"), session.stamp)
            return Play(add_cors(forgotten, request))
        return await self._ready(await self._decide_in_turn(turn, asked, request), request)

    async def preset_queues(self) -> Mapping[str, Sequence[preset_queue.Preset]]:
        """Return the answers that wait in queues, by address."""
        return await preset_queue.list_queues(self._server)

    async def fill_preset_queues(self, value: object) -> None:
        """Replace queues by what `preset_queues` returned, as JSON; raises `RequestRefused`."""
        await preset_queue.fill_all(self._server, preset_queue.read_queues(value))

    async def answer_connect(self, host: str) -> ConnectionFault | None:
        """Return what happens to a CONNECT to a host, if a script wants anything to happen to it.

        At that moment no token is known: such rules act for the whole proxy, for all tokens, and count by `times`.
        """
        return await self._connection_fault("connect", host)

    async def answer_tls(self, host: str) -> ConnectionFault | None:
        """Return what happens to the TLS handshake of a client that asked for a host, as `answer_connect` does."""
        return await self._connection_fault("tls", host)

    def watch_requests(self, watcher: Watcher) -> None:
        """Tell one more watcher of each request once its answer has ended, or when it begins to wait for a person."""
        self._watchers.add(watcher)

    def watch_egress(self, report: EgressReport) -> None:
        """Take from a way in, which sees all traffic, how to learn what became of it."""
        self._egress = report

    async def play_by_default(self, script: Script) -> None:
        """Put another script in place of the default script. Tokens that have none of their own play it from its start.

        The other parts of such a token stay: its journal, stored resources and clock.
        """
        fresh = await run_in_thread(partial(self._playing, script), LARGE)
        self._fresh = fresh
        self._servers.play_by_default(script)

        def transition(session: Session) -> Session:
            played = session if session.script.owner == "token" else session.play(fresh.script)
            return self._add_connection_rules(played) if session.key == ANONYMOUS else played

        # A store that fails now learns of the script when it is read again.
        with suppress(StoreFailed):
            await self._store.change_all(transition)
        self.news.tell("script")

    async def measure(self) -> Gauges:
        """Return the server as it is now, for its metrics."""
        return await metrics.measure(self._server)

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    def watch_deliveries(self, look: Callable[[SessionKey], None]) -> None:
        """Tell who sends webhooks of each session in which something may be due."""
        self._look_at_deliveries = look

    async def take_due(self, key: SessionKey, at: float) -> DueNow:
        """Return the webhooks that are to be sent at a time, in seconds since the epoch."""
        request = Request(method="GET", path="/v1/batches", at=at)
        await work_due(self._store, self._ahead, key, request)
        return await self._store.change(key, partial(take_due, request=request))

    async def end_attempt(self, key: SessionKey, number: int, attempt: SendResult, at: float) -> None:
        """Note the end of an attempt to send a webhook."""
        request = Request(method="GET", path="/", at=at)
        await self._store.change(key, lambda session: (end_attempt(session, request, number, attempt), None))

    async def sessions(self) -> tuple[Session, ...]:
        """Return every session; one among them is that of requests without a token."""
        return await self._store.all()

    async def came(self, exchange: ExchangeId, steps: Steps) -> None:
        """Note what an upstream answered, as far as it came; `exchange` is the outcome's."""
        await self._note(exchange, lambda journal, number: journal.note_answer(number, steps))
        self.news.tell("answered", exchange.session, exchange)

    def note_sent(self, exchange: ExchangeId, sends: int, bytes_sent: int) -> None:
        """Tell how far an answer is; `exchange` is the outcome's."""
        self.news.tell("sent", exchange.session, exchange, Sent(sends, bytes_sent))

    async def note_messages(self, exchange: ExchangeId, messages: Sequence[TalkMessage]) -> None:
        """Note messages of a WebSocket connection; `exchange` is that of its handshake."""
        await self._note(exchange, lambda journal, number: journal.note_messages(number, messages))

    async def forget_talk(self, exchange: ExchangeId, talk: str) -> None:
        """Forget what was kept for a WebSocket connection alone; `exchange` is that of its handshake."""

        def transition(session: Session) -> tuple[Session, None]:
            if session.life != exchange.life:
                return session, None
            return session.change(resources=forget_recent(session.resources, talk)), None

        with suppress(StoreFailed):
            await self._store.change(exchange.session, transition)

    async def note_end(self, exchange: ExchangeId, ending: Ending) -> None:
        """Note how the playing of an answer ended; `exchange` is the outcome's."""
        self._unread.let_go(exchange)
        self._servers.leave(exchange)
        if not exchange.life:
            return
        ending = self._server.draining.name_end(ending)
        self._turns.leave_with(exchange)
        journal = await self._note(exchange, lambda journal, number: journal.note_end(number, ending))
        self.news.tell("ended", exchange.session, exchange)
        self._watchers.note_end(exchange, None if journal is None else journal.find(exchange.number), ending)

    async def _note(self, exchange: ExchangeId, note: Callable[[Journal, int], Journal]) -> Journal | None:
        """Note something about an exchange, and return the journal.

        None if its session was forgotten meanwhile, or if the store fails: the client has its answer all the same.
        """

        def transition(session: Session) -> tuple[Session, Journal | None]:
            if session.life != exchange.life:
                return session, None
            journal = note(session.journal, exchange.number)
            return session.change(journal=journal), journal

        try:
            return await self._store.change(exchange.session, transition)
        except StoreFailed:
            return None

    def _decide_within_room(self, session: Session, request: Request) -> tuple[Session, Outcome]:
        """Decide; an answer for which there is no room is not given, and nothing is used up for it."""
        after, outcome = decide(session, request)
        if not isinstance(outcome, Play):
            return after, outcome
        if outcome.load is not None and (refused := self._servers.refuse(session.key, outcome.load, request)):
            return refuse(session, request, refused)
        if self._unread.fits(size_unread(outcome, request)):
            return after, outcome
        return refuse(session, request, no_room_for_unread(self._unread.limit))

    def _hold(self, play: Play, request: Request) -> Play:
        """Count an answer until it is taken. A request that was not decided is refused here, if there is no room."""
        if (size := size_unread(play, request)) <= SMALL:
            return play
        if (exchange := play.exchange) is None:
            if not self._unread.fits(size):
                return Play(add_cors(errors.steps_of(no_room_for_unread(self._unread.limit), Stamp(0, 0)), request))
            exchange = ExchangeId(ANONYMOUS, 0, next(self._unrecorded))
            play = replace(play, exchange=exchange)
        self._unread.hold(exchange, size)
        return play

    async def _decide(self, asked: AskedSession, request: Request, seen: DecidedSession | None = None) -> Outcome:
        key = key_of(asked.token)
        changed = _Changed() if self.news.is_wanted else None
        deciding: Decide = self._decide_within_room
        if changed is not None:
            deciding = partial(self._decide_noting, changed=changed)
        if seen is not None:
            deciding = partial(decide_out_of_turn, deciding=deciding, seen=seen)
        outcome = None
        if not is_large(request):
            outcome = await decide_at_once(self._store, key, partial(deciding, request=request), unless=asked.unless)
        if outcome is None:
            outcome = await self._ahead.decide(self._store, key, request, deciding, unless=asked.unless)
        if changed is not None:
            self.news.tell("begun", key, outcome.exchange, Peer(request.client, request.client_port))
            for happening in changed.happenings:
                self.news.tell(happening, key)
        return outcome

    def _decide_noting(self, session: Session, request: Request, changed: "_Changed") -> tuple[Session, Outcome]:
        """Decide, and note what changes by it. Only the last call for a request counts."""
        after, outcome = self._decide_within_room(session, request)
        changed.happenings = (
            *(("resources",) if after.resources is not session.resources else ()),
            *(("queue",) if self._queued.is_changed(session, after) else ()),
        )
        return after, outcome

    async def _decide_in_turn(self, turn: Turn, asked: AskedSession, request: Request) -> Outcome:
        try:
            outcome = await self._decide(asked, request)
        except BaseException:
            self._turns.leave(turn)
            raise
        turn.exchange = outcome.exchange
        return outcome

    async def _ready(self, outcome: Outcome, request: Request) -> Answered:
        """Wait for a person where one is asked, and for the model server where there is one."""
        match outcome:
            case Play(exchange=exchange, load=load) if exchange is not None and load is not None:
                try:
                    return await self._servers.begin(outcome, exchange, load, request)
                except BaseException:
                    await self.note_end(exchange, NOTHING_SENT)
                    raise
            case Play() | Forward() | Converse():
                return outcome
            case Ask():
                return _play(await self._ask_person(outcome), outcome.exchange)
            case never:
                assert_never(never)

    async def _ask_person(self, ask: Ask) -> PlayedAnswer:
        key = ask.exchange.session
        with self._room.hold(size_asked(ask, at_most=self._room.limit)) as fits:
            if not fits:
                return await self._store.change(key, partial(no_room, ask=ask, limit=self._room.limit))
            try:
                told = await self._waiting.wait(ask, partial(self._tell_waiting, ask))
            except BaseException:
                await self.note_end(ask.exchange, NOTHING_SENT)
                raise
        if told is None:
            told = await self._store.change(key, partial(nobody_answered, ask=ask))
        self.news.tell("answered", key, ask.exchange)
        return told

    def _tell_waiting(self, ask: Ask) -> None:
        self._watchers.waits(ask)
        self.news.tell("waiting", ask.exchange.session, ask.exchange)

    async def _connection_fault(self, at: Literal["connect", "tls"], host: str) -> ConnectionFault | None:
        with suppress(StoreFailed):  # the requests on the connection are told so
            for key in await self._store.list_marked(CONNECTIONS):
                if fault := await self._store.change(key, lambda session: session.connection(at, host)):
                    return fault
        return None

    def _playing(self, script: Script) -> Session:
        """Return the session of a token that was never seen, with this default script."""
        played = load(self._bare, script, fresh=self._bare, bare=self._bare)
        index, server = played.script.index, self._bare.script.server.apply(script)
        index.prepare()
        # What is of the default script exists once, and is no token's own.
        default = LoadedScript(owner="server" if index.rules else "nobody", index=index, server=server)
        return played.change(script=default)

    def _fresh_for(self, key: SessionKey) -> Session:
        session = self._wait_behind_queue(self._fresh.change(key=key, progress=Progress()))
        return self._add_connection_rules(session) if key == ANONYMOUS else session

    def _add_connection_rules(self, session: Session) -> Session:
        """Give one session those of the default script: they are counted once, and not once for each token."""
        return session.change(progress=self._fresh.progress)

    def _bare_for(self, key: SessionKey) -> Session:
        return self._wait_behind_queue(self._bare.change(key=key))

    def _wait_behind_queue(self, session: Session) -> Session:
        """Let a person answer where the queue of an address is empty, if all addresses have one."""
        if not self._queued.all_addresses or not is_address(session.key.name):
            return session
        return replace(session, policy=replace(session.policy, on_unmatched="manual"))


@dataclass(slots=True)
class _Changed:
    """The changes by a decision."""

    happenings: tuple[Happening, ...] = ()


def _refuse_anonymous(session: Session, *, request: Request) -> tuple[Session, Outcome]:
    return refuse(session, request, errors.no_key(request.path))


def _play(told: PlayedAnswer, exchange: ExchangeId | None) -> Play:
    return Play(told.steps, exchange, told.whole, told.holds, told.is_slow, told.rest, told.tokens)
