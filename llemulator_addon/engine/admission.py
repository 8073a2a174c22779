"""Whether a request gets its rule's answer, or a fault refuses it."""

from functools import partial
from typing import NamedTuple

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Headers
from llemulator_addon.engine.session import Session
from llemulator_addon.script.fault import AdmissionRequest, Fault
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.wire.usage import count_most, count_prompt


class Admitted(NamedTuple):
    """The verdict of the faults, and the session with their memory."""

    session: Session
    refused: Failure | None = None
    refused_by: Fault | None = None
    headers: Headers = ()


def admit(session: Session, faults: tuple[Fault, ...], owner: str, asked: Candidate) -> Admitted:
    """Ask each fault in order, until one refuses. `owner` names whose faults they are: what they remember is theirs."""
    headers: Headers = ()
    for number, fault in enumerate(faults):
        place = f"{owner}/{number}"
        memory = session.progress.memories.get(place)
        admission = fault.admit(_arrival(session, asked, f"fault/{place}"), memory)
        if admission.memory is not memory:
            session = session.remember(place, admission.memory)
        if admission.refused is not None:
            return Admitted(session=session, refused=admission.refused, refused_by=fault)
        headers += admission.headers
    return Admitted(session=session, headers=headers)


def _arrival(session: Session, asked: Candidate, label: str) -> AdmissionRequest:
    return AdmissionRequest(
        at=session.clock_time(asked.request),
        model=asked.prompt.model,
        tokens=partial(_tokens, asked.prompt),
        stamp=session.stamp,
        label=label,
    )


def _tokens(prompt: Prompt) -> int:
    """Count what OpenAI charges before it answers: the prompt, and the most that the answer may have."""
    return count_prompt(prompt) + count_most(prompt)
