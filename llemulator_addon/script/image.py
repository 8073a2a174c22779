"""`image`: pictures that image generation and editing answer with."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from llemulator_addon.core.reply import Image
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import Base64


class ImagePart(ScriptPart):
    """A file in Base64, or a stored one; and the prompt as the model changed it."""

    data: Base64 | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    """A stored file of the session, by id or name."""
    revised_prompt: str | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.data is None) == (self.file is None):
            message = "give one of data and file"
            raise ValueError(message)
        return self

    def read(self) -> Image:
        """Return the picture."""
        return Image(data=self.data or "", file=self.file, revised_prompt=self.revised_prompt)


def _put_in_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Images = Annotated[
    list[ImagePart],
    Field(min_length=1, max_length=10),
    BeforeValidator(_put_in_list, json_schema_input_type=ImagePart | list[ImagePart]),
]
