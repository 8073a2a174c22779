"""Files of a script: those that are there from the start, and `files`, those that a reply says are there."""

from base64 import b64decode
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from llemulator_addon.core.reply import GivenFile
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import Base64

ResourceId = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^/?#]+$")]

FILE_OPERATIONS = (
    "files.list",
    "files.retrieve",
    "files.content",
    "containers.files.list",
    "containers.files.retrieve",
    "containers.files.content.retrieve",
)
"""Those that `files` of a reply answers."""


class ContentPart(ScriptPart):
    """A file: its name, and its content as text or in Base64."""

    id: ResourceId | None = None
    filename: Annotated[str, Field(min_length=1)]
    text: str | None = None
    data: Base64 | None = None

    def content(self) -> bytes:
        """Return its bytes."""
        return b64decode(self.data) if self.data is not None else (self.text or "").encode("utf-8", "replace")


class GivenFilePart(ContentPart):
    """A file that operations on files find: what is shown of it, and its content; default: an empty one."""

    purpose: Literal[
        "assistants",
        "assistants_output",
        "batch",
        "batch_output",
        "evals",
        "fine-tune",
        "fine-tune-results",
        "user_data",
        "vision",
    ] = "user_data"
    bytes: Annotated[int, Field(ge=0)] | None = None
    """The size that is shown; default: that of the content."""
    created_at: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _has_at_most_one_content(self) -> Self:
        if self.text is not None and self.data is not None:
            message = "give one of text and data"
            raise ValueError(message)
        return self

    def read(self) -> GivenFile:
        """Return it."""
        return GivenFile(
            file_id=self.id,
            filename=self.filename,
            purpose=self.purpose,
            content=self.content(),
            size=self.bytes,
            created_at=self.created_at,
        )


def _put_in_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _check_ids(files: list[GivenFilePart]) -> list[GivenFilePart]:
    ids = [each.id for each in files if each.id is not None]
    if len(set(ids)) < len(ids):
        message = "two files have the same id"
        raise ValueError(message)
    return files


GivenFiles = Annotated[
    list[GivenFilePart],
    Field(max_length=1_000),
    AfterValidator(_check_ids),
    BeforeValidator(_put_in_list, json_schema_input_type=GivenFilePart | list[GivenFilePart]),
]
