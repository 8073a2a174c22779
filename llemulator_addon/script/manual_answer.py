"""A person's answer to a waiting request: a reply as in a rule, or the answer of a fallback or of the rules."""

from typing import TYPE_CHECKING, Literal, Self, get_args, override

from pydantic import create_model, model_validator

from llemulator_addon.script.fault import Fault
from llemulator_addon.script.model import word_fields
from llemulator_addon.script.pacing import Pacing, StreamPart
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.reply import OTHERS, ReplyPart, check_logprobs, check_no_null, check_says, text_alone
from llemulator_addon.script.rule import FaultSpec
from llemulator_addon.script.script_error import problem, read_as
from llemulator_addon.script.template import compile_templates

StandIn = Literal["echo", "simulate", "rules"]
_STAND_INS: tuple[StandIn, ...] = get_args(StandIn)


class AnswerPart(ReplyPart):
    """A reply, and how it is delivered.

    Or `echo` or `simulate`: what that fallback would have answered; or `rules`: what the rules answer now.
    """

    echo: Literal[True] | None = None
    simulate: Literal[True] | None = None
    rules: Literal[True] | None = None
    stream: StreamPart | None = None
    faults: list[FaultSpec] | None = None

    @override
    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        check_no_null(self)
        check_logprobs(self)
        others = tuple(word for word in (*OTHERS, *_STAND_INS) if word in self.model_fields_set)
        check_says((*self.words_given(), *others), (*REPLIES, *OTHERS, *_STAND_INS))
        if self.template:
            compile_templates(self.dump())
        return self

    @property
    def stand_in(self) -> StandIn | None:
        """The word for what answers in the person's place."""
        return next((word for word in _STAND_INS if word in self.model_fields_set), None)

    def pacing(self) -> Pacing | None:
        """Return in which rhythm it is sent; None: as the session's defaults say."""
        return self.stream.pacing() if self.stream else None

    def rewritings(self) -> tuple[Fault, ...] | None:
        """Return what goes wrong with it; None: what the session's defaults say. Raises `ScriptError`."""
        if self.faults is None:
            return None
        faults = tuple(part.fault() for part in self.faults)
        if any(fault.find_connection_fault() for fault in faults):
            raise problem("faults", "connect and tls act on connections; this request has one already")
        return faults

    @override
    def dump(self) -> dict[str, object]:
        return {name: value for name, value in super().dump().items() if name not in _OF_DELIVERY}


_OF_DELIVERY = (*_STAND_INS, "stream", "faults")

if TYPE_CHECKING:
    AnswerSpec = AnswerPart
else:
    AnswerSpec = create_model(
        "Answer",
        __base__=AnswerPart,
        __module__=__name__,
        __doc__=AnswerPart.__doc__,
        **word_fields(REPLIES, "wanted"),
    )


def read_answer(value: object) -> AnswerPart:
    """Read it from its JSON value; a text alone is the reply. Raises `ScriptError`."""
    return read_as(AnswerSpec, text_alone(value), "")


def schema() -> dict[str, object]:
    """Return its JSON schema."""
    return AnswerSpec.model_json_schema(by_alias=True)
