"""`POST /v1/images/generations` and `/edits`: a picture that shows the words of the prompt.

No model speaks here, so a rule answers only if it gives an `image`, or its `match` names the endpoint or the path.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.wire import errors, tokens
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, EventStream, Made, Manner, Piece
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import check_body, take_file
from llemulator_addon.wire.checking import (
    Fields,
    Place,
    an_object,
    array,
    boolean,
    integer,
    one_of,
    refuse_missing,
    text,
)
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import files_in, is_form, type_fields
from llemulator_addon.wire.pictures import WIDEST, Picture, read_path, spell_path
from llemulator_addon.wire.sse import frame

NAME, EDIT = "images.generate", "images.edit"


def read(call: Call, body: JsonObject, *, name: str = NAME) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    typed = add_model(type_fields(body, _KINDS), call.params)
    checked: Any = check_body(_EDIT if name == EDIT else _GENERATION, typed, lenient=call.lenient)
    if name == EDIT:
        _check_images(call, checked)
    model = checked.get("model") or ("gpt-image-1.5" if name == EDIT else "dall-e-2")
    if (wrong := _find_wrong_size(model, checked.get("size"))) is not None:
        if not call.lenient:
            raise RequestRefused(wrong)
        # Older versions of the SDK know no other sizes of a picture.
        checked = {**checked, "size": "auto"}
    if not call.lenient:
        _check_form(checked)
    origin = f"http://{call.request.host}:{call.request.port}" if call.request.to_proxy else "https://api.openai.com"
    return Prompt(
        endpoint=name,
        model=model,
        messages=(Message(role="user", text=checked["prompt"]),),
        stream=bool(checked.get("stream")) and _is_newer(model),
        body=checked,
        origin=origin,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write the pictures, or events in which one of them is finished."""
    if prompt.stream:
        return EventStream(pieces=Made(partial(_pieces, prompt, says, manner.stamp)))
    count = prompt.body.get("n") or 1
    shown = [_show_image(prompt, says, manner.stamp, number) for number in range(count)]
    answer: dict[str, object] = {"created": manner.stamp.created}
    if _is_newer(prompt.model):
        return Body(body=pretty({**answer, **_describe(prompt), "data": shown, "usage": _usage(prompt, count)}) + b"\n")
    return Body(body=pretty({**answer, "data": shown}) + b"\n")


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the work of drawing, in bytes of pixels."""
    del says
    width, height = _find_size(prompt)
    return width * height * (prompt.body.get("n") or 1)


def is_picture(request: Request) -> bool:
    """Whether a picture is asked at its own address, which needs no key."""
    return request.method == "GET" and read_path(request.path) is not None


def answer_picture(request: Request) -> Steps:
    """Answer a request for which `is_picture` holds."""
    picture = read_path(request.path)
    body = b"" if picture is None else picture.draw()
    return (Head(200, (("content-type", "image/png"), ("content-length", str(len(body))))), Send(body))


# Reading ------------------------------------------------------------------------------------------------------------

_KINDS = {"n": int, "stream": bool, "partial_images": int, "output_compression": int}
_OF_BOTH = {
    "model": text(),
    "prompt": text(least=1, most=32_000),
    "n": integer(1, 10),
    "quality": one_of("standard", "hd", "low", "medium", "high", "auto"),
    "size": text(),
    "background": one_of("transparent", "opaque", "auto"),
    "response_format": one_of("url", "b64_json"),
    "output_format": one_of("png", "jpeg", "webp"),
    "output_compression": integer(0, 100),
    "moderation": one_of("low", "auto"),
    "stream": boolean,
    "partial_images": integer(0, 3),
    "user": text(),
}


def _take_images(place: Place, given: JSON) -> None:
    (array(take_file, least=1, most=16) if isinstance(given, list) else take_file)(place, given)


_GENERATION = Fields(checks={**_OF_BOTH, "style": one_of("vivid", "natural")}, needs=("prompt",))
_EDIT = Fields(
    checks={"image": _take_images, "images": array(an_object, least=1, most=16), **_OF_BOTH}, needs=("prompt",)
)
"""`mask` is a file in a form, and an object in JSON."""

_SIZES = {
    "dall-e-2": ("256x256", "512x512", "1024x1024"),
    "dall-e-3": ("1024x1024", "1024x1792", "1792x1024"),
    "gpt-image-1": ("1024x1024", "1024x1536", "1536x1024", "auto"),
}
"""By the beginning of the model's name; the others take any size."""
_FORMS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""How a picture begins that may be edited: PNG, JPEG and WebP."""


def _check_images(call: Call, body: Mapping[str, Any]) -> None:
    """Refuse an edit without an image, or of a file that is none. The words for the second are reported."""
    name = "image" if is_form(call.request) else "images"
    if body.get(name) is None:
        raise refuse_missing(None, name)
    for number, sent in enumerate(files_in(body, "image"), 1):
        if not sent.content.startswith(_FORMS) and not call.lenient:
            message = f"Invalid image file or mode for image {number}, please check your image file."
            raise RequestRefused(
                Failure(status=400, type=INVALID, param="image", code="invalid_image_file", message=message)
            )


def _check_form(body: Mapping[str, Any]) -> None:
    """Refuse what a form of files cannot have. The words are assumed."""
    form = body.get("output_format") or "png"
    if form == "jpeg" and body.get("background") == "transparent":
        raise _refuse_form("background", "Transparent background is not supported for JPEG output format.")
    if form == "png" and body.get("output_compression") not in {None, _BEST}:
        message = f"Compression less than {_BEST} is not supported for PNG output format."
        raise _refuse_form("output_compression", message)


_BEST = 100


def _refuse_form(name: str, message: str) -> RequestRefused:
    # Type and code are those that are reported for a model without transparent pictures.
    return RequestRefused(
        Failure(status=400, type="image_generation_user_error", param=name, code="invalid_value", message=message)
    )


def _find_wrong_size(model: str, wanted: str | None) -> Failure | None:
    """Return the refusal of a size that a model does not draw."""
    if wanted is None:
        return None
    known = next((sizes for name, sizes in _SIZES.items() if model.startswith(name)), None)
    if known is not None:
        return None if wanted in known else errors.invalid_value("size", wanted, known)
    if wanted == "auto":
        return None
    size = _read_size(wanted)
    if size is None:
        return errors.invalid_value("size", wanted, _SIZES["gpt-image-1"])
    if any(each % _STEP for each in size):
        return _refuse_size(f"'{wanted}'. Width and height must both be divisible by {_STEP}.")
    if max(size) > _LONGEST * min(size):
        return _refuse_size(f"'{wanted}'. The aspect ratio must be between 1:{_LONGEST} and {_LONGEST}:1.")
    least, most = _PIXELS
    if not least <= size[0] * size[1] <= most:
        return _refuse_size(f"'{wanted}'. The picture must have between {least} and {most} pixels.")
    return None


_STEP, _LONGEST, _PIXELS = 16, 3, (655_360, 8_294_400)
"""OpenAI's limits of `gpt-image-2`, which takes other sizes than the usual ones."""


