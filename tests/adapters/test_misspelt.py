import pytest

from llemulator_addon.adapters.misspelt import find_misspelt
from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.adapters.settings_table import SETTINGS


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LLEMULATOR_SCIRPT", "LLEMULATOR_SCRIPT"),
        ("LLEMULATOR_SCRIPTS", "LLEMULATOR_SCRIPT"),
        ("LLEMULATOR_HERMATIC", "LLEMULATOR_HERMETIC"),
        ("LLEMUALTOR_SEED", "LLEMULATOR_SEED"),
        ("LLEMULATOR_UPSTREAM_KEYS", "LLEMULATOR_UPSTREAM_KEY"),
        ("LLEMULATOR_HOST", "HOST"),
        ("LLEMULATOR_PORT", "PORT"),
        ("LLEMULATOR_LOG_LEVEL", "LOG_LEVEL"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_right_name_and_without_its_value(name: str, meant: str) -> None:
    told = settings_from(environment={name: "secret"}).warnings

    assert told == (f"{name} is not a setting and is ignored; did you mean {meant}?",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((setting.variable, "") for setting in SETTINGS),
        ("LLEMULATOR_SERVICE_HOST", "10.0.0.1"),
        ("LLEMULATOR_SERVICE_PORT", "8080"),
        ("LLEMULATOR_SERVICE_PORT_HTTP", "8080"),
        ("LLEMULATOR_PORT", "tcp://10.0.0.1:8080"),
        ("LLEMULATOR_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("LLEMULATOR_PORT_8080_TCP_PROTO", "tcp"),
        ("LLEMULATOR_PORT_8080_TCP_PORT", "8080"),
        ("LLEMULATOR_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("LLEMULATOR_MODEL_CACHE", "/models"),
        ("LLEMULATOR_RUN_HOSTS", "api.openai.com"),
        ("LLEMULATOR_OF_MY_TEAM", "yes"),
        ("SCIRPT", "x"),
        ("HOSTS", "x"),
        ("PORTS", "x"),
        ("LLAMA_SEED", "1"),
    ],
)
def test_other_variables_are_not(name: str, value: str) -> None:
    assert list(find_misspelt({name: value})) == []
