"""`vector_store`: the texts that a search of a vector store finds."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from llemulator_addon.core.reply import FoundText
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.resources import AttributeValue


class FoundPart(ScriptPart):
    """A piece of text that is found, and the file that it is from."""

    file: Annotated[str, Field(min_length=1)]
    """The name of the file."""
    file_id: Annotated[str, Field(min_length=1)] | None = None
    text: str
    score: Annotated[float, Field(ge=0, le=1)] = 1.0
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)

    def read(self) -> FoundText:
        """Return it."""
        return FoundText(
            filename=self.file, file_id=self.file_id, text=self.text, score=self.score, attributes=self.attributes
        )


def _put_in_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


FoundParts = Annotated[
    list[FoundPart],
    Field(max_length=50),
    BeforeValidator(_put_in_list, json_schema_input_type=FoundPart | list[FoundPart]),
]
