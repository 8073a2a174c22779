"""What comes from outside does nothing to a terminal."""

import logging

import pytest

from llemulator_addon.adapters.commands import run
from llemulator_addon.adapters.logs import log_to_stderr
from llemulator_addon.adapters.pytest_plugin.messages import Ink, explain
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.client import Finding

_HOSTILE = "\x1b]0;title\x07\x1b[2J \x9b31m \u202egpj.exe \u2028 \r\n llemulator: all is well"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00"),
        ("\u202egpj", "\\u202egpj"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("naïve 日本語\u3000👩\u200d💻 \u00a0", "naïve 日本語\u3000👩\u200d💻 \u00a0"),
    ],
)
def test_what_would_act_on_a_terminal_is_escaped_and_all_else_stays(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_stay_lines_where_they_are_ours() -> None:
    assert printable("a\n\tb\x1b", lines=True) == "a\n\tb\\x1b"


def test_a_summary_of_a_run_is_told_without_them(capsys: pytest.CaptureFixture[str]) -> None:
    run._tell([_HOSTILE])  # noqa: SLF001 - what all lines of the command go through

    assert _acting(capsys.readouterr().err.removesuffix("\n")) == []


def test_a_failure_of_a_test_is_told_without_them() -> None:
    finding = Finding(name="unmatched", sentence=_HOSTILE, rule=None, requests=(), evidence={})

    assert _acting(explain([finding], (), Ink(coloured=False)).replace("\n", "")) == []


def test_a_line_of_the_log_is_told_without_them_and_without_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    root.handlers[:] = []
    try:
        log_to_stderr("info")
        logging.getLogger("llemulator_addon.x").warning("a host: %s sk-proj-0123456789abcdef0123", "\x1b[2J")
        for log in root.handlers:
            log.flush()
    finally:
        root.handlers[:] = before

    assert capfd.readouterr().err == "llemulator: WARNING: a host: \\x1b[2J ***\n"


def _acting(text: str) -> list[str]:
    return [character for character in text if printable(character) != character]
