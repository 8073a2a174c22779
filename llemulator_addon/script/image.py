"""`image`: pictures that image generation and editing answer with."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from llemulator_addon.core.reply import Image
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import Base64


class ImagePart(ScriptPart):
    """A file in Base64, and the prompt as the model changed it."""

    data: Base64
    revised_prompt: str | None = None

    def read(self) -> Image:
        """Return the picture."""
        return Image(data=self.data, revised_prompt=self.revised_prompt)


def _put_in_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Images = Annotated[
    list[ImagePart],
    Field(min_length=1, max_length=10),
    BeforeValidator(_put_in_list, json_schema_input_type=ImagePart | list[ImagePart]),
]
