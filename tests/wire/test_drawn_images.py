"""The image tool of Responses draws, where a script gives no picture."""

from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from llemulator_addon.core.request import Request
from tests.playing import body_of, emulator, json_of, play, post
from tests.wire.shapes import events

_SCRIPT = {"rules": [{"reply": {"blocks": [{"hosted_call": {"type": "image_generation_call"}}, {"text": "Here."}]}}]}


def _ask(tool: dict[str, object], **more: object) -> Request:
    tools = [{"type": "image_generation", **tool}]
    return post("/v1/responses", {"model": "gpt-5.4", "input": "Draw a cat", "tools": tools, **more})


@pytest.mark.parametrize(
    ("tool", "size", "form"),
    [
        ({}, (1024, 1024), "PNG"),
        ({"size": "1536x1024", "output_format": "jpeg"}, (1536, 1024), "JPEG"),
        ({"size": "auto", "output_format": "webp", "background": "transparent"}, (1024, 1024), "WEBP"),
    ],
)
def test_a_picture_has_the_size_and_the_format_that_the_tool_asks_for(
    tool: dict[str, object], size: tuple[int, int], form: str
) -> None:
    (answer,) = play(emulator(_SCRIPT), _ask(tool))
    call = json_of(answer)["output"][0]

    picture = Image.open(BytesIO(b64decode(call["result"])))
    assert (picture.size, picture.format, call["output_format"].upper()) == (size, form, form)


def test_the_partial_pictures_of_a_stream_are_of_the_size_of_the_finished_one() -> None:
    (answer,) = play(emulator(_SCRIPT), _ask({"partial_images": 2, "size": "1024x1024"}, stream=True))
    told = events(body_of(answer))
    partial = [event["partial_image_b64"] for event in told if event["type"].endswith("partial_image")]
    finished = next(event["item"]["result"] for event in told if event["type"] == "response.output_item.done")

    assert len(partial) == 2
    assert {Image.open(BytesIO(b64decode(each))).size for each in (*partial, finished)} == {(1024, 1024)}
