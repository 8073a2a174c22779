"""A fallback that repeats the last user message in capitals."""

from llemulator_addon.adapters.settings import settings_from
from tests.playing import chat, emulator, texts
from tests.project.additions import Addition, Replacing, insert
from tests.script import test_page

_CASE = """        case "shout":
            return fallback.says(asked.prompt.user_text.upper()), None
"""


def show() -> None:
    """Use it."""
    by_setting = settings_from(command_line={"on_unmatched": "shout"}).on_unmatched
    by_script = emulator({"defaults": {"on_unmatched": "shout"}})

    assert texts(emulator(on_unmatched=by_setting), chat("Hi")) == ["HI"]
    assert texts(by_script, chat("Hello")) == ["HELLO"]
    test_page.test_every_fallback_is_on_the_page()


ADDITION = Addition(
    row="a fallback",
    show=show,
    edits={
        "core/choices.py": [Replacing('OnUnmatched = Literal["error", ', 'OnUnmatched = Literal["shout", "error", ')],
        "engine/unmatched.py": [insert(_CASE, before='        case "echo":\n')],
        "docs/script.md": [insert("| `shout` | the last user message in capitals |\n", before="| `echo` | the")],
    },
)
