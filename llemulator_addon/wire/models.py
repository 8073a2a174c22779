"""The names of OpenAI's models, and what GET /v1/models says of each.

The names that the official SDK has in its types are in `model_names.py`, which is generated; what a model can do is in
`families.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from llemulator_addon.wire.api_dates import Day
from llemulator_addon.wire.model_names import MODEL_NAMES, SHUTDOWN_DATES, ModelKind

SIMULATED_MODEL = "gpt-sim-1"
"""A model of our own: its unmatched requests are always simulated."""


ACTING_MODELS = (
    "credit-error",
    "rate-limit-error",
    "server-error",
    "overloaded-error",
    "auth-error",
    "timeout-error",
)
"""Names that make a request fail, always valid and never listed; `engine/failing_models.py` says how."""


def base_model(model: str) -> str:
    """Return the name of the model that a fine-tuned one was made from (`ft:BASE:organization:suffix:id`)."""
    return model.split(":", 2)[1] if model.startswith("ft:") else model


def resolve_alias(model: str) -> str:
    """Return what the API writes into `model` of its answer: an alias becomes the snapshot that it stands for."""
    return SNAPSHOTS.get(model, model)


def serves(model: str, kind: ModelKind) -> bool:
    """Whether OpenAI has this model at that kind of endpoint. Names that are not known are served everywhere."""
    name = base_model(model)
    return kind in DEFAULT_MODELS.get(name, (kind,))


def find_created(model: str) -> int:
    """Return `created` of a model object, in seconds since the epoch: recorded, or the day in the dated name."""
    name = base_model(model)
    if name in CREATED:
        return CREATED[name]
    day = _day_in(resolve_alias(name))
    return int(day.timestamp()) if day else UNKNOWN_CREATED


def find_owner(model: str) -> str:
    """Return `owned_by` of a model object; of a fine-tuned one the organization in its name."""
    if model.startswith("ft:"):
        return model.split(":")[2] if model.count(":") > 1 else "system"
    return OWNERS.get(model, "system")


def shutdown_date(model: str) -> str | None:
    """Return the announced last day of a model as an ISO date."""
    return SHUTDOWN_DATES.get(base_model(model))


def is_shut_down(model: str, day: Day) -> bool:
    """Whether a model is gone on a day: from its last one on."""
    last = shutdown_date(model)
    return last is not None and last <= day


# Served or documented, but not in the SDK's types, and our own (litellm; recorded listings of 2025-11 and 2025-12).
ALSO_SERVED: Mapping[str, tuple[ModelKind, ...]] = MappingProxyType(
    {
        "chat-latest": ("chat", "responses"),
        "gpt-3.5-turbo-instruct-0914": ("completions",),
        "gpt-4o-mini-transcribe-2025-03-20": ("transcriptions",),
        "gpt-4o-mini-tts-2025-03-20": ("speech",),
        "gpt-5-search-api": ("chat",),
        "gpt-5-search-api-2025-10-14": ("chat",),
        "gpt-5.1-codex-mini": ("responses",),
        "gpt-5.2-codex": ("responses",),
        "gpt-5.3-codex": ("responses",),
        "gpt-5.4-2026-03-05": ("chat", "responses"),
        "gpt-5.4-pro": ("responses",),
        "gpt-5.4-pro-2026-03-05": ("responses",),
        "gpt-5.6": ("chat", "responses"),
        "gpt-audio": ("chat", "realtime", "responses"),
        "gpt-audio-2025-08-28": ("chat", "realtime", "responses"),
        "gpt-image-1.5-2025-12-16": ("images",),
        "gpt-realtime-translate": ("realtime",),
        SIMULATED_MODEL: ("chat", "completions", "responses"),
        "tts-1-1106": ("speech",),
        "tts-1-hd-1106": ("speech",),
    }
)

# Where the SDK's types are wider than the API: `ChatModel` is the type of `model` in both, but these are served by one
# only (litellm's `supported_endpoints`; ai-sdk).
ONLY_RESPONSES = ("codex-mini-latest", "gpt-5.1-codex")
ONLY_CHAT = (
    "gpt-3.5-turbo-16k",
    "gpt-4-32k",
    "gpt-4-vision-preview",
    "gpt-4o-audio-preview",
    "gpt-4o-mini-audio-preview",
    "gpt-4o-mini-search-preview",
    "gpt-4o-search-preview",
    "o1-mini",
    "o1-preview",
)


def _kinds(name: str, kinds: tuple[ModelKind, ...]) -> tuple[ModelKind, ...]:
    """Leave out what the API does not serve."""
    if name.startswith(ONLY_RESPONSES):
        return tuple(kind for kind in kinds if kind != "chat")
    if name.startswith(ONLY_CHAT):
        return tuple(kind for kind in kinds if kind != "responses")
    return kinds


DEFAULT_MODELS: Mapping[str, tuple[ModelKind, ...]] = MappingProxyType(
    {name: _kinds(name, kinds) for name, kinds in sorted({**MODEL_NAMES, **ALSO_SERVED}.items())}
)
"""Every name that is valid unless a script lists others, and its purpose."""

# What an alias stood for when there were several snapshots, or where the snapshot is named otherwise. The gpt-3.5 and
# gpt-4 ones, gpt-4o, audio: docs and recorded; instruct, ada-002 and moderation: recorded.
_NOT_BY_RULE = {
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-16k": "gpt-3.5-turbo-16k-0613",
    "gpt-3.5-turbo-instruct": "gpt-3.5-turbo-instruct:20230824-v2",
    "gpt-4": "gpt-4-0613",
    "gpt-4-32k": "gpt-4-32k-0613",
    "gpt-4-turbo-preview": "gpt-4-0125-preview",
    "gpt-4-vision-preview": "gpt-4-1106-vision-preview",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-audio-preview": "gpt-4o-audio-preview-2025-06-03",
    "gpt-4o-realtime-preview": "gpt-4o-realtime-preview-2025-06-03",
    "gpt-audio-mini": "gpt-audio-mini-2025-12-15",
    "gpt-realtime-mini": "gpt-realtime-mini-2025-12-15",
    "text-embedding-ada-002": "text-embedding-ada-002-v2",
    "text-moderation-latest": "text-moderation-007",
    "text-moderation-stable": "text-moderation-007",
}


def _day_in(name: str) -> datetime | None:
    """Read the day at the end of a dated name."""
    try:
        return datetime.strptime(name[-11:], "-%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _only_snapshots() -> Iterator[tuple[str, str]]:
    """Give the aliases that have exactly one dated snapshot among the known names."""
    dated = [name for name in DEFAULT_MODELS if _day_in(name)]
    aliases = [name[:-11] for name in dated]
    return ((alias, name) for alias, name in zip(aliases, dated, strict=True) if aliases.count(alias) == 1)


SNAPSHOTS: Mapping[str, str] = MappingProxyType(
    {alias: name for alias, name in _only_snapshots() if alias in DEFAULT_MODELS} | _NOT_BY_RULE
)
"""From an alias to the name that answers carry."""

UNKNOWN_CREATED = 1_767_225_600
"""2026-01-01, for a name with no day in it and no recording."""

# Recorded in published listings of GET /v1/models of 2023-11 to 2026-03.
CREATED: Mapping[str, int] = MappingProxyType(
    {
        "babbage-002": 1692634615,
        "chatgpt-4o-latest": 1723515131,
        "codex-mini-latest": 1746673257,
        "dall-e-2": 1698798177,
        "dall-e-3": 1698785189,
        "davinci-002": 1692634301,
        "gpt-3.5-turbo": 1677610602,
        "gpt-3.5-turbo-0125": 1706048358,
        "gpt-3.5-turbo-0301": 1677649963,
        "gpt-3.5-turbo-0613": 1686587434,
        "gpt-3.5-turbo-1106": 1698959748,
        "gpt-3.5-turbo-16k": 1683758102,
        "gpt-3.5-turbo-16k-0613": 1685474247,
        "gpt-3.5-turbo-instruct": 1692901427,
        "gpt-3.5-turbo-instruct-0914": 1694122472,
        "gpt-4": 1687882411,
        "gpt-4-0125-preview": 1706037612,
        "gpt-4-0314": 1687882410,
        "gpt-4-0613": 1686588896,
        "gpt-4-1106-preview": 1698957206,
        "gpt-4-turbo": 1712361441,
        "gpt-4-turbo-2024-04-09": 1712601677,
        "gpt-4-turbo-preview": 1706037777,
        "gpt-4-vision-preview": 1698894917,
        "gpt-4.1": 1744316542,
        "gpt-4.1-2025-04-14": 1744315746,
        "gpt-4.1-mini": 1744318173,
        "gpt-4.1-mini-2025-04-14": 1744317547,
        "gpt-4.1-nano": 1744321707,
        "gpt-4.1-nano-2025-04-14": 1744321025,
        "gpt-4o": 1715367049,
        "gpt-4o-2024-05-13": 1715368132,
        "gpt-4o-2024-08-06": 1722814719,
        "gpt-4o-2024-11-20": 1739331543,
        "gpt-4o-audio-preview": 1727460443,
        "gpt-4o-audio-preview-2024-10-01": 1727389042,
        "gpt-4o-audio-preview-2024-12-17": 1734034239,
        "gpt-4o-audio-preview-2025-06-03": 1748908498,
        "gpt-4o-mini": 1721172741,
        "gpt-4o-mini-2024-07-18": 1721172717,
        "gpt-4o-mini-audio-preview": 1734387424,
        "gpt-4o-mini-audio-preview-2024-12-17": 1734115920,
        "gpt-4o-mini-realtime-preview": 1734387380,
        "gpt-4o-mini-realtime-preview-2024-12-17": 1734112601,
        "gpt-4o-mini-search-preview": 1741391161,
        "gpt-4o-mini-search-preview-2025-03-11": 1741390858,
        "gpt-4o-mini-transcribe": 1742068596,
        "gpt-4o-mini-tts": 1742403959,
        "gpt-4o-realtime-preview": 1727659998,
        "gpt-4o-realtime-preview-2024-10-01": 1727131766,
        "gpt-4o-realtime-preview-2024-12-17": 1733945430,
        "gpt-4o-realtime-preview-2025-06-03": 1748907838,
        "gpt-4o-search-preview": 1741388720,
        "gpt-4o-search-preview-2025-03-11": 1741388170,
        "gpt-4o-transcribe": 1742068463,
        "gpt-4o-transcribe-diarize": 1750798887,
        "gpt-5": 1754425777,
        "gpt-5-2025-08-07": 1754075360,
        "gpt-5-chat-latest": 1754073306,
        "gpt-5-codex": 1757527818,
        "gpt-5-mini": 1754425928,
        "gpt-5-mini-2025-08-07": 1754425867,
        "gpt-5-nano": 1754426384,
        "gpt-5-nano-2025-08-07": 1754426303,
        "gpt-5-pro": 1759469822,
        "gpt-5-pro-2025-10-06": 1759469707,
        "gpt-5-search-api": 1759514629,
        "gpt-5-search-api-2025-10-14": 1760043960,
        "gpt-5.1": 1762800673,
        "gpt-5.2": 1765313051,
        "gpt-5.2-pro": 1765343983,
        "gpt-5.4": 1772654062,
        "gpt-audio": 1756339249,
        "gpt-audio-2025-08-28": 1756256146,
        "gpt-audio-mini": 1759512027,
        "gpt-audio-mini-2025-10-06": 1759512137,
        "gpt-image-1": 1745517030,
        "gpt-image-1-mini": 1758845821,
        "gpt-realtime": 1756271701,
        "gpt-realtime-2025-08-28": 1756271773,
        "gpt-realtime-mini-2025-10-06": 1759517175,
        "o1": 1734375816,
        "o1-2024-12-17": 1734326976,
        "o1-mini": 1725649008,
        "o1-mini-2024-09-12": 1725648979,
        "o1-preview": 1725648897,
        "o1-preview-2024-09-12": 1725648865,
        "o1-pro": 1742251791,
        "o1-pro-2025-03-19": 1742251504,
        "o3": 1744225308,
        "o3-2025-04-16": 1744133301,
        "o3-mini": 1737146383,
        "o3-mini-2025-01-31": 1738010200,
        "o4-mini": 1744225351,
        "o4-mini-2025-04-16": 1744133506,
        "o4-mini-deep-research": 1749685485,
        "o4-mini-deep-research-2025-06-26": 1750866121,
        "omni-moderation-2024-09-26": 1732734466,
        "omni-moderation-latest": 1731689265,
        "sora-2": 1759708615,
        "sora-2-pro": 1759708663,
        "text-embedding-3-large": 1705953180,
        "text-embedding-3-small": 1705948997,
        "text-embedding-ada-002": 1671217299,
        "tts-1": 1681940951,
        "tts-1-1106": 1699053241,
        "tts-1-hd": 1699046015,
        "tts-1-hd-1106": 1699053533,
        "whisper-1": 1677532384,
    }
)

# Recorded in the same listings; everything since 2023-11 is owned by "system".
OWNERS: Mapping[str, str] = MappingProxyType(
    {
        "gpt-3.5-turbo": "openai",
        "gpt-3.5-turbo-0301": "openai",
        "gpt-3.5-turbo-0613": "openai",
        "gpt-3.5-turbo-16k": "openai-internal",
        "gpt-3.5-turbo-16k-0613": "openai",
        "gpt-4": "openai",
        "gpt-4-0314": "openai",
        "gpt-4-0613": "openai",
        "text-embedding-ada-002": "openai-internal",
        "tts-1": "openai-internal",
        "whisper-1": "openai-internal",
    }
)
