import pytest

from llemulator_addon.core.work import NotAtOnce, TooMuchWork, Work, working_at_most


def test_work_has_a_bound() -> None:
    work = Work(10)
    work.spend(10)

    with pytest.raises(TooMuchWork):
        work.spend()


def test_what_is_not_done_at_once_says_so_first_and_can_be_begun_anew() -> None:
    with working_at_most(5), pytest.raises(NotAtOnce):
        Work(10).spend(6)

    Work(10).spend(6)


def test_what_is_done_at_once_has_its_own_bound_all_the_same() -> None:
    with working_at_most(50), pytest.raises(TooMuchWork):
        Work(10).spend(11)
