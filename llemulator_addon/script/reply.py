"""`reply` as a script writes it, made of the words in `REPLIES`."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, create_model, model_validator

from llemulator_addon.core.reply import Choice, Failure, FinishReason, ModelOutput, Refusal, Text
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.script.embedding import Vectors, vectors_of
from llemulator_addon.script.files import FILE_OPERATIONS, GivenFiles
from llemulator_addon.script.headers import HeaderMap
from llemulator_addon.script.image import Images
from llemulator_addon.script.logprobs import Logprobs, check_joins
from llemulator_addon.script.model import ScriptPart, list_given_words, word_fields
from llemulator_addon.script.moderation import Verdicts, moderation_of
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.replies.failure import FailedReplyPart
from llemulator_addon.script.replies.raw import Raw, RawPart
from llemulator_addon.script.template import Template, compile_templates
from llemulator_addon.script.templates.problems import TemplateProblem
from llemulator_addon.script.transcript import TranscriptSpec
from llemulator_addon.script.usage import UsagePart, read_usage
from llemulator_addon.script.vector_store import FoundParts

Ready = ModelOutput | Failure | Raw
"""A reply as it is given."""


class SaidPart(ScriptPart):
    """The content of one choice: at least one of the words of `REPLIES`."""

    finish_reason: FinishReason | None = None
    """Null is sent as null."""
    logprobs: Logprobs | None = None
    """Of the tokens of `text` or `refusal`; shown where the request asks for log probabilities."""
    side_by_side: Literal[True] | Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None
    """Whether items and calls of a stream go on side by side; numbers say whose event comes next, from 1."""

    def words_given(self) -> tuple[str, ...]:
        """Return the words that are given."""
        return tuple(word for word in REPLIES if f"{word}_" in self.model_fields_set)

    def choice(self) -> Choice:
        """Return the choice."""
        blocks = tuple(block for reply, given in list_given_words(self, REPLIES) for block in reply(given))
        given, order = self.model_fields_set, self.side_by_side
        if self.logprobs is not None:
            entries = tuple(each.entry() for each in self.logprobs)
            blocks = tuple(
                replace(block, logprobs=entries) if isinstance(block, Text | Refusal) else block for block in blocks
            )
        return Choice(
            blocks=blocks,
            side_by_side=order is not None,
            order=tuple(number - 1 for number in order) if isinstance(order, list) else (),
            finish_reason=self.finish_reason,
            says_why=self.finish_reason is not None or "finish_reason" not in given,
            exact="blocks_" in given,
        )


class ChoicePart(SaidPart):
    """One of several choices."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        check_logprobs(self)
        check_says(self.words_given(), REPLIES)
        return self


def text_alone(value: object) -> object:
    """Let a text stand for the reply that says it."""
    return {"text": value} if isinstance(value, str) else value


if TYPE_CHECKING:
    ChoiceSpec = ChoicePart
    type OrText[T] = T
else:
    ChoiceSpec = create_model(
        "Choice",
        __base__=ChoicePart,
        __module__=__name__,
        __doc__="One of several choices.",
        **word_fields(REPLIES, "wanted"),
    )

    class OrText:
        """A part that may also be written as the text that it says."""

        def __class_getitem__(cls, part: type) -> object:
            """Return the type."""
            return Annotated[part, BeforeValidator(text_alone, json_schema_input_type=str | part)]