def _refuse_size(words: str) -> Failure:
    # The first of the words is reported (400 for 1792x936); the code of it is that of a wrong value elsewhere.
    return Failure(status=400, type=INVALID, param="size", code="invalid_value", message=f"Invalid size {words}")


def _read_size(wanted: str) -> tuple[int, int] | None:
    width, _, height = wanted.partition("x")
    if wanted == "auto":
        return 1_024, 1_024
    if not (width.isdecimal() and height.isdecimal() and len(wanted) < _DIGITS):
        return None
    found = int(width), int(height)
    return found if min(found) > 0 and max(found) <= WIDEST else None


_DIGITS = 12


def _is_newer(model: str) -> bool:
    """Whether a model sends Base64 only, and says how it drew."""
    return not model.startswith("dall-e")


ENDPOINT = Endpoint(
    name=NAME,
    method="POST",
    path="/images/generations",
    read=read,
    write=write,
    speaks=False,
    only_openai=True,
    size=size,
)
EDITING = Endpoint(
    name=EDIT,
    method="POST",
    path="/images/edits",
    read=partial(read, name=EDIT),
    write=write,
    speaks=False,
    takes_forms=True,
    only_openai=True,
    size=size,
)

# Writing ------------------------------------------------------------------------------------------------------------


def _find_size(prompt: Prompt) -> tuple[int, int]:
    return _read_size(str(prompt.body.get("size") or "auto")) or (1_024, 1_024)


