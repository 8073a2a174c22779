import dataclasses
from pathlib import Path

import pytest

from llemulator_addon.adapters.listener import Listener
from llemulator_addon.adapters.settings import Settings, SettingsError, settings_from
from llemulator_addon.adapters.settings_table import SETTINGS


def test_without_anything_said_every_setting_has_its_default() -> None:
    assert settings_from() == Settings()


def test_the_command_line_is_stronger_than_mitmproxy_and_that_than_the_environment() -> None:
    environment = {"LLEMULATOR_SEED": "1", "LLEMULATOR_HERMETIC": "true", "DEBUG": "true"}
    mitmproxy = {"seed": "2", "hermetic": "false"}

    found = settings_from(command_line={"seed": "3"}, mitmproxy=mitmproxy, environment=environment)

    assert (found.seed, found.hermetic, found.debug) == (3, False, True)
    assert found.sources == {
        "seed": "--seed",
        "hermetic": "--set llemulator_hermetic",
        "debug": "DEBUG",
    }


def test_an_empty_variable_is_no_variable() -> None:
    assert settings_from(environment={"PORT": "", "DEBUG": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("PORT", "0", "port", 0),
        ("HOST", "::1", "host", "::1"),
        ("DEBUG", "Yes", "debug", True),
        ("DEBUG", "0", "debug", False),
        ("LOG_LEVEL", "WARNING", "log_level", "warning"),
        ("LLEMULATOR_SCRIPT", "a/b.yaml", "script", Path("a/b.yaml")),
        ("LLEMULATOR_ON_UNMATCHED", "echo", "on_unmatched", "echo"),
        ("LLEMULATOR_HOSTS", " a.test, *.b.test ,", "hosts", ("a.test", "*.b.test")),
        ("LLEMULATOR_LISTEN", "443", "listen", (Listener(port=443),)),
        (
            "LLEMULATOR_LISTEN",
            "0.0.0.0:443, transparent@[::1]:8081",
            "listen",
            (Listener(port=443, host="0.0.0.0"), Listener(port=8081, host="::1", transparent=True)),  # noqa: S104
        ),
        ("LLEMULATOR_MODELS", "gpt-9", "models", ("gpt-9",)),
        ("LLEMULATOR_ALLOW", "*", "allow", ("*",)),
        ("LLEMULATOR_CERTS", "/srv/certs", "certs", Path("/srv/certs")),
        ("LLEMULATOR_LENIENT", "on", "lenient", True),
        ("LLEMULATOR_DATED_MODELS", "true", "dated_models", True),
        ("LLEMULATOR_BODY_LIMIT", "1000", "body_limit", 1000),
        ("LLEMULATOR_BODY_LIMIT", "2k", "body_limit", 2048),
        ("LLEMULATOR_BODY_LIMIT", "3 MiB", "body_limit", 3 << 20),
        ("LLEMULATOR_BODY_LIMIT", "1GB", "body_limit", 1 << 30),
    ],
)
def test_each_setting_is_read_from_its_variable(variable: str, text: str, field: str, value: object) -> None:
    found = settings_from(environment={variable: text})

    assert getattr(found, field) == value
    assert found.sources == {field: variable}


@pytest.mark.parametrize(
    ("variable", "text", "line"),
    [
        ("PORT", "65536", "PORT: expected a port number from 0 to 65535, got '65536'"),
        ("PORT", "http", "PORT: expected a port number from 0 to 65535, got 'http'"),
        (
            "LLEMULATOR_LISTEN",
            "443,https",
            (
                "LLEMULATOR_LISTEN: expected ports with commas between them,"
                " each as 443, 0.0.0.0:443 or transparent@8081, got '443,https'"
            ),
        ),
        ("DEBUG", "app:*", "DEBUG: expected true or false, got 'app:*'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: expected one of debug, info, warning, error, got 'loud'"),
        ("LLEMULATOR_SEED", "x", "LLEMULATOR_SEED: expected a whole number from 0, got 'x'"),
        (
            "LLEMULATOR_ALLOW",
            " , ",
            "LLEMULATOR_ALLOW: expected names of hosts (globs) with commas between them, got ' , '",
        ),
        ("LLEMULATOR_BODY_LIMIT", "big", "LLEMULATOR_BODY_LIMIT: expected a size such as 64MiB, got 'big'"),
        ("LLEMULATOR_BODY_LIMIT", "0", "LLEMULATOR_BODY_LIMIT: expected a size such as 64MiB, got '0'"),
    ],
)
def test_a_wrong_value_names_its_setting_and_what_was_expected(variable: str, text: str, line: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings_from(environment={variable: text})

    assert str(error.value) == line


@pytest.mark.parametrize("text", ["443", "0.0.0.0:443", "transparent@8081", "transparent@[::1]:8081"])
def test_a_place_to_listen_on_is_shown_as_it_was_written(text: str) -> None:
    (found,) = settings_from(environment={"LLEMULATOR_LISTEN": text}).listen

    assert str(found) == text


def test_every_field_has_a_line_of_the_table_and_every_line_a_field() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)} - {"sources", "warnings"}

    assert {setting.name for setting in SETTINGS} == fields
    assert len(SETTINGS) == len(fields)


def test_no_two_settings_have_the_same_variable() -> None:
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("text", ["foo", "localhost:8081/v1", "http://a.test/v1,foo"])
def test_an_upstream_that_is_no_url_is_refused_with_one_reason(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from(command_line={"upstream": text})

    assert str(refused.value) == (
        "--upstream: expected a base URL, or MODEL=URL with commas between; "
        "a part of it begins with neither http:// nor https:// nor MODEL="
    )
