import os
import subprocess
import sys
from pathlib import Path

import pytest

from llemulator_addon.adapters.command_line import main
from llemulator_addon.adapters.commands import COMMANDS
from llemulator_addon.adapters.settings_table import SETTINGS


def test_an_unknown_command_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["sevre"])

    assert status == 2
    assert capsys.readouterr().err == "llemulator: there is no command 'sevre'; did you mean 'serve'?\n"
    main(["qqqq"])
    assert capsys.readouterr().err == f"llemulator: there is no command 'qqqq'; there are: {', '.join(COMMANDS)}\n"


def test_help_lists_every_setting_and_every_other_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert [setting.option for setting in SETTINGS if setting.option not in text] == []
    assert [name for name in COMMANDS if name != "serve" and f"llemulator {name} " not in text] == []


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
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(write)

    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_standard_output_that_is_full_is_one_line_and_a_failure() -> None:
    command = [sys.executable, "-m", "llemulator_addon", "config"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert ended.stderr == "llemulator: the standard output cannot be written: No space left on device\n"
