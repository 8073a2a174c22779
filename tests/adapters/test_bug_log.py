from llemulator_addon.adapters.bug_log import describe_briefly, describe_fully


def _fail() -> None:
    keys: dict[str, str] = {}
    try:
        keys["sk-first"]
    except KeyError as error:
        raise ValueError("sk-second") from error


def _raised() -> BaseException:
    try:
        _fail()
    except ValueError as error:
        return error
    raise AssertionError


def test_a_bug_is_told_by_place_and_type_and_never_by_its_message() -> None:
    told = describe_briefly(_raised())

    assert "in _fail" in told
    assert [line for line in told.splitlines() if not line.startswith(" ")] == [
        "builtins.KeyError",
        "and then:",
        "builtins.ValueError",
    ]


def test_in_full_it_says_all() -> None:
    assert "ValueError: sk-second" in describe_fully(_raised())
