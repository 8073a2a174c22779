"""What the standard variables ask for."""

import pytest

from llemulator_addon.adapters.telemetry.asking import Target, WantedTelemetry, drop_service, read_wanted

_HTTP, _GRPC = "http/protobuf", "grpc"


def _targets(**environment: str) -> dict[str, tuple[str, str]]:
    return {name: (target.endpoint, target.protocol) for name, target in read_wanted(environment).targets.items()}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "shop", "OTEL_TRACES_SAMPLER": "always_on", "OTEL_PROPAGATORS": "b3"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317", "OTEL_SDK_DISABLED": "True"},
    ],
)
def test_nothing_is_asked_for_without_an_endpoint_or_where_the_sdk_is_disabled(environment: dict[str, str]) -> None:
    assert read_wanted(environment) == WantedTelemetry()


def test_one_endpoint_is_for_all_signals() -> None:
    assert _targets(OTEL_EXPORTER_OTLP_ENDPOINT="http://jaeger:4317") == dict.fromkeys(
        ("traces", "metrics", "logs"), ("http://jaeger:4317", _GRPC)
    )
    assert _targets(OTEL_EXPORTER_OTLP_ENDPOINT="https://a:4318/") == {
        signal: (f"https://a:4318/v1/{signal}", _HTTP) for signal in ("traces", "metrics", "logs")
    }


@pytest.mark.parametrize(
    ("endpoint", "protocol", "target"),
    [
        ("jaeger:4317", None, ("http://jaeger:4317", _GRPC)),
        ("http://a:4318", None, ("http://a:4318/v1/traces", _HTTP)),
        ("https://a/otlp", None, ("https://a/otlp/v1/traces", _HTTP)),
        ("http://a:4318", _GRPC, ("http://a:4318", _GRPC)),
        ("http://a:4317", _HTTP, ("http://a:4317/v1/traces", _HTTP)),
    ],
)
def test_the_protocol_is_that_of_the_variable_else_what_the_endpoint_shows(
    endpoint: str, protocol: str | None, target: tuple[str, str]
) -> None:
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint} | ({"OTEL_EXPORTER_OTLP_PROTOCOL": protocol} if protocol else {})

    assert _targets(**given)["traces"] == target


def test_a_signal_has_an_endpoint_and_a_protocol_of_its_own() -> None:
    assert _targets(
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://a:9/custom",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=_HTTP,
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="http://b:4317",
    ) == {"traces": ("http://a:9/custom", _HTTP), "logs": ("http://b:4317", _GRPC)}


def test_a_signal_can_be_left_out() -> None:
    asked = read_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317", "OTEL_METRICS_EXPORTER": "none"})

    assert set(asked.targets) == {"traces", "logs"}
    assert asked.problems == ()


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[", "no URL"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://a", "no URL of http or https"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://api.openai.com/v1/traces", "nothing is sent to api.openai.com"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "zipkin is not known here; otlp and none are"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/json is not known here; grpc and http/protobuf are"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_variable(variable: str, text: str, said: str) -> None:
    asked = read_wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:4317", variable: text})

    assert asked.targets == {}
    assert len(asked.problems) == 1
    assert asked.problems[0].startswith(variable)
    assert said in asked.problems[0]


@pytest.mark.parametrize(
    ("text", "captures"),
    [
        ("", "nothing"),
        ("false", "nothing"),
        ("NO_CONTENT", "nothing"),
        ("true", "spans"),
        ("SPAN_ONLY", "spans"),
        ("event_only", "events"),
        ("SPAN_AND_EVENT", "both"),
    ],
)
def test_messages_are_captured_only_where_they_are_asked_for(text: str, captures: str) -> None:
    variable = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    asked = read_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317", variable: text})

    assert (asked.captures, asked.problems) == (captures, ())


def test_a_wrong_word_for_messages_captures_nothing_and_is_named() -> None:
    variable = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    asked = read_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317", variable: "all"})

    assert asked.captures == "nothing"
    assert variable in asked.problems[0]


def test_another_programs_variables_name_the_receiver_and_not_this_service() -> None:
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317",
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=3,deployment.environment.name=test, service.instance.id=1",
    }
    shared = drop_service(given)

    assert read_wanted(shared).targets["traces"] == Target("http://a:4317", "grpc")
    assert shared["OTEL_SERVICE_NAME"] == "llemulator"
    assert shared["OTEL_RESOURCE_ATTRIBUTES"] == "deployment.environment.name=test"
