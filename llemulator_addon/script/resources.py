"""`resources`: files, vector stores, fine-tuned models and webhook endpoints that are there from the start."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from llemulator_addon.core.resources import Kept, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.script.files import ContentPart, ResourceId
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import is_base64
from llemulator_addon.script.script_error import join_place, problem
from llemulator_addon.wire.fine_tuning import MODEL
from llemulator_addon.wire.stored_files import make_file
from llemulator_addon.wire.vector_stores.stored import keep_file, make_store
from llemulator_addon.wire.webhooks import EVENT_TYPES, make_endpoint

_START = Stamp(0, 0)
_BEGUN = -1.0
"""Before any time of a session's clock in which a file would still be read."""

AttributeValue = str | bool | int | float


def _check_secret(secret: str) -> str:
    """Refuse a secret of OpenAI's form that is no Base64."""
    if secret.startswith("whsec_"):
        is_base64(secret.removeprefix("whsec_"))
    return secret


def _check_event(name: str) -> str:
    if name not in EVENT_TYPES:
        message = f"there is no such event; known are {', '.join(EVENT_TYPES)}"
        raise ValueError(message)
    return name


EventType = Annotated[str, Field(json_schema_extra={"enum": list(EVENT_TYPES)}), AfterValidator(_check_event)]


class FilePart(ContentPart):
    """A file: its name, and its content as text or in Base64."""

    purpose: Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] = "user_data"

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.text is None) == (self.data is None):
            message = "give one of text and data"
            raise ValueError(message)
        return self

    def keep(self) -> Kept:
        """Return it as a resource."""
        label = f"resource {self.filename}"
        made = make_file(_START, (self.content(),), name=self.filename, purpose=self.purpose, now=0, label=label)
        file_id = self.id or made.id
        file = {**made.value["file"], "id": file_id, "expires_at": None}
        return Kept(made.kind, file_id, {**made.value, "file": file, "until": None})


class StoredFilePart(ScriptPart):
    """A file in a vector store, by its id or its name."""

    file: str
    attributes: dict[str, AttributeValue] | None = None


class VectorStorePart(ScriptPart):
    """A vector store: its files are those of `files`, by their ids or names."""

    id: ResourceId
    name: str = ""
    files: list[str | StoredFilePart] = Field(default_factory=list)
    metadata: dict[str, str] | None = None

    def keep(self, files: Mapping[str, Value], place: str) -> Iterator[Kept]:
        """Yield it and its files as resources; raises `ScriptError` for a file that is not there."""
        body = {"name": self.name, "metadata": self.metadata}
        yield make_store(self.id, body, created_at=_START.created, now=_BEGUN)
        for number, given in enumerate(self.files):
            part = given if isinstance(given, StoredFilePart) else StoredFilePart(file=given)
            if (file := files.get(part.file)) is None:
                raise problem(join_place(f"{place}.files", number), f'resources.files has no file "{part.file}"')
            yield keep_file(
                self.id,
                file,
                created_at=_START.created,
                now=_BEGUN,
                lenient=True,
                readers={},
                attributes=part.attributes,
            )


class WebhookEndpointPart(ScriptPart):
    """A receiver of events: its address, and the events; default: all."""

    url: Annotated[str, Field(pattern="^https?://")]
    event_types: Annotated[list[EventType], Field(min_length=1)] | None = None
    secret: Annotated[str, Field(min_length=1), AfterValidator(_check_secret)]
    name: str = "webhook"

    def keep(self, number: int) -> Kept:
        """Return it as a resource."""
        body = {"name": self.name, "url": self.url, "event_types": self.event_types or EVENT_TYPES}
        endpoint_id = f"whe_{_START.hex(f'resource {number} {self.url}', 32)}"
        return make_endpoint(endpoint_id, body, self.secret, _START.created)


class ResourcesPart(ScriptPart):
    """Files, vector stores, fine-tuned models and webhook endpoints that are there from the start."""

    files: list[FilePart] = Field(default_factory=list)
    vector_stores: list[VectorStorePart] = Field(default_factory=list)
    fine_tuned_models: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    webhook_endpoints: list[WebhookEndpointPart] = Field(default_factory=list)

    def keep(self) -> tuple[Kept, ...]:
        """Return them as resources; raises `ScriptError`."""
        kept = [each.keep() for each in self.files]
        files: dict[str, Any] = {each.value["file"]["filename"]: each.value for each in kept}
        files |= {each.id: each.value for each in kept}
        for number, store in enumerate(self.vector_stores):
            kept += store.keep(files, join_place("resources.vector_stores", number))
        kept += [each.keep(number) for number, each in enumerate(self.webhook_endpoints)]
        return (*kept, *(Kept(MODEL, name, {"id": name}) for name in self.fine_tuned_models))
