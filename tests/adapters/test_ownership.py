import os
import stat
from pathlib import Path

import pytest

from llemulator_addon.adapters.ownership import Us, doubts_about

_ME, _MINE, _ELSE, _THEIRS = 1000, 1000, 1001, 1001


def _status(mode: int, user: int = _ME, group: int = _MINE) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, user, group, 0, 0, 0, 0))


def _us(user: int = _ME, *, is_mounted: bool = False) -> Us:
    return Us(user=user, group=_MINE if user else 0, is_mounted=is_mounted)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(_status(0o600), id="ours alone"),
        pytest.param(_status(0o400, user=0), id="root's"),
        pytest.param(_status(0o660), id="of a group that is ours"),
        pytest.param(_status(0o640, group=0), id="of root's group"),
    ],
)
def test_a_key_that_others_cannot_read_is_taken_in_silence(key: os.stat_result) -> None:
    assert list(_us().doubts_about_key(key)) == []


@pytest.mark.parametrize(
    ("key", "what", "forbids"),
    [
        (_status(0o600, user=_ELSE), "belongs to user 1001", True),
        (_status(0o666), "everybody may write to it", True),
        (_status(0o644), "everybody may read this private key", True),
        (_status(0o640, group=_THEIRS), "group 1001 may read this private key", False),
    ],
)
def test_a_key_that_others_can_have_is_refused_or_warned_of(key: os.stat_result, what: str, *, forbids: bool) -> None:
    (found,) = _us().doubts_about_key(key)

    assert found[0].startswith(what)
    assert found[1] is forbids


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(_status(0o644, user=0, group=0), id="a secret of Kubernetes"),
        pytest.param(_status(0o600, user=_ELSE), id="another user's, mounted by hand"),
        pytest.param(_status(0o640, user=0, group=_THEIRS), id="a secret for a group of the pod"),
    ],
)
def test_a_key_that_is_mounted_is_taken_with_a_warning(key: os.stat_result) -> None:
    (found,) = _us(is_mounted=True).doubts_about_key(key)

    assert found[1] is False


@pytest.mark.parametrize(
    ("folder", "what", "forbids"),
    [
        (_status(0o777), "everybody may put another key there", True),
        (_status(0o775, group=_THEIRS), "group 1001 may put another key there", False),
        (_status(0o755, user=_ELSE), "belongs to user 1001", True),
    ],
)
def test_a_folder_in_which_others_can_put_a_key_is_refused_or_warned_of(
    folder: os.stat_result, what: str, *, forbids: bool
) -> None:
    (found,) = _us().doubts_about_folder(folder)

    assert found[0].startswith(what)
    assert found[1] is forbids


@pytest.mark.parametrize(
    ("folder", "is_mounted"),
    [
        pytest.param(_status(0o775), False, id="of a group that is ours"),
        pytest.param(_status(0o1777, user=0), False, id="sticky, as /tmp is"),
        pytest.param(_status(0o777, user=0), True, id="an empty volume of Kubernetes"),
    ],
)
def test_a_folder_in_which_nobody_else_replaces_a_key_is_taken_in_silence(
    folder: os.stat_result, *, is_mounted: bool
) -> None:
    assert list(_us(is_mounted=is_mounted).doubts_about_folder(folder)) == []


def test_root_is_warned_of_what_belongs_to_another_user() -> None:
    (found,) = _us(0).doubts_about_key(_status(0o600, user=_ELSE))

    assert found[1] is False


def test_modes_are_those_of_the_file_and_of_its_folder(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    before = list(doubts_about(key))
    key.chmod(0o604)
    tmp_path.chmod(stat.S_IMODE(0o757))

    assert before == []
    assert [(doubt.file, doubt.forbids) for doubt in doubts_about(key)] == [(key, True), (tmp_path, True)]
