"""A fault that remembers how many requests came."""

import json

from conformance.faults import test_faults as shown_faults
from llemulator_addon.core.steps import Wait
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.store.written_values import read_value, write_value
from tests.playing import chat, emulator, play, sessions, status
from tests.project.additions import Addition, Replacing, insert
from tests.script import test_faults, test_page

_FAULT = '''"""`hiccup_ms`: answers begin later, until there were enough."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps, Wait
from llemulator_addon.script.fault import Admission, AdmissionRequest, Fault, Memory, Scene


@dataclass(frozen=True, slots=True)
class Hiccups:
    """How many requests came."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class HiccupFault(Fault):
    """Two answers begin later, and a third request is refused."""

    wanted: Annotated[int, Field(ge=1)]

    @override
    def admit(self, arrival: AdmissionRequest, memory: Memory | None) -> Admission:
        before = memory if isinstance(memory, Hiccups) else Hiccups()
        if before.count >= 2:
            return Admission(refused=Failure(status=418, type="server_error", message="Enough."), memory=before)
        return Admission(memory=Hiccups(before.count + 1))

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        return (Wait(self.wanted / 1000), *steps)
'''
_LINES = """}

from llemulator_addon.script.faults.hiccup_ms import HiccupFault, Hiccups

FAULTS["hiccup_ms"] = HiccupFault
MEMORIES: tuple[type, ...] = (Hiccups, """
_SECTION = """### `hiccup_ms`

Every answer begins later, until the third.

```yaml
rules:
  - {reply: Hick., faults: [{hiccup_ms: 5}]}
```

"""
_CASE = """- name: a hiccup
  fault: hiccup_ms
  script: {rules: [{reply: Hick., faults: [{hiccup_ms: 5}]}]}
  sees:
    Python, Python async, Python HTTP/2, JavaScript, curl HTTP/1.1, curl HTTP/2: {text: Hick., requests: 1}

"""


def show() -> None:
    """Use it."""
    server = emulator({"defaults": {"faults": [{"hiccup_ms": 5}]}, "responses": ["Hick."] * 9})
    first, _, third = play(server, chat(), chat(), chat())
    (memory,) = (memory for session in sessions(server) for memory in session.progress.memories.values())

    assert first[0] == Wait(0.005)
    assert status(third) == 418
    assert write_value(memory) == {"$": "Hiccups", "count": 2}
    assert read_value(json.loads(json.dumps(write_value(memory)))) == memory
    test_faults.test_each_fault_is_in_a_file_of_its_own_that_is_in_the_table()
    test_page.test_every_word_has_an_example_that_uses_it("faults", list(FAULTS))
    shown_faults.test_every_fault_is_shown_to_every_client()


ADDITION = Addition(
    row="a fault",
    name="hiccup_ms",
    show=show,
    edits={
        "script/faults/NAME.py": _FAULT,
        "script/faults/__init__.py": [Replacing("}\n\nMEMORIES: tuple[type, ...] = (", _LINES)],
        "docs/script.md": [insert(_SECTION, before="### `cut_after`\n")],
        "conformance/faults/expected.yaml": [insert(_CASE, before="- name: a stream is closed in the middle\n")],
    },
)
