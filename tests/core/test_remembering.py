from llemulator_addon.core.remembering import remember_calls


def test_only_what_was_asked_with_a_short_text_is_remembered() -> None:
    asked: list[str] = []

    @remember_calls(8, longest=3)
    def length(text: str, more: int) -> int:
        asked.append(text)
        return len(text) + more

    assert [length("abc", 1), length("abc", 1), length("abcd", 1), length("abcd", 1)] == [4, 4, 5, 5]
    assert asked == ["abc", "abcd", "abcd"]
