"""Facts by the family of a model: how it counts, what it refuses, how much it holds.

Facts only; the texts of errors are elsewhere. The sources are next to the facts, in these short forms:

recorded   answers of the real API that were published, in recordings, listings and reports
docs       OpenAI's pages about models, deprecations and guides
litellm    the model registry in litellm 1.109's wheel
pydantic   pydantic-ai's profiles, which say what was tried on the real API and when (up to 2026-10)
ai-sdk     the model catalog of @ai-sdk/openai 4.0
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from llemulator_addon.core.remembering import remember_calls
from llemulator_addon.wire.capabilities import (
    Embedding,
    Family,
    FormatKind,
    ParameterRefusal,
    ReasoningSupport,
    RefusalWording,
    TextEndpoint,
    Verbosity,
)
from llemulator_addon.wire.models import base_model


def family(model: str) -> Family:
    """Return what is known about a model: by name, alias, snapshot, fine-tuned name or Azure's spelling.

    A name that is not known gets the newest family of its series (`gpt-7`, `o9-mini`), or else one that takes
    everything and does not reason.
    """
    return _family(model)


def find_refusals(of: Family, endpoint: TextEndpoint, *, reasoning: bool) -> Mapping[str, RefusalWording]:
    """Return the parameters that a family refuses at an endpoint, and how. `reasoning` is what `reasons` said."""
    return _remember_refusals(of, endpoint, reasoning)


def _refuse(
    endpoint: TextEndpoint, how: RefusalWording, *parameters: str, while_reasoning: bool = False
) -> tuple[ParameterRefusal, ...]:
    """Write the same refusal for several parameters."""
    return tuple(
        ParameterRefusal(endpoint=endpoint, parameter=parameter, how=how, while_reasoning=while_reasoning)
        for parameter in parameters
    )


_ALL_VERBOSITIES: tuple[Verbosity, ...] = ("low", "medium", "high")
# Reported: `computer_use_preview` of gpt-5.4 and of a deployment without it, `web_search_preview` of gpt-4.1. The pages
# of models say which have no web search; other pairs are open.
_COMPUTER_USE = frozenset({"computer_use_preview"})
_WEB_SEARCH = frozenset({"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"})
SEARCHING_TOOLS = _WEB_SEARCH
"""Types of the tool that searches the web."""

# A model that does not reason takes no effort (recorded: both texts, gpt-4o and gpt-4.1).
_NO_EFFORT = (
    *_refuse("chat", "unrecognized", "reasoning_effort"),
    *_refuse("responses", "unsupported_parameter", "reasoning.effort"),
)
# Recorded: `max_tokens` on o4-mini, gpt-5 and gpt-5.6; `top_p`, also when it is 1, on o1-preview, o4-mini and gpt-5;
# the penalties on gpt-5 and gpt-5.6; `logit_bias` on gpt-5.6. ai-sdk and litellm leave all of them out for every model
# that reasons.
_REASONING_CHAT = (
    *_refuse("chat", "unsupported_parameter", "logit_bias"),
    *_refuse("chat", "unsupported_parameter", "top_p", "presence_penalty", "frequency_penalty", while_reasoning=True),
)
# Recorded: `temperature`; the guide on reasoning says the same of `top_p`. Whether 1 would be taken is not known.
_REASONING_RESPONSES = _refuse("responses", "unsupported_parameter", "temperature", "top_p", while_reasoning=True)
_NO_MAX_TOKENS = _refuse("chat", "unsupported_parameter", "max_tokens")
# Recorded: o1-preview, o1-mini, o3, o4-mini and everything from gpt-5 on take the default temperature ...
_DEFAULT_TEMPERATURE = _NO_MAX_TOKENS + _refuse("chat", "unsupported_value", "temperature", while_reasoning=True)
# ... o3-mini does not take the parameter at all (recorded), and o1 is taken to do the same.
_NO_TEMPERATURE = _NO_MAX_TOKENS + _refuse("chat", "unsupported_parameter", "temperature")
# Recorded: o4-mini and gpt-5 answer 403, and the models before them are taken to do the same ...
_LOGPROBS_FORBIDDEN = _refuse("chat", "forbidden", "logprobs", "top_logprobs")
# ... and from gpt-5.1 on they are unsupported while reasoning, and taken with the effort `none`.
_LOGPROBS_UNSUPPORTED = _refuse("chat", "unsupported_parameter", "logprobs", "top_logprobs", while_reasoning=True)
# Recorded: o3, o4-mini, gpt-5 and later; not o1 and o3-mini (docs).
_NO_STOP = _refuse("chat", "unsupported_parameter", "stop")
# litellm for all of the o series.
_ONE_TOOL_CALL = _refuse("chat", "unsupported_parameter", "parallel_tool_calls")
# Recorded on gpt-5.6.
_NO_PREDICTION = _refuse("chat", "unsupported_parameter", "prediction")
# Recorded for `temperature` and `presence_penalty`; the rest is what litellm leaves out for search models.
_SEARCH_CHAT = _refuse(
    "chat",
    "incompatible",
    *("temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"),
    *("n", "seed", "stop", "parallel_tool_calls"),
)

_O_SERIES = _REASONING_CHAT + _REASONING_RESPONSES + _LOGPROBS_FORBIDDEN + _ONE_TOOL_CALL
# Refusals stand in their order. Reported: of `temperature` and `top_p`, `temperature` is refused first.
_GPT_5 = _DEFAULT_TEMPERATURE + _REASONING_CHAT + _REASONING_RESPONSES + _NO_STOP + _NO_PREDICTION

_TEXT_ONLY: frozenset[FormatKind] = frozenset({"text"})
_JSON_MODE: frozenset[FormatKind] = frozenset({"text", "json_object"})

# It may be anything.
_UNKNOWN = Family(name="unknown", verbosities=_ALL_VERBOSITIES, images_of_any_role=True, searches_in_chat=True)
_OMNI = Family(name="gpt-4o", refusals=_NO_EFFORT, refused_tools=_COMPUTER_USE)
# Windows and limits: litellm and docs. Formats: docs (structured outputs from gpt-4o-2024-08-06 on, JSON mode from the
# models of 1106 on). Functions from 0613 on (docs).
_GPT_4 = Family(
    name="gpt-4",
    encoding="cl100k_base",
    window=8_192,
    output_limit=8_192,
    refusals=_NO_EFFORT,
    formats=_TEXT_ONLY,
    fingerprint="null",
    images=False,
    refused_tools=_COMPUTER_USE | _WEB_SEARCH | {"image_generation"},
)
_GPT_4_TURBO = replace(
    _GPT_4,
    name="gpt-4-turbo",
    window=128_000,
    output_limit=4_096,
    formats=_JSON_MODE,
    fingerprint="fp",
    images=True,
)
_GPT_35 = replace(_GPT_4_TURBO, name="gpt-3.5-turbo", window=16_385, fingerprint="null", images=False)
_COMPLETION = replace(_GPT_35, name="davinci-002", window=16_384, formats=_TEXT_ONLY, tools=False)
_GPT_41 = replace(_OMNI, name="gpt-4.1", window=1_047_576, output_limit=32_768)
_NO_TOOLS = replace(_OMNI, name="chatgpt-4o", tools=False)
_AUDIO = replace(_OMNI, name="gpt-4o-audio-preview", formats=_TEXT_ONLY, audio=True, images=False)
_SEARCH = replace(
    _OMNI,
    name="gpt-4o-search-preview",
    refusals=_NO_EFFORT + _SEARCH_CHAT,
    tools=False,
    fingerprint="empty",
    searches_in_chat=True,
)

_O1 = Family(
    name="o1",
    reasoning=ReasoningSupport(efforts=("low", "medium", "high")),
    window=200_000,
    output_limit=100_000,
    refusals=_NO_TEMPERATURE + _O_SERIES,
    refused_tools=_COMPUTER_USE | _WEB_SEARCH,
)
_O3 = replace(
    _O1,
    name="o3",
    refusals=_DEFAULT_TEMPERATURE + _O_SERIES + _NO_STOP,
    fingerprint="null",
    refused_tools=_COMPUTER_USE,
)
# The first two took neither instructions nor tools nor an effort (recorded: "'messages[0].role' does not support
# 'system'"; docs for the rest).
_O1_PREVIEW = replace(
    _O1,
    name="o1-preview",
    reasoning=ReasoningSupport(efforts=()),
    window=128_000,
    output_limit=32_768,
    refusals=_DEFAULT_TEMPERATURE
    + _O_SERIES
    + _refuse("chat", "unsupported_parameter", "reasoning_effort", "tools", "tool_choice", "functions"),
    images=False,
    refused_roles=frozenset({"developer", "system"}),
    formats=_TEXT_ONLY,
    tools=False,
)

# Efforts and their defaults: pydantic, litellm and ai-sdk agree unless something else is said.
_GPT_5_0 = Family(
    name="gpt-5",
    reasoning=ReasoningSupport(efforts=("minimal", "low", "medium", "high")),
    window=400_000,
    output_limit=128_000,
    input_limit=272_000,
    refusals=_GPT_5 + _LOGPROBS_FORBIDDEN,
    fingerprint="null",
    verbosities=_ALL_VERBOSITIES,
    refused_tools=_COMPUTER_USE,
)
_GPT_5_1 = replace(
    _GPT_5_0,
    name="gpt-5.1",
    reasoning=ReasoningSupport(efforts=("none", "low", "medium", "high"), default="none"),
    refusals=_GPT_5 + _LOGPROBS_UNSUPPORTED,
    top_logprobs=5,  # recorded on gpt-5.4-mini to gpt-5.6
)
_GPT_5_2 = replace(
    _GPT_5_1,
    name="gpt-5.2",
    reasoning=ReasoningSupport(efforts=("none", "low", "medium", "high", "xhigh"), default="none"),
    images_of_any_role=True,
)
# Recorded from gpt-5.4 to gpt-6: "Function tools with reasoning_effort are not supported ... in /v1/chat/completions".
_GPT_5_4 = replace(
    _GPT_5_2,
    name="gpt-5.4",
    window=1_050_000,
    input_limit=922_000,
    chat_tools_while_reasoning=False,
    phase=True,
)
_GPT_5_5 = replace(
    _GPT_5_4, name="gpt-5.5", reasoning=ReasoningSupport(efforts=("none", "low", "medium", "high", "xhigh"))
)
_GPT_5_6 = replace(
    _GPT_5_5,
    name="gpt-5.6",
    reasoning=ReasoningSupport(efforts=("none", "low", "medium", "high", "xhigh"), max_on_responses=True),
)
_GPT_6 = replace(_GPT_5_6, name="gpt-6-sol")
_GPT_6_ASTRA = replace(
    _GPT_6,
    name="gpt-6-astra",
    reasoning=ReasoningSupport(efforts=("low", "medium", "high", "xhigh"), max_on_responses=True),
)
# Docs: no "minimal". Reported of gpt-5.1-codex-max, and litellm of the others: one verbosity.
_CODEX = replace(
    _GPT_5_0,
    name="gpt-5-codex",
    reasoning=ReasoningSupport(efforts=("low", "medium", "high")),
    verbosities=("medium",),
)
_CODEX_MAX = replace(
    _GPT_5_1,
    name="gpt-5.1-codex-max",
    reasoning=ReasoningSupport(efforts=("low", "medium", "high", "xhigh")),
    verbosities=("medium",),
)
_CHAT_LATEST = replace(
    _GPT_5_1,
    name="gpt-5.1-chat",
    reasoning=ReasoningSupport(efforts=("medium",)),
    window=128_000,
    output_limit=16_384,
    input_limit=None,
)


def _pro(of: Family, name: str) -> Family:
    """Give the variant that always thinks long."""
    return replace(of, name=name, reasoning=ReasoningSupport(efforts=("medium", "high", "xhigh")))


_NOT_TEXT = Family(name="media", tools=False, formats=_TEXT_ONLY)
_EMBEDDING = Family(name="text-embedding-ada-002", encoding="cl100k_base", window=8_192, output_limit=0, tools=False)

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        each.name: each
        for each in (
            _OMNI,
            _GPT_4,
            _GPT_4_TURBO,
            _GPT_35,
            _COMPLETION,
            _GPT_41,
            _NO_TOOLS,
            _AUDIO,
            _SEARCH,
            _O1,
            _O3,
            _O1_PREVIEW,
            _GPT_5_0,
            _GPT_5_1,
            _GPT_5_2,
            _GPT_5_4,
            _GPT_5_5,
            _GPT_5_6,
            _GPT_6,
            _GPT_6_ASTRA,
            _CODEX,
            _CODEX_MAX,
            _CHAT_LATEST,
            # Before the alias gpt-4 came to mean gpt-4-0613.
            replace(_GPT_4, name="gpt-4-0314", tools=False),
            replace(_GPT_4, name="gpt-4-32k", window=32_768, output_limit=32_768),
            replace(_GPT_4, name="gpt-4-32k-0314", window=32_768, output_limit=32_768, tools=False),
            replace(_GPT_4_TURBO, name="gpt-4-0125-preview", images=False),
            replace(_GPT_4_TURBO, name="gpt-4-1106-preview", images=False),
            replace(_GPT_4_TURBO, name="gpt-4-1106-vision-preview", tools=False),
            replace(_GPT_4_TURBO, name="gpt-4-vision-preview", tools=False),
            # The error says 4097 (recorded).
            replace(_GPT_35, name="gpt-3.5-turbo-0301", window=4_097, formats=_TEXT_ONLY, tools=False),
            replace(_GPT_35, name="gpt-3.5-turbo-0613", window=4_097, formats=_TEXT_ONLY),
            replace(_GPT_35, name="gpt-3.5-turbo-16k", formats=_TEXT_ONLY),
            replace(_COMPLETION, name="gpt-3.5-turbo-instruct", window=4_097),
            replace(_COMPLETION, name="babbage-002"),
            replace(_OMNI, name="gpt-4o-2024-05-13", output_limit=4_096, formats=_JSON_MODE),
            replace(_OMNI, name="gpt-4.5-preview"),
            replace(_GPT_41, name="gpt-4.1-nano", refused_tools=_COMPUTER_USE | _WEB_SEARCH),
            replace(_AUDIO, name="gpt-4o-mini-audio-preview"),
            replace(_AUDIO, name="gpt-audio"),
            replace(_SEARCH, name="gpt-4o-mini-search-preview"),
            replace(_O1, name="o3-mini", images=False),
            replace(_O3, name="o4-mini"),
            replace(_O3, name="codex-mini", window=200_000),
            replace(_O1_PREVIEW, name="o1-mini", output_limit=65_536),
            # litellm, which also says that it reasons; a measurement of 2026-07 for its effort. Its other refusals are
            # not known.
            replace(
                _O3,
                name="computer-use-preview",
                reasoning=ReasoningSupport(efforts=("medium",)),
                window=8_192,
                output_limit=1_024,
                refusals=(),
                refused_tools=frozenset(),
            ),
            # It does not reason, and the docs list neither functions nor an effort.
            replace(_NO_TOOLS, name="gpt-5-chat"),
            replace(
                _GPT_5_0,
                name="gpt-5-pro",
                reasoning=ReasoningSupport(efforts=("high",), default="high"),
                output_limit=272_000,
            ),
            replace(_SEARCH, name="gpt-5-search-api", window=400_000, output_limit=128_000, input_limit=272_000),
            replace(_CODEX, name="gpt-5.1-codex"),
            replace(_CHAT_LATEST, name="gpt-5.2-chat"),
            replace(_CHAT_LATEST, name="gpt-5.3-chat"),
            replace(_CHAT_LATEST, name="chat", window=400_000, output_limit=128_000),
            _pro(_GPT_5_2, "gpt-5.2-pro"),
            replace(_CODEX_MAX, name="gpt-5.2-codex", verbosities=_ALL_VERBOSITIES),
            replace(_GPT_5_2, name="gpt-5.3-codex", phase=True),
            replace(_GPT_5_4, name="gpt-5.4-mini", window=400_000, input_limit=272_000),
            replace(_GPT_5_4, name="gpt-5.4-nano", window=400_000, input_limit=272_000),
            _pro(_GPT_5_4, "gpt-5.4-pro"),
            _pro(_GPT_5_5, "gpt-5.5-pro"),
            replace(_GPT_5_6, name="gpt-5.6-cyber", window=400_000, input_limit=272_000),
            replace(_GPT_5_6, name="gpt-daybreak"),
            replace(_GPT_5_6, name="gpt-rosalind"),
            replace(_GPT_6, name="gpt-6-luna"),
            replace(_GPT_6, name="gpt-6.1-terra"),
            replace(_GPT_6_ASTRA, name="gpt-6-cyber"),
            replace(_GPT_6_ASTRA, name="gpt-6-rosalind"),
            replace(_GPT_6_ASTRA, name="gpt-6.1-sol"),
            replace(_GPT_6_ASTRA, name="gpt-6.2"),  # no source says more than its name yet: taken as the one before
            # Not OpenAI's to serve, but its weights are, and a user may script it: it takes every parameter.
            Family(
                name="gpt-oss",
                reasoning=ReasoningSupport(efforts=("low", "medium", "high")),
                window=131_072,
                output_limit=131_072,
                verbosities=_ALL_VERBOSITIES,
                images_of_any_role=True,
            ),
            # Sizes: docs and litellm. The error says 8192 (recorded); the docs say 8191.
            replace(_EMBEDDING, name="text-embedding-ada-002", embedding=Embedding(size=1_536, shortens=False)),
            replace(_EMBEDDING, name="text-embedding-3-small", embedding=Embedding(size=1_536, shortens=True)),
            replace(_EMBEDDING, name="text-embedding-3-large", embedding=Embedding(size=3_072, shortens=True)),
            # Windows: litellm.
            replace(_NOT_TEXT, name="omni-moderation", window=32_768, output_limit=0),
            replace(_NOT_TEXT, name="text-moderation", encoding="cl100k_base", window=32_768, output_limit=0),
            replace(_NOT_TEXT, name="gpt-4o-transcribe", window=16_000, output_limit=2_000),
            replace(_NOT_TEXT, name="gpt-4o-mini-transcribe", window=16_000, output_limit=2_000),
            replace(_OMNI, name="gpt-4o-realtime", output_limit=4_096, audio=True),
            replace(_OMNI, name="gpt-4o-mini-realtime", output_limit=4_096, audio=True),
            replace(_OMNI, name="gpt-realtime", window=32_000, output_limit=4_096, audio=True),
            replace(_OMNI, name="gpt-realtime-2", output_limit=32_000, audio=True),
            replace(_OMNI, name="gpt-realtime-2.1", output_limit=32_000, audio=True),
        )
    }
)
"""By the beginning of the names that they hold for, up to a dash."""

_SPELLINGS = {"gpt-35": "gpt-3.5"}  # Azure allows no dots in the name of a deployment


@remember_calls(4_096, longest=200)
def _family(model: str) -> Family:
    """Try the name, then shorter and shorter beginnings of it."""
    name = base_model(model)
    for azure, ours in _SPELLINGS.items():
        name = ours + name.removeprefix(azure) if name.startswith(azure) else name
    begins = name
    while begins:
        if begins in FAMILIES:
            return FAMILIES[begins]
        begins = begins.rpartition("-")[0]
    return _newest(name)


def _newest(name: str) -> Family:
    """Guess the family of a name that is newer than this table."""
    series, _, rest = name.partition("-")
    if series[:1] == "o" and series[1:].isdecimal():
        return _O3
    major = rest.partition("-")[0].partition(".")[0]
    if series == "gpt" and major.isdecimal() and int(major) >= _FIRST_REASONING_GPT:
        return _GPT_6
    return _UNKNOWN


_FIRST_REASONING_GPT = 5


@lru_cache(maxsize=1_024)
def _remember_refusals(of: Family, endpoint: TextEndpoint, reasoning: bool) -> Mapping[str, RefusalWording]:  # noqa: FBT001 - a key
    return MappingProxyType(
        {
            each.parameter: each.how
            for each in of.refusals
            if each.endpoint == endpoint and (reasoning or not each.while_reasoning)
        }
    )
