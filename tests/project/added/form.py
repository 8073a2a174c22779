"""An endpoint that takes a form: a model answers the words of a file."""

from llemulator_addon.wire.described.operations import list_described
from tests.playing import emulator, json_of, play, status
from tests.project import test_readme
from tests.project.additions import Addition, Replacing
from tests.wire.forms import form

_ENDPOINT = '''"""`POST /v1/audio/echoes`: a model answers the words of a file."""

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, Manner
from llemulator_addon.wire.bodies import check_body, take_file
from llemulator_addon.wire.checking import Fields, text
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import files_in

_FIELDS = Fields(checks={"file": take_file, "model": text()}, needs=("file", "model"))

def read(call: Call, body: JsonObject) -> Prompt:
    checked = check_body(_FIELDS, body, lenient=call.lenient)
    words = next(files_in(checked, "file")).content.decode()
    asked = Message(role="user", text=words)
    return Prompt(endpoint="audio.echoes", model=checked["model"], messages=(asked,), body=checked)


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    (choice,) = says.choices
    return Body(body=pretty({"echo": "".join(block.text for block in choice.blocks)}))


ENDPOINT = Endpoint(
    name="audio.echoes", method="POST", path="/audio/echoes", read=read, write=write, takes_forms=True
)
'''
_LINES = """
from llemulator_addon.wire.endpoints import added

ENDPOINTS: dict[str, Endpoint] = {
    "audio.echoes": added.ENDPOINT,
"""


def show() -> None:
    """Use it."""
    server = emulator({"rules": [{"match": {"endpoint": "audio.echoes"}, "reply": "Hello!", "times": 1}]})
    sent = form("/v1/audio/echoes", ("model", "gpt-4o"), ("file", ("a.txt", b"Hello?")))
    ruled, unmatched = play(server, sent, sent)
    (without,) = play(server, form("/v1/audio/echoes", ("model", "gpt-4o")))

    assert json_of(ruled) == {"echo": "Hello!"}
    assert json_of(unmatched)["error"]["code"] == "script_exhausted"
    assert (status(without), json_of(without)["error"]["param"]) == (400, "file")
    assert "audio.echoes" not in {each.name for each in list_described()}
    test_readme.test_every_operation_is_in_the_table_of_operations()


ADDITION = Addition(
    row="an endpoint that takes a form (multipart)",
    show=show,
    edits={
        "wire/endpoints/NAME.py": _ENDPOINT,
        "wire/endpoints/__init__.py": [Replacing("\nENDPOINTS: dict[str, Endpoint] = {\n", _LINES)],
    },
)
