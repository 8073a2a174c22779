import os
import resource
import stat
from pathlib import Path

import pytest

from llemulator_addon.adapters.files import write_whole


def test_a_file_is_written_and_nothing_else_stays(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "ä")
    write_whole(tmp_path / "a", b"longer than before")

    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"longer than before")]


def test_its_mode_is_the_one_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", "")
        write_whole(tmp_path / "b", "", mode=0o600)
    finally:
        os.umask(before)

    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o640, 0o600]


def test_a_link_with_its_name_is_replaced_and_what_it_led_to_is_as_it_was(tmp_path: Path) -> None:
    victim, file = tmp_path / "victim", tmp_path / "report.json"
    victim.write_text("precious")
    file.symlink_to(victim)
    write_whole(file, "{}")

    assert (victim.read_text(), file.read_text(), file.is_symlink()) == ("precious", "{}", False)


def test_a_device_and_a_pipe_are_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(tmp_path / "pipe", "said")
        write_whole(Path("/dev/null"), "lost")

        assert os.read(reader, 10) == b"said"
    finally:
        os.close(reader)
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), "no")


def test_what_finds_no_room_leaves_the_file_as_it_was_and_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(file, "a" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a", "before")]


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path, "no")
