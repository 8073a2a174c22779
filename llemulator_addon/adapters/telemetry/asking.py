"""Reads the standard variables of OpenTelemetry. Imports nothing of OpenTelemetry."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from llemulator_addon.adapters.hosts import OPENAI_HOSTS, REFUSED_HOSTS, Hosts

Signal = Literal["traces", "metrics", "logs"]
OtlpProtocol = Literal["grpc", "http/protobuf"]
Captures = Literal["nothing", "spans", "events", "both"]
"""Where messages are written: into spans, into events, or into both."""

OWN_NAME = "llemulator"
"""`service.name`, unless a variable gives another."""
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
_PORT_OF_HTTP = 4318
_CAPTURES: Mapping[str, Captures] = {
    "": "nothing",
    "no_content": "nothing",
    "false": "nothing",
    "true": "spans",
    "span_only": "spans",
    "event_only": "events",
    "span_and_event": "both",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where one signal is sent."""

    endpoint: str
    """A URL: of the signal with `http/protobuf`, of the receiver with `grpc`."""
    protocol: OtlpProtocol


@dataclass(frozen=True, slots=True)
class WantedTelemetry:
    """The wishes of the variables."""

    targets: Mapping[Signal, Target] = field(default_factory=dict)
    captures: Captures = "nothing"
    problems: tuple[str, ...] = ()
    """Wishes that cannot be met, for the user."""


def read_wanted(environment: Mapping[str, str]) -> WantedTelemetry:
    """Read the variables; an empty one counts as unset.

    Without an endpoint, or with `OTEL_SDK_DISABLED`, nothing is asked for.
    """
    asked = {name: text.strip() for name, text in environment.items() if name.startswith("OTEL_") and text.strip()}
    if asked.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return WantedTelemetry()
    targets, problems = dict[Signal, Target](), list[str]()
    for signal in _SIGNALS:
        found = _find_target(signal, asked)
        if isinstance(found, Target):
            targets[signal] = found
        elif found is not None:
            problems.append(found)
    capture = asked.get(CAPTURE, "").lower()
    if targets and capture not in _CAPTURES:
        problems.append(f"{CAPTURE}: {asked[CAPTURE]} is none of SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT and NO_CONTENT")
    return WantedTelemetry(targets, _CAPTURES.get(capture, "nothing"), tuple(dict.fromkeys(problems)))


_SIGNALS: tuple[Signal, ...] = get_args(Signal)
_OPENAI = Hosts((*OPENAI_HOSTS, *REFUSED_HOSTS))


def _find_target(signal: Signal, asked: Mapping[str, str]) -> Target | str | None:
    """Return where a signal goes, or why it goes nowhere although a variable names a place; None: none does."""
    exporter = f"OTEL_{signal.upper()}_EXPORTER"
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
    variable = own if own in asked else _ENDPOINT
    if (endpoint := asked.get(variable)) is None or asked.get(exporter, "").lower() == "none":
        return None
    if (wanted := asked.get(exporter, "otlp")).lower() != "otlp":
        return f"{exporter}: {wanted} is not known here; otlp and none are"
    if "://" not in endpoint:
        endpoint = f"http://{endpoint}"
    guessed = _guess_protocol(endpoint)
    if guessed not in get_args(OtlpProtocol):
        return f"{variable}: {guessed}"
    match asked.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL") or asked.get(_PROTOCOL) or guessed:
        case "grpc":
            return Target(endpoint, "grpc")
        case "http/protobuf":
            # A variable of one signal has the whole URL (OpenTelemetry's specification of the OTLP exporter).
            url = endpoint if variable == own else f"{endpoint.rstrip('/')}/v1/{signal}"
            return Target(url, "http/protobuf")
        case other:
            return f"{_PROTOCOL}: {other} is not known here; grpc and http/protobuf are"


def _guess_protocol(endpoint: str) -> OtlpProtocol | str:
    """Return the protocol that an endpoint speaks, if no variable says it; a problem where it is none."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "this is no URL"
    if not host or parts.scheme not in {"http", "https"}:
        return "this is no URL of http or https"
    if host in _OPENAI:
        return f"nothing is sent to {host}"
    return "http/protobuf" if port == _PORT_OF_HTTP or parts.path not in {"", "/"} else "grpc"


_OWN_ATTRIBUTE = re.compile(r"^\s*service\.(?:name|instance\.id|version|namespace)\s*=")


def drop_service(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without the name of the service: they are another program's, with the same receiver."""
    kept = dict(environment)
    kept["OTEL_SERVICE_NAME"] = OWN_NAME
    if pairs := kept.get("OTEL_RESOURCE_ATTRIBUTES"):
        kept["OTEL_RESOURCE_ATTRIBUTES"] = ",".join(_not_of_service(pairs))
    return kept


def _not_of_service(pairs: str) -> Iterator[str]:
    return (pair for pair in pairs.split(",") if not _OWN_ATTRIBUTE.match(pair))
