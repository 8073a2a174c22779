"""Parts of messages that are refused by the role of the message, or by the model."""

from collections.abc import Iterator

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.capabilities import Family
from llemulator_addon.wire.checking import Place, spell
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.members import list_in, objects_in, text_in


def check_parts(body: JsonObject, of_family: Family) -> Iterator[Failure]:
    """Yield the refusals of images and sounds. The messages are recorded for sounds, and reported for images."""
    for number, message in enumerate(objects_in(body, "messages")):
        for at, part in enumerate(list_in(message, "content")):
            match text_in(part, "type"):
                case "image_url":
                    place: Place = ((((None, "messages"), number), "content"), at)
                    yield from _refuse_image(place, number, text_in(message, "role") or "", of_family)
                case "input_audio" if not (of_family.audio or of_family.name == "unknown"):
                    yield _refuse_message(number, "Content blocks are expected to be either text or image_url type.")
                case _:
                    continue


def _refuse_image(place: Place, number: int, role: str, of_family: Family) -> Iterator[Failure]:
    if role != "user" and not of_family.images_of_any_role:
        yield _refuse_message(
            number,
            f"Image URLs are only allowed for messages with role 'user', but this message with role '{role}' contains "
            "an image URL.",
        )
    if not of_family.images:
        yield Failure(
            status=400,
            type=INVALID,
            param=spell((place, "type"), dotted=True),
            message="Invalid content type. image_url is only supported by certain models.",
        )


def _refuse_message(number: int, why: str) -> Failure:
    param = f"messages[{number}]"
    return Failure(status=400, type=INVALID, param=param, code="invalid_value", message=f"Invalid '{param}'. {why}")
