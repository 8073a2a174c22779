"""The JSON of answers of admin routes, as types: the description of the routes is made of them."""

from typing import Any, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, with_config

from llemulator_addon.core.choices import OnUnmatched, Role
from llemulator_addon.core.outcome import HowEnded

# Exchanges ------------------------------------------------------------------------------------------------------------


class ShownClose(TypedDict):
    """How a WebSocket connection was closed."""

    code: int
    reason: str
    by: Literal["client", "server"]


class ShownEnding(TypedDict):
    """How an answer ended."""

    how: HowEnded
    seconds: float
    bytes_sent: int
    sends: int
    closed: NotRequired[ShownClose]


class ShownTokens(TypedDict):
    """The tokens of an exchange."""

    prompt: int
    answer: int


class ShownMessage(TypedDict):
    """A message of a prompt."""

    role: str
    text: str
    called: NotRequired[list[list[str]]]
    """The name and the arguments of each tool that it calls."""
    answers: NotRequired[str]
    """The call that it answers."""


class ShownPrompt(TypedDict):
    """The prompt in terms that all endpoints share."""

    model: str
    stream: bool
    choices: int
    messages: list[ShownMessage]
    tools: list[str]


class ShownEvent(TypedDict):
    """One event of a stream."""

    event: str | None
    left: float | None
    """Seconds from the head until it left; None: it has not left."""
    value: Any


class ShownAnswer(TypedDict):
    """An answer: of a stream its events, of another its body."""

    headers: dict[str, str]
    body: NotRequired[Any]
    events: NotRequired[list[ShownEvent]]
    goes_on: NotRequired[bool]
    """Whether only its beginning is kept."""
    wait_before_head: float


class ShownTalkMessage(TypedDict):
    """A message on a WebSocket connection."""

    at: float
    by: Literal["client", "server"]
    bytes: int
    exchange: NotRequired[int]
    body: NotRequired[Any]


class ShownConnection(TypedDict):
    """The connection of a request."""

    id: str
    new: bool
    http_version: str
    way: Literal["connect", "absolute", "origin", "tls"]
    handshake: NotRequired[int]
    messages: NotRequired[list[ShownTalkMessage]]
    messages_recorded: NotRequired[int]


class ShownClient(TypedDict):
    """The client, as its headers name it."""

    sdk: str | None
    version: str | None
    retry: int | None
    read_timeout: float | None


class AskedAgain(TypedDict):
    """A recorded request was asked again."""

    object: Literal["request.again"]
    number: int
    again: int


# Waiting requests -----------------------------------------------------------------------------------------------------


class WaitingRequest(TypedDict):
    """A request that waits for a person."""

    object: Literal["waiting"]
    number: int
    at: float
    until: float
    method: str
    host: str
    path: str
    endpoint: str
    model: str
    stream: bool
    user_text: str | None
    prompt: ShownPrompt


class WaitingList(TypedDict):
    """The requests that wait for a person, the first first."""

    object: Literal["list"]
    data: list[WaitingRequest]


class WaitingAnswered(TypedDict):
    """A waiting request got an answer."""

    object: Literal["waiting.answered"]
    number: int
    answered: bool


# Sessions and scripts -------------------------------------------------------------------------------------------------


@with_config(ConfigDict(extra="allow"))
class ShownRule(TypedDict):
    """A rule as a script writes it, and its use."""

    name: str
    answered: int
    left: int | None
    """How often it may still answer; None: without limit."""


class ShownScript(TypedDict):
    """The rules of a session."""

    object: Literal["script"]
    session: str
    owner: Literal["nobody", "server", "token"]
    seed: int
    defaults: dict[str, Any]
    """Those that are in force, as a script writes them."""
    rules: list[ShownRule]


class ScriptLoaded(TypedDict):
    """A script was loaded."""

    object: Literal["script"]
    session: str
    loaded: int
    rules: int


class ScriptDeleted(TypedDict):
    """The rules were forgotten."""

    object: Literal["script.deleted"]
    deleted: bool
    rules: int


class ScriptProblem(TypedDict):
    """A problem of a script, and its place."""

    place: str
    reason: str


class ScriptChecked(TypedDict):
    """A script was checked, and not loaded."""

    object: Literal["script.check"]
    rules: int
    problems: list[ScriptProblem]
    warnings: list[str]


class ShownClock(TypedDict):
    """The clock of a session."""

    object: Literal["clock"]
    session: str
    at: float
    ahead_s: float


class SessionDeleted(TypedDict):
    """A session was cleared."""

    object: Literal["session.deleted"]
    deleted: bool
    session: str


class RuleUse(TypedDict):
    """How often a rule answered."""

    name: str
    times: int | None
    answered: int


class ShownState(TypedDict):
    """A session with its counters."""

    object: Literal["session"]
    session: str
    turn: int
    seed: int
    owner: Literal["nobody", "server", "token"]
    state: str
    clock_ahead_s: float
    serialize: bool
    on_unmatched: OnUnmatched
    upstreams: list[Any]
    models: list[str]
    rules: list[RuleUse]
    exchanges: int


# Checks and traffic ---------------------------------------------------------------------------------------------------


class ShownFinding(TypedDict):
    """One problem."""

    name: str
    sentence: str
    rule: str | None
    requests: list[int]
    evidence: dict[str, Any]


class VerdictCounts(TypedDict):
    """Counts of exchanges."""

    requests: int
    answered: int
    unmatched: int


class VerdictCost(TypedDict):
    """The cost of the tokens of all exchanges, at OpenAI's prices."""

    usd: float
    unpriced: int
    """How many exchanges took tokens whose price is not known; they are not in `usd`."""


class ShownVerdict(TypedDict):
    """The result of verify."""

    object: Literal["verdict"]
    session: str
    passed: bool
    findings: list[ShownFinding]
    counts: VerdictCounts
    cost: VerdictCost


class ShownEgress(TypedDict):
    """The traffic to one host."""

    host: str
    answered: int
    passed: int
    refused: int
    forwarded: int
    with_key: int


class EgressList(TypedDict):
    """The traffic by host."""

    object: Literal["list"]
    data: list[ShownEgress]


class ShownUnclaimed(TypedDict):
    """A request of nobody's session."""

    number: int
    at: float
    method: str
    host: str
    path: str
    session: str
    digest: str


class UnclaimedList(TypedDict):
    """Requests of nobody's session."""

    object: Literal["list"]
    data: list[ShownUnclaimed]


class ShownAccess(TypedDict):
    """The caller's role."""

    object: Literal["access"]
    role: Role | None


# Preset queues --------------------------------------------------------------------------------------------------------


class PresetAdded(TypedDict):
    """Answers were added to a queue."""

    ip: str
    added: int
    length: int


class PresetCleared(TypedDict):
    """A queue was emptied."""

    ip: str
    cleared: int


class PresetsCleared(TypedDict):
    """All queues were emptied."""

    cleared: dict[str, int]


# Webhooks -------------------------------------------------------------------------------------------------------------


class DeliveryAttempt(TypedDict):
    """One attempt to send a delivery."""

    at: float
    status: int | None
    error: str | None


class WebhookDelivery(TypedDict):
    """An event for a webhook, and the attempts to send it."""

    object: Literal["webhook.delivery"]
    number: int
    id: str
    endpoint: str
    url: str
    event: dict[str, Any]
    state: Literal["refused", "pending", "delivered", "failed"]
    next: float | None
    """When it is tried again, on the session's clock."""
    attempts: list[DeliveryAttempt]


class WebhookDeliveries(TypedDict):
    """The deliveries of a session, oldest first."""

    object: Literal["list"]
    data: list[WebhookDelivery]
