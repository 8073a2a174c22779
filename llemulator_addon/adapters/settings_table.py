"""Every setting in one table: its option, its environment variable, its option in mitmproxy, its meaning."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

from llemulator_addon.adapters.listener import PORT_AT_MOST
from llemulator_addon.adapters.setting_texts import (
    read_addresses,
    read_capacity_figures,
    read_choice,
    read_count,
    read_day,
    read_delay,
    read_listeners,
    read_names,
    read_networks,
    read_path,
    read_positive,
    read_secret,
    read_size,
    read_switch,
    read_upstream_keys,
    read_whole,
)
from llemulator_addon.adapters.stores.address import EXPECTED, read_address
from llemulator_addon.core.admin_keys import admin_keys_in
from llemulator_addon.core.choices import CapacityProfile, Keyless, Length, OnUnmatched, StreamProfile, ToolStrategy
from llemulator_addon.core.upstream import upstreams_in

LogLevel = Literal["debug", "info", "warning", "error"]

_SEED_AT_MOST = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of the table."""

    name: str
    """The field of `Settings`; the option and mitmproxy's option are made from it."""
    variable: str
    read: Callable[[str], object]
    """Makes the value from its text; raises ValueError for a text that is none."""
    expected: str
    """The form of the text; completes "expected …"."""
    meaning: str
    metavar: str | None = None
    """How the help names the value; None for a switch."""
    secret: bool = False
    """Whether its value is shown nowhere."""
    in_mitmproxy: bool = True
    """False where mitmdump has an option of its own for the same."""
    several: bool = False
    """Whether it is a list with commas; its option, given several times, then means all of them."""

    @property
    def option(self) -> str:
        """The option of our command."""
        return "--" + self.name.replace("_", "-")

    @property
    def mitmproxy_option(self) -> str:
        """The option of mitmproxy."""
        return f"llemulator_{self.name}"