def _picture(prompt: Prompt, stamp: Stamp, number: int, shown: float = 1.0) -> Picture:
    seed = int(stamp.lasting.hex(f"picture {number}", 6), 16)
    body = prompt.body
    form, quality = body.get("output_format") or "png", body.get("output_compression")
    return Picture(
        *_find_size(prompt),
        prompt.user_text,
        seed,
        transparent=body.get("background") == "transparent" and form != "jpeg",
        shown=shown,
        form=form,
        quality=_BEST if quality is None else quality,
    )


def _show_image(prompt: Prompt, says: ModelOutput, stamp: Stamp, number: int) -> dict[str, object]:
    given = says.images[min(number, len(says.images) - 1)] if says.images else None
    revised = None if given is None else given.revised_prompt
    if revised is None and prompt.model.startswith("dall-e-3"):
        revised = prompt.user_text
    told: dict[str, object] = {} if revised is None else {"revised_prompt": revised}
    if _is_newer(prompt.model) or prompt.body.get("response_format") == "b64_json":
        return {**told, "b64_json": _draw(prompt, says, stamp, number)}
    if given is not None:
        kind = next((kind for begin, kind in _BEGINNINGS.items() if given.data.startswith(begin)), "png")
        return {**told, "url": f"data:image/{kind};base64,{given.data}"}
    return {**told, "url": f"{prompt.origin}{spell_path(_picture(prompt, stamp, number))}"}


_BEGINNINGS: Mapping[str, str] = {"/9j/": "jpeg", "UklGR": "webp", "R0lGO": "gif"}
"""Of a file in Base64."""


def _draw(prompt: Prompt, says: ModelOutput, stamp: Stamp, number: int, shown: float = 1.0) -> str:
    if says.images:
        return says.images[min(number, len(says.images) - 1)].data
    return b64encode(_picture(prompt, stamp, number, shown).draw()).decode("ascii")


def _describe(prompt: Prompt) -> dict[str, str]:
    width, height = _find_size(prompt)
    quality, background = prompt.body.get("quality") or "auto", prompt.body.get("background") or "auto"
    return {
        "background": "opaque" if background == "auto" else background,
        "output_format": prompt.body.get("output_format") or "png",
        "quality": "high" if quality not in _TOKENS else quality,
        "size": f"{width}x{height}",
    }


_TOKENS: Mapping[str, tuple[int, int]] = {"low": (272, 408), "medium": (1_056, 1_584), "high": (4_160, 6_240)}
"""Tokens of a square picture and of another, by OpenAI's page on pricing."""
_OF_AN_INPUT = 323


def _usage(prompt: Prompt, count: int) -> dict[str, object]:
    width, height = _find_size(prompt)
    made = count * _TOKENS[_describe(prompt)["quality"]][width != height]
    asked = tokens.count(prompt.user_text, "o200k_base")
    seen = _OF_AN_INPUT * (len(list(files_in(prompt.body, "image"))) or len(prompt.body.get("images") or ()))
    return {
        "input_tokens": asked + seen,
        "input_tokens_details": {"text_tokens": asked, "image_tokens": seen},
        "output_tokens": made,
        "total_tokens": asked + seen + made,
    }


def _pieces(prompt: Prompt, says: ModelOutput, stamp: Stamp) -> Iterator[Piece]:
    kind = "image_edit" if prompt.endpoint == EDIT else "image_generation"
    partial_images = prompt.body.get("partial_images") or 0
    common = {"created_at": stamp.created, **_describe(prompt)}
    for number in range(partial_images):
        drawn = _draw(prompt, says, stamp, 0, (number + 1) / (partial_images + 1))
        event = {"type": f"{kind}.partial_image", "b64_json": drawn, **common, "partial_image_index": number}
        yield Piece(frame(event), 1)
    done = {"type": f"{kind}.completed", "b64_json": _draw(prompt, says, stamp, 0), **common}
    yield Piece(frame({**done, "usage": _usage(prompt, 1)}), 1)