class ReplyPart(SaidPart):
    """The content of the answer, or how the request fails, or an answer byte for byte."""

    choices: Annotated[list[OrText[ChoiceSpec]], Field(min_length=1, max_length=128)] | None = None
    usage: UsagePart | None = None
    """Null is an answer without usage."""
    model: str | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    """Of chat; null is sent as null."""
    headers: HeaderMap | None = None
    embedding: Vectors | None = None
    """The vector of each input, for embeddings; alone in a rule, it answers only them."""
    moderation: Verdicts | None = None
    """Verdicts, for moderations; alone in a rule, it answers only them."""
    transcript: TranscriptSpec | None = None
    """The words that are heard, for transcriptions and translations; alone in a rule, it answers only them."""
    vector_store: FoundParts | None = None
    """The texts that a search of a vector store finds, the best first; alone in a rule, it answers only that."""
    files: GivenFiles | None = None
    """The files that are listed, shown and downloaded; alone in a rule, it answers only that."""
    image: Images | None = None
    """The picture, or a list of them, for images; alone in a rule, it answers only them."""
    failure: FailedReplyPart | None = None
    raw: RawPart | None = None
    template: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        check_no_null(self)
        check_logprobs(self)
        others = tuple(word for word in OTHERS if word in self.model_fields_set)
        check_says((*self.words_given(), *others), (*REPLIES, *OTHERS))
        if self.template:
            compile_templates(self.dump())
        return self

    def reply(self) -> "ScriptReply":
        """Return the reply."""
        return Template(self.dump()) if self.template else self.ready()

    def ready(self) -> Ready:
        """Return the reply as it is."""
        if self.failure is not None:
            return self.failure.failure()
        if self.raw is not None:
            return self.raw.raw()
        return ModelOutput(
            choices=tuple(part.choice() for part in self.choices) if self.choices else (self.choice(),),
            usage=read_usage(self.usage, given="usage" in self.model_fields_set),
            model=self.model,
            service_tier=self.service_tier,
            fingerprint=self.system_fingerprint,
            has_fingerprint=self.system_fingerprint is not None or "system_fingerprint" not in self.model_fields_set,
            vectors=vectors_of(self.embedding or []),
            moderation=moderation_of(self.moderation),
            images=tuple(each.read() for each in self.image or ()),
            transcript=None if self.transcript is None else self.transcript.read(),
            found=None if self.vector_store is None else tuple(each.read() for each in self.vector_store),
            files=None if self.files is None else tuple(each.read() for each in self.files),
            headers=tuple((name.lower(), value) for name, value in (self.headers or {}).items()),
        )

    def list_endpoints(self) -> tuple[str, ...]:
        """Return the endpoints of which alone it says something; none: of any."""
        if self.embedding is not None:
            return ("embeddings",)
        if self.image is not None:
            return ("images.generate", "images.edit")
        if self.vector_store is not None:
            return ("vector_stores.search",)
        if self.files is not None:
            return FILE_OPERATIONS
        if self.transcript is not None:
            return ("audio.transcriptions", "audio.translations", "realtime.transcription")
        said = {*self.words_given(), *(word for word in OTHERS if word in self.model_fields_set)}
        return ("moderations",) if said == {"moderation"} else ()

    def dump(self) -> dict[str, object]:
        """Return it as a script writes it."""
        return self.model_dump(exclude_unset=True, by_alias=True)


OTHERS = ("choices", "failure", "raw", "embedding", "moderation", "transcript", "vector_store", "files", "image")
ALONE = frozenset({"blocks", "echo", "simulate", "rules", *OTHERS}) - {"moderation"}
_BESIDE = frozenset({"moderation"})
_EXCLUSIVE = (
    *(("text", "json"), ("text", "refusal"), ("json", "refusal"), ("refusal", "tool_calls")),
    *(("audio", "text"), ("audio", "json"), ("audio", "refusal")),
)


_NULL_IS_SENT = frozenset({"usage", "finish_reason", "system_fingerprint"})


def check_no_null(part: ReplyPart) -> None:
    """Refuse null where it would be taken for a word that is not there; raises ValueError."""
    for word in type(part).model_fields.keys() & ReplyPart.model_fields.keys() & part.model_fields_set - _NULL_IS_SENT:
        if getattr(part, word) is None:
            message = f'"{word}" is null, which says nothing; leave it out'
            raise ValueError(message)


def check_logprobs(part: SaidPart) -> None:
    """Refuse log probabilities that are not those of the reply's text; raises ValueError."""
    refusal = getattr(part, "refusal_", None)
    check_joins(part.logprobs, getattr(part, "text_", None) if refusal is None else refusal)


def check_says(said: tuple[str, ...], words: Any) -> None:  # noqa: ANN401 - any collection of words
    """Refuse a reply that says nothing, or things that cannot be said at once; raises ValueError."""
    if not said:
        message = f"a reply says something: give one of {', '.join(words)}"
        raise ValueError(message)
    said = tuple(word for word in said if word not in _BESIDE)
    alone = next((word for word in said if word in ALONE), None)
    if alone is not None and len(said) > 1:
        message = f'"{alone}" and "{next(word for word in said if word != alone)}" exclude each other'
        raise ValueError(message)
    for one, other in _EXCLUSIVE:
        if one in said and other in said:
            message = f'"{one}" and "{other}" exclude each other'
            raise ValueError(message)


if TYPE_CHECKING:
    ReplySpec = ReplyPart
else:
    ReplySpec = OrText[
        create_model(
            "Reply",
            __base__=ReplyPart,
            __module__=__name__,
            __doc__="The content of the answer, or how the request fails, or an answer byte for byte.",
            **word_fields(REPLIES, "wanted"),
        )
    ]

ScriptReply = Ready | Template
"""A reply as a rule has it; a template becomes one when it is asked for."""


def fill_reply(template: Template, asked: Candidate, captures: Mapping[str, str], times: int, stamp: Stamp) -> Ready:
    """Fill in a reply for a request; raises `TemplateProblem`. `times` counts this answer of the rule too."""
    try:
        return _any().validate_python(template.fill(asked, captures, times, stamp)).ready()
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in found["loc"])
        raise TemplateProblem(f"{place}: {found['msg']}") from None


@cache
def _any() -> TypeAdapter[ReplyPart]:
    return TypeAdapter(ReplySpec)
