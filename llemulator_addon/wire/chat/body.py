"""The body of `POST /v1/chat/completions`: its form. `checks.py` has what a model or a conversation forbids."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from llemulator_addon.core.prompt import CalledTool, Message, Tool
from llemulator_addon.wire.bodies import RequestBody


class Image(RequestBody):
    """Where an image is, or the image itself."""

    url: str


class Part(RequestBody):
    """A part of a message's content. Only text is understood; other parts stay in the body as they are."""

    type: Literal["text", "image_url", "input_audio", "refusal", "audio", "file"]
    text: str | None = None
    refusal: str | None = None
    image_url: Image | None = None


def _text_or_list(value: object) -> str | None:
    return "[text]" if isinstance(value, str) else "[list]" if isinstance(value, list) else None


def _text_or_object(value: object) -> str | None:
    return "[text]" if isinstance(value, str) else "[object]" if isinstance(value, dict) else None


Content = (
    Annotated[
        Annotated[str, Tag("[text]")] | Annotated[list[Part], Tag("[list]")],
        Discriminator(_text_or_list, custom_error_type="text_or_parts", custom_error_message="neither text nor parts"),
    ]
    | None
)
Stop = (
    Annotated[
        Annotated[str, Tag("[text]")] | Annotated[list[str], Field(max_length=4), Tag("[list]")],
        Discriminator(_text_or_list, custom_error_type="text_or_texts", custom_error_message="neither text nor texts"),
    ]
    | None
)
Chosen = (
    Annotated[
        Annotated[Literal["none", "auto", "required"], Tag("[text]")] | Annotated[dict[str, Any], Tag("[object]")],
        Discriminator(_text_or_object, custom_error_type="text_or_object", custom_error_message="neither"),
    ]
    | None
)


class CalledFunction(RequestBody):
    """Name and arguments of a call in the conversation."""

    name: str
    arguments: str


class CustomInput(RequestBody):
    """Name and free text of a custom tool's call."""

    name: str
    input: str


class CallInMessage(RequestBody):
    """A tool call that an assistant's message carries."""

    id: str
    type: str = "function"
    function: CalledFunction | None = None
    custom: CustomInput | None = None


class ChatMessage(RequestBody):
    """A message of any role."""

    role: Literal["system", "assistant", "user", "function", "tool", "developer"]
    content: Content = None
    name: str | None = None
    refusal: str | None = None
    audio: dict[str, Any] | None = None
    tool_calls: Annotated[list[CallInMessage], Field(min_length=1)] | None = None
    tool_call_id: str | None = None
    function_call: CalledFunction | None = None

    def message(self) -> Message:
        """Return it in terms common to all endpoints."""
        return Message(
            role=self.role,
            text=self._text(),
            called=tuple(self._list_calls()),
            answers=self.name if self.role == "function" else self.tool_call_id,
        )

    def _text(self) -> str:
        if self.content is None or isinstance(self.content, str):
            return self.content or self.refusal or ""
        return "\n".join(part.text or part.refusal or "" for part in self.content if part.text or part.refusal)

    def _list_calls(self) -> Iterator[CalledTool]:
        for call in self.tool_calls or ():
            if call.custom is not None:
                yield CalledTool(id=call.id, name=call.custom.name, arguments=call.custom.input)
            elif call.function is not None:
                yield CalledTool(id=call.id, name=call.function.name, arguments=call.function.arguments)
        if (legacy := self.function_call) is not None:
            yield CalledTool(id=legacy.name, name=legacy.name, arguments=legacy.arguments)


class NamedFunction(RequestBody):
    """A function or custom tool that the model may call."""

    name: Annotated[str, Field(max_length=64)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None

    def tool(self, kind: str) -> Tool:
        """Return it in terms common to all endpoints."""
        return Tool(name=self.name, kind=kind, description=self.description or "", parameters=self.parameters or {})


class OfferedTool(RequestBody):
    """An entry of `tools`."""

    type: Literal["function", "custom"]
    function: NamedFunction | None = None
    custom: NamedFunction | None = None

    @property
    def named(self) -> NamedFunction | None:
        """The field that the type announces."""
        return self.function if self.type == "function" else self.custom


class StreamOptions(RequestBody):
    """Options of a streamed answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class NamedSchema(RequestBody):
    """The schema of a structured output."""

    name: str
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class ResponseFormat(RequestBody):
    """The format of the text."""

    type: Literal["json_object", "json_schema", "text"]
    json_schema: NamedSchema | None = None

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: object) -> object:
        """Take a schema next to `type`, as in Responses, or one that is itself `json_schema`; the API takes neither.

        Programs that were written for other servers send them.
        """
        if not isinstance(value, dict) or value.get("type") != "json_schema":
            return value
        nested = value.get("json_schema")
        if nested is None and isinstance(value.get("schema"), dict):
            return {**value, "json_schema": {"name": "response", **{key: value[key] for key in _NAMED & value.keys()}}}
        if isinstance(nested, dict) and not _NAMED & nested.keys() and {"type", "properties"} & nested.keys():
            return {**value, "json_schema": {"name": "response", "schema": nested}}
        return value


_NAMED = frozenset({"name", "schema", "strict"})


class AudioOptions(RequestBody):
    """How audio is wanted."""

    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]
    voice: str | dict[str, Any]


class ModerationOptions(RequestBody):
    """Moderation of prompt and answer."""

    model: str


Probability = Annotated[float, Field(ge=0, le=1)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Tokens = Annotated[int, Field(ge=1)]


class ChatBody(RequestBody):
    """The fields of the body that this program understands; others are accepted."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    # Empty counts as not given: agents of LangChain and Xcode send it so. Refused until 2025; reports of 2026 differ.
    tools: Annotated[list[OfferedTool], Field(max_length=128)] | None = None
    tool_choice: Chosen = None
    # Null is refused here: "Invalid type for 'parallel_tool_calls': expected a boolean, but got null instead."
    parallel_tool_calls: bool = True
    functions: Annotated[list[NamedFunction], Field(min_length=1, max_length=128)] | None = None
    function_call: str | dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Probability | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: Stop = None
    seed: int | None = None
    user: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    audio: AudioOptions | None = None
    moderation: ModerationOptions | None = None

    def list_tools(self) -> Iterator[Tool]:
        """Yield the tools that the model may call."""
        for tool in self.tools or ():
            if (named := tool.named) is not None:
                yield named.tool(tool.type)
        for function in self.functions or ():
            yield function.tool("function")

    @property
    def wants_audio(self) -> bool:
        """Whether the model is to speak."""
        return "audio" in (self.modalities or ())
