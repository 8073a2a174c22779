import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from llemulator_addon.adapters.command_line import main
from llemulator_addon.adapters.commands import COMMANDS
from llemulator_addon.adapters.settings_table import SETTINGS
from tests.patience import SECONDS


def test_an_unknown_command_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["sevre"])

    assert status == 2
    assert capsys.readouterr().err == "llemulator: there is no command 'sevre'; did you mean 'serve'?\n"
    main(["qqqq"])
    assert capsys.readouterr().err == (
        f"llemulator: there is no command 'qqqq'; there are: {', '.join(COMMANDS)}, help\n"
    )


def test_help_lists_every_setting_and_every_other_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert [setting.option for setting in SETTINGS if setting.option not in text] == []
    assert [name for name in COMMANDS if name != "serve" and f"llemulator {name} " not in text] == []


def _help_of(*words: str) -> str:
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    return said.getvalue()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_of_a_command_is_its_own_help(name: str) -> None:
    assert _help_of("help", name) == _help_of(name, "--help")


def test_help_alone_is_the_help_of_the_program() -> None:
    assert _help_of("help") == _help_of("help", "--help") == _help_of("--help")


def test_help_of_a_command_that_there_is_not_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "rn"]) == 2
    assert capsys.readouterr().err == "llemulator: there is no command 'rn'; did you mean 'run'?\n"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_usage_of_a_command_is_short_and_its_own_options_stand_before_the_settings(name: str) -> None:
    usage, _, rest = _help_of(name, "--help").partition("\n\n")

    assert len(usage.splitlines()) <= 3
    assert "settings:" not in rest.partition("--version")[0]


def test_the_usage_of_the_program_names_serve_and_the_other_commands() -> None:
    assert _help_of("serve", "--help").startswith(
        "usage: llemulator [serve] [options]\n       llemulator COMMAND [options]\n"
    )


def test_config_tells_of_misspelt_variables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLEMULATOR_SCIRPT", "x.yaml")
    main(["config"])

    assert capsys.readouterr().err == (
        "llemulator: WARNING: LLEMULATOR_SCIRPT is not a setting and is ignored; did you mean LLEMULATOR_SCRIPT?\n"
    )


def test_config_prints_what_is_in_force_and_where_it_came_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("LLEMULATOR_ALLOW", "a.test,b.test")

    status = main(["config", "--port", "9000", "--hermetic"])

    rows = {row[0]: row[1:] for line in capsys.readouterr().out.splitlines() if (row := line.split())}
    assert status == 0
    assert (rows["port"], rows["allow"]) == (["9000", "--port"], ["a.test,b.test", "LLEMULATOR_ALLOW"])
    assert (rows["hermetic"], rows["script"]) == (["true", "--hermetic"], ["-", "default"])
    assert rows["certs"] == [str(Path("certs").absolute()), "default"]


def test_config_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["config", "--seed", "x"])

    assert status == 1
    assert capsys.readouterr().err == "llemulator: --seed: expected a whole number from 0, got 'x'\n"


def test_the_version_is_told_without_importing_mitmproxy() -> None:
    program = (
        "import sys; from llemulator_addon.adapters.command_line import main\n"
        "try: main(['--version'])\n"
        "finally: print([name for name in ('mitmproxy', 'pydantic', 'tiktoken') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout.startswith("llemulator ")
    assert said.stdout.endswith("\n[]\n")


def test_a_reader_that_has_enough_is_no_failure_to_speak_of() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "llemulator_addon", "config"]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    os.close(write)

    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_standard_output_that_is_full_is_one_line_and_a_failure() -> None:
    command = [sys.executable, "-m", "llemulator_addon", "config"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)

    assert ended.returncode == 1
    assert ended.stderr == "llemulator: the standard output cannot be written: No space left on device\n"
