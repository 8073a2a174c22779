"""The settings that all parts of the server know under one name, each with its default.

A part adds what it alone has in a class of its own: the command line, the emulator, sessions, the traffic.
"""

from dataclasses import dataclass, fields
from typing import Self

from llemulator_addon.core.capacity import UNLIMITED, Capacity
from llemulator_addon.core.choices import Keyless, Length, OnUnmatched, StreamProfile, ToolStrategy
from llemulator_addon.core.upstream import UpstreamKeys, Upstreams


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of the server. Their meaning for users is in `adapters/settings_table.py`.

    Numbers without a unit in their name are seconds if they are a `float`. Names with `size` are bytes of memory.
    """

    debug: bool = False
    """Whether state is shown, and a log of a bug may quote what a client sent."""

    # Unmatched requests

    on_unmatched: OnUnmatched | None = None
    """None: `upstream` where one is named for everything, else `error` in a session with rules and `echo` without."""
    upstream: Upstreams = Upstreams()
    upstream_key: UpstreamKeys = UpstreamKeys()
    upstream_pass_key: bool = False
    upstream_timeout: float = 300.0
    manual_timeout: float = 300.0

    # Answers

    seed: int = 0
    response_length: Length | None = None
    tool_strategy: ToolStrategy = "contextual"
    stream_delay_min_ms: float | None = None
    stream_delay_max_ms: float | None = None
    stream_tokens_per_second: float | None = None
    stream_profile: StreamProfile | None = None
    capacity: Capacity = UNLIMITED
    """Of the model server that all sessions share."""
    models: tuple[str, ...] | None = None
    """None: the default set."""
    lenient: bool = False
    dated_models: bool = False
    api_date: str | None = None
    """The day whose API answers, unless a script says another; None: that of the tables, or of a clock that moved."""
    batch_duration: float = 3.0
    """By the session's clock, as the next."""
    fine_tuning_duration: float = 10.0
    webhooks: tuple[str, ...] = ()
    """The addresses to which webhooks may be sent."""

    # Connections

    keyless: Keyless = "address"
    hermetic: bool = False
    websocket_idle: float = 600.0
    websocket_open: float = 3600.0
    """OpenAI's (guide "WebSocket mode")."""

    # Limits

    body_limit: int = 32 << 20
    """Bytes."""
    bodies_size: int = 48 << 20
    """Bytes that all bodies may have together until they are answered."""
    request_values: int = 500_000
    """How many values the JSON of a request or a message may have."""
    answer_limit: int = 4 << 30
    """Bytes that an answer may have, as they are estimated before it is made."""
    journal_entries: int = 1000
    """How many exchanges the journal of a token keeps."""
    journal_size: int = 16 << 20
    """Of the journal of a token."""
    journals_size: int = 24 << 20
    """Of all journals; those that were not used for longest are emptied first."""
    stored_size: int = 24 << 20
    """Of what a token stores: responses, conversations, chat completions, files."""
    all_stored_size: int = 24 << 20
    """Of what all tokens store; what was not used for longest goes first."""
    script_size: int = 24 << 20
    """Of the rules and settings of a token."""
    sessions_size: int = 24 << 20
    """Of all sessions, without journals and stored resources."""
    waiting_size: int = 16 << 20
    """Of all requests that wait: for a person, their turn, or news."""
    unread_size: int = 48 << 20
    """Of all answers that their clients have not taken yet."""

    @classmethod
    def copy_from(cls, settings: "ServerSettings") -> Self:
        """Return the same settings for another part; what it alone has is as by default."""
        return cls(**{each.name: getattr(settings, each.name) for each in fields(ServerSettings)})


DEFAULTS = ServerSettings()