def _enumerate(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _switch_setting(name: str, variable: str, meaning: str) -> Setting:
    return Setting(name=name, variable=variable, read=read_switch, expected="true or false", meaning=meaning)


def _seconds_setting(name: str, variable: str, meaning: str) -> Setting:
    expected = "a number of seconds above 0"
    return Setting(
        name=name, variable=variable, read=read_positive, expected=expected, metavar="SECONDS", meaning=meaning
    )


def _size_setting(name: str, variable: str, *, example: str, meaning: str) -> Setting:
    expected = f"a size such as {example}"
    return Setting(name=name, variable=variable, read=read_size, expected=expected, metavar="SIZE", meaning=meaning)


SETTINGS = (
    Setting(
        name="host",
        variable="HOST",
        read=str,
        expected="an address to listen on",
        metavar="ADDRESS",
        meaning="address to listen on; 0.0.0.0 or :: for all addresses of the machine",
        in_mitmproxy=False,
    ),
    Setting(
        name="port",
        variable="PORT",
        read=partial(read_whole, most=PORT_AT_MOST),
        expected=f"a port number from 0 to {PORT_AT_MOST}",
        metavar="PORT",
        meaning="port to listen on; 0 picks a free one",
        in_mitmproxy=False,
    ),
    Setting(
        name="listen",
        variable="LLEMULATOR_LISTEN",
        read=read_listeners,
        expected="ports with commas between them, each as 443, 0.0.0.0:443 or transparent@8081",
        metavar="PORTS",
        meaning="more ports to listen on, separated by commas: `443` for host names that resolve to this machine, "
        "`transparent@8081` for connections that a firewall redirects; `0.0.0.0:443` also sets the address",
        in_mitmproxy=False,
        several=True,
    ),
    Setting(
        name="script",
        variable="LLEMULATOR_SCRIPT",
        read=read_path,
        expected="the path of a script",
        metavar="FILE",
        meaning="default script (JSON or YAML), used by every token that loads none of its own",
    ),
    _switch_setting("watch", "LLEMULATOR_WATCH", "reload the default script when its file changes"),
    Setting(
        name="on_unmatched",
        variable="LLEMULATOR_ON_UNMATCHED",
        read=partial(read_choice, choices=get_args(OnUnmatched)),
        expected=f"one of {', '.join(get_args(OnUnmatched))}",
        metavar="FALLBACK",
        meaning=f"what answers unmatched requests: {_enumerate(get_args(OnUnmatched))}; default: upstream if "
        "--upstream names one for everything, else error with a script and echo without",
    ),
    Setting(
        name="upstream",
        variable="LLEMULATOR_UPSTREAM",
        read=partial(read_secret, read=partial(upstreams_in, named_by="server")),
        expected="a base URL, or MODEL=URL with commas between",
        metavar="URL",
        meaning="OpenAI-compatible server for unmatched requests, such as http://127.0.0.1:8081/v1; or MODEL=URL for "
        "single models, separated by commas; add #NAME to a URL to rename the model there",
    ),
    Setting(
        name="upstream_key",
        variable="LLEMULATOR_UPSTREAM_KEY",
        read=read_upstream_keys,
        expected="a key, or HOST=KEY with commas between",
        metavar="KEY",
        secret=True,
        meaning="API key to send to the servers of --upstream, or HOST=KEY for each host, separated by commas; "
        "default: none",
    ),
    _switch_setting(
        "upstream_pass_key",
        "LLEMULATOR_UPSTREAM_PASS_KEY",
        "send the application's own API key to the servers of --upstream",
    ),
    _seconds_setting(
        "upstream_timeout",
        "LLEMULATOR_UPSTREAM_TIMEOUT",
        "give up on an upstream after this many seconds of silence",
    ),
    Setting(
        name="preset_queues",
        variable="LLEMULATOR_PRESET_QUEUES",
        read=read_path,
        expected="the path of a JSON file",
        metavar="FILE",
        meaning="answer each client from the queue of its address, then by a person, and keep the queues in this file; "
        "default: none",
    ),
    Setting(
        name="prices",
        variable="LLEMULATOR_PRICES",
        read=read_path,
        expected="the path of a table of prices",
        metavar="FILE",
        meaning="prices of models (JSON or YAML) that are added to OpenAI's, or replace them",
    ),
    _seconds_setting(
        "manual_timeout",
        "LLEMULATOR_MANUAL_TIMEOUT",
        "seconds that a request waits for a person, with the fallback manual",
    ),
    _seconds_setting(
        "batch_duration",
        "LLEMULATOR_BATCH_DURATION",
        "seconds of the session's clock that a batch takes",
    ),
    _seconds_setting(
        "fine_tuning_duration",
        "LLEMULATOR_FINE_TUNING_DURATION",
        "seconds of the session's clock that a fine-tuning job takes",
    ),
    Setting(
        name="webhooks",
        variable="LLEMULATOR_WEBHOOKS",
        read=partial(read_secret, read=read_addresses),
        expected="http or https URLs with commas between, such as http://127.0.0.1:9000",
        metavar="URLS",
        meaning="addresses to which webhooks may be sent, separated by commas; they go nowhere else",
    ),
    _seconds_setting(
        "websocket_idle",
        "LLEMULATOR_WEBSOCKET_IDLE",
        "seconds without a sign of life after which a WebSocket connection is dropped; pings are sent before",
    ),
    _seconds_setting(
        "websocket_open",
        "LLEMULATOR_WEBSOCKET_OPEN",
        "seconds that a WebSocket connection may be open; OpenAI closes it after an hour",
    ),
    Setting(
        name="response_length",
        variable="LLEMULATOR_RESPONSE_LENGTH",
        read=partial(read_choice, choices=get_args(Length)),
        expected=f"one of {', '.join(get_args(Length))}",
        metavar="LENGTH",
        meaning=f"length of simulated texts: {_enumerate(get_args(Length))}; default: by the question's length",
    ),
    Setting(
        name="tool_strategy",
        variable="LLEMULATOR_TOOL_STRATEGY",
        read=partial(read_choice, choices=get_args(ToolStrategy)),
        expected=f"one of {', '.join(get_args(ToolStrategy))}",
        metavar="STRATEGY",
        meaning=f"which tools simulated answers call: {_enumerate(get_args(ToolStrategy))}",
    ),
    Setting(
        name="stream_delay_min_ms",
        variable="LLEMULATOR_STREAM_DELAY_MIN_MS",
        read=read_delay,
        expected="a number of milliseconds",
        metavar="MS",
        meaning="shortest delay before each token of a simulated stream",
    ),
    Setting(
        name="stream_delay_max_ms",
        variable="LLEMULATOR_STREAM_DELAY_MAX_MS",
        read=read_delay,
        expected="a number of milliseconds",
        metavar="MS",
        meaning="longest delay before each token of a simulated stream",
    ),
    Setting(
        name="stream_tokens_per_second",
        variable="LLEMULATOR_STREAM_TOKENS_PER_SECOND",
        read=read_positive,
        expected="a number above 0",
        metavar="NUMBER",
        meaning="speed of simulated streams; default: no delay",
    ),
    Setting(
        name="stream_profile",
        variable="LLEMULATOR_STREAM_PROFILE",
        read=partial(read_choice, choices=get_args(StreamProfile)),
        expected=f"one of {', '.join(get_args(StreamProfile))}",
        metavar="PROFILE",
        meaning="pace simulated streams like small, large or reasoning models; auto chooses by the model's name",
    ),
    Setting(
        name="capacity",
        variable="LLEMULATOR_CAPACITY",
        read=partial(read_secret, read=read_capacity_figures),
        expected="a profile, and FIGURE=NUMBER with commas between",
        metavar="PROFILE",
        meaning=f"answer like a busy model server: {_enumerate(get_args(CapacityProfile))}; or gpu,max_num_seqs=8",
    ),
    Setting(
        name="seed",
        variable="LLEMULATOR_SEED",
        read=partial(read_whole, most=_SEED_AT_MOST),
        expected="a whole number from 0",
        metavar="NUMBER",
        meaning="seed for ids, jitter and faults: the same seed and requests give the same bytes",
    ),
    Setting(
        name="models",
        variable="LLEMULATOR_MODELS",
        read=read_names,
        expected="names of models with commas between them",
        metavar="NAMES",
        meaning="valid models, separated by commas, instead of the default set",
        several=True,
    ),
    _switch_setting(
        "lenient", "LLEMULATOR_LENIENT", "accept any model and parameter, and invent an object for an unknown id"
    ),
    _switch_setting("dated_models", "LLEMULATOR_DATED_MODELS", "answer with the model's dated name, as OpenAI does"),
    Setting(
        name="api_date",
        variable="LLEMULATOR_API_DATE",
        read=read_day,
        expected="a day such as 2026-06-30",
        metavar="DAY",
        meaning="answer as OpenAI's API did on that day, with the models of that day",
    ),
    Setting(
        name="hosts",
        variable="LLEMULATOR_HOSTS",
        read=read_names,
        expected="names of hosts (globs) with commas between them",
        metavar="GLOBS",
        meaning="more hosts to treat as OpenAI's, separated by commas",
        several=True,
    ),
    Setting(
        name="admin_hosts",
        variable="LLEMULATOR_ADMIN_HOSTS",
        read=read_names,
        expected="names of hosts (globs) with commas between them",
        metavar="GLOBS",
        meaning="names with a dot under which the admin routes answer, with commas between them; addresses, localhost "
        "and names of services in Docker and Kubernetes always do",
        several=True,
    ),
    Setting(
        name="admin_key",
        variable="LLEMULATOR_ADMIN_KEY",
        read=partial(read_secret, read=admin_keys_in),
        expected="a key, or ROLE=KEY with commas between; roles are viewer, operator and admin",
        metavar="KEY",
        secret=True,
        meaning="key for the console and the admin routes about all sessions, or ROLE=KEY for each role, separated by "
        "commas; default: none, and only clients on this machine may use them",
    ),
    Setting(
        name="keyless",
        variable="LLEMULATOR_KEYLESS",
        read=partial(read_choice, choices=get_args(Keyless)),
        expected=f"one of {', '.join(get_args(Keyless))}",
        metavar="WHAT",
        meaning="a request without a key to the base URL: it has a session named by its client's address "
        "(address), or gets OpenAI's 401 (refuse); an intercepted one always gets the 401",
    ),
    _switch_setting("hermetic", "LLEMULATOR_HERMETIC", "block all other hosts"),
    Setting(
        name="allow",
        variable="LLEMULATOR_ALLOW",
        read=read_names,
        expected="names of hosts (globs) with commas between them",
        metavar="GLOBS",
        meaning="hosts that --hermetic does not block, separated by commas",
        several=True,
    ),
    Setting(
        name="pass_for",
        variable="LLEMULATOR_PASS_FOR",
        read=read_networks,
        expected="loopback, private, all, or networks as 10.0.0.0/8, with commas between them",
        metavar="NETWORKS",
        meaning="networks whose clients may reach other hosts, separated by commas: loopback, private (all that the "
        "internet does not route to), all, or a network such as 10.0.0.0/8",
        several=True,
    ),
    Setting(
        name="certs",
        variable="LLEMULATOR_CERTS",
        read=read_path,
        expected="the path of a folder",
        metavar="FOLDER",
        meaning="folder of the certificate authority; one is made there at the first start",
    ),
    _size_setting(
        "body_limit",
        "LLEMULATOR_BODY_LIMIT",
        example="64MiB",
        meaning="largest request body; a larger one gets 413",
    ),
    _size_setting(
        "bodies_size",
        "LLEMULATOR_BODIES_SIZE",
        example="96MiB",
        meaning="memory that all request bodies of more than 64 KiB may use together until they are answered; one "
        "without room gets 503, and SDKs send it again",
    ),
    Setting(
        name="request_values",
        variable="LLEMULATOR_REQUEST_VALUES",
        read=read_count,
        expected="a number from 1 on",
        metavar="COUNT",
        meaning="most values in a request's JSON, where its body is large; more get 413",
    ),
    Setting(
        name="answer_limit",
        variable="LLEMULATOR_ANSWER_LIMIT",
        read=read_size,
        expected="a size such as 4GiB",
        metavar="SIZE",
        meaning="largest answer, as estimated before it is made; a larger one gets 429",
    ),
    Setting(
        name="journal_entries",
        variable="LLEMULATOR_JOURNAL_ENTRIES",
        read=read_count,
        expected="a whole number from 1",
        metavar="NUMBER",
        meaning="exchanges that the journal of one token keeps",
    ),
    _size_setting(
        "journal_size",
        "LLEMULATOR_JOURNAL_SIZE",
        example="16MiB",
        meaning="memory that the journal of one token may use; the oldest exchanges are dropped first",
    ),
    _size_setting(
        "journals_size",
        "LLEMULATOR_JOURNALS_SIZE",
        example="48MiB",
        meaning="memory that all journals may use together; the least recently used one is emptied first",
    ),
    _size_setting(
        "stored_size",
        "LLEMULATOR_STORED_SIZE",
        example="32MiB",
        meaning="memory that stored responses, conversations, chat completions and files of one token may use; the "
        "oldest are dropped first",
    ),
    _size_setting(
        "all_stored_size",
        "LLEMULATOR_ALL_STORED_SIZE",
        example="48MiB",
        meaning="memory that the stored resources of all tokens may use together; those of the least recently used "
        "token are dropped first",
    ),
    _size_setting(
        "script_size",
        "LLEMULATOR_SCRIPT_SIZE",
        example="32MiB",
        meaning="memory that the script loaded by one token may use; a larger one is refused",
    ),
    _size_setting(
        "sessions_size",
        "LLEMULATOR_SESSIONS_SIZE",
        example="48MiB",
        meaning="memory that all sessions and their scripts may use together; the least recently used one without "
        "a script is forgotten first",
    ),
    _size_setting(
        "waiting_size",
        "LLEMULATOR_WAITING_SIZE",
        example="16MiB",
        meaning="memory that all waiting requests (manual answers, serialize, capacity, live news) may use together, "
        "64 KiB for each and its body; one without room gets 503",
    ),
    _size_setting(
        "unread_size",
        "LLEMULATOR_UNREAD_SIZE",
        example="64MiB",
        meaning="memory that all answers of more than 64 KiB may use together until their clients have read them; one "
        "without room gets 503",
    ),
    Setting(
        name="store",
        variable="LLEMULATOR_STORE",
        read=partial(read_secret, read=read_address),
        expected=EXPECTED,
        metavar="URL",
        meaning="where sessions are kept: memory; sqlite:///FILE, which several processes of one machine can share; or "
        "redis://HOST:PORT, which any number of machines can",
    ),
    _seconds_setting(
        "session_ttl",
        "LLEMULATOR_SESSION_TTL",
        "forget a session of --store that did not change for this many seconds; default: never",
    ),
    Setting(
        name="workers",
        variable="LLEMULATOR_WORKERS",
        read=read_count,
        expected="a number of processes, 1 or more",
        metavar="COUNT",
        meaning="processes that serve the port together, one for each core; they share only what --store keeps",
        in_mitmproxy=False,
    ),
    replace(
        _seconds_setting(
            "drain",
            "LLEMULATOR_DRAIN",
            "after SIGTERM, answer requests for so long, or until none came for five seconds; /readyz is 503 then. "
            "Default: end at once",
        ),
        in_mitmproxy=False,
    ),
    _switch_setting("no_metrics", "LLEMULATOR_NO_METRICS", "count nothing for /metrics, which is 404 then"),
    _switch_setting("debug", "DEBUG", "expose session state at /_emulator/state, and log full tracebacks"),
    Setting(
        name="log_level",
        variable="LOG_LEVEL",
        read=partial(read_choice, choices=get_args(LogLevel)),
        expected=f"one of {', '.join(get_args(LogLevel))}",
        metavar="LEVEL",
        meaning="log level: debug, info (a line for each request), warning or error",
        in_mitmproxy=False,
    ),
)
