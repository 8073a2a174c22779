import zlib
from base64 import b64decode, b64encode
from io import BytesIO
from struct import unpack_from
from typing import Any
from urllib.parse import urlsplit

import pytest
from openai.types import ImagesResponse
from PIL import Image
from PIL.ImageFile import ImageFile

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire.pictures import Picture, read_path, spell_path
from tests.playing import body_of, emulator, headers_of, json_of, play, post, request, status
from tests.wire.answering import client
from tests.wire.forms import form
from tests.wire.shapes import assert_described, assert_sdk, events

_GENERATE, _EDIT = "/v1/images/generations", "/v1/images/edits"
_DRAWN = Picture(9, 9, "a", 0).draw()


def _ask(body: dict[str, Any], script: object = None) -> Any:  # noqa: ANN401 - JSON
    return json_of(play(emulator(script), post(_GENERATE, {"prompt": "A cat", **body}))[0])


def _read_png(content: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG by name, whose checksums are right."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = dict[bytes, bytes](), 8
    while at < len(content):
        (size,) = unpack_from(">I", content, at)
        name, chunk = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert unpack_from(">I", content, at + 8 + size) == (zlib.crc32(name + chunk),)
        chunks[name] = chunk
        at += 12 + size
    return chunks


def _pixels(content: bytes) -> list[bytes]:
    chunks = _read_png(content)
    width, height = unpack_from(">II", chunks[b"IHDR"])
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == (width + 1) * height
    return [raw[at + 1 : at + 1 + width] for at in range(0, len(raw), width + 1)]


@pytest.mark.parametrize("size", ["1024x1024", "1536x1024", "1024x1536"])
def test_a_picture_has_the_size_and_the_words_that_were_asked_for(size: str) -> None:
    told = _ask({"model": "gpt-image-1", "size": size, "quality": "low"})

    chunks = _read_png(b64decode(told["data"][0]["b64_json"]))
    width, height = unpack_from(">II", chunks[b"IHDR"])
    assert (f"{width}x{height}", told["size"], chunks[b"tEXt"]) == (size, size, b"Description\0A cat")
    assert told["usage"]["output_tokens"] == (272 if size == "1024x1024" else 408)
    assert_sdk(ImagesResponse, told)
    assert_described("ImagesResponse", told)


def test_the_words_of_the_prompt_are_seen_in_the_picture() -> None:
    one, other = (_pixels(Picture(1_024, 1_024, words, 7).draw()) for words in ("A cat", "A dog"))

    differing = [y for y, (first, second) in enumerate(zip(one, other, strict=True)) if first != second]

    assert differing
    assert max(differing) < 200
    assert {pixel for row in one for pixel in row} == {0, 1, 2}


def test_the_same_request_gets_the_same_picture_and_another_seed_another_one() -> None:
    first, again, other = (_ask({"model": "gpt-image-1"}, {"seed": seed}) for seed in (1, 1, 2))

    assert first["data"] == again["data"] != other["data"]


def test_a_transparent_background_is_in_the_palette() -> None:
    told = _ask({"model": "gpt-image-1", "background": "transparent"})

    assert (told["background"], _read_png(b64decode(told["data"][0]["b64_json"]))[b"tRNS"]) == ("transparent", b"\0")


def test_several_pictures_differ() -> None:
    told = _ask({"model": "gpt-image-1", "n": 3})

    assert len({each["b64_json"] for each in told["data"]}) == 3


def test_dall_e_sends_an_address_at_which_anybody_gets_the_picture() -> None:
    server = emulator()
    asked = {"model": "dall-e-3", "prompt": "A cat"}
    by_url, by_base64 = play(server, post(_GENERATE, asked), post(_GENERATE, {**asked, "response_format": "b64_json"}))
    shown = json_of(by_url)["data"][0]

    (steps,) = play(server, request("GET", urlsplit(shown["url"]).path, token=None))

    assert shown["url"].startswith("https://api.openai.com/v1/images/pictures/")
    assert shown["revised_prompt"] == "A cat"
    assert headers_of(steps)["content-type"] == "image/png"
    assert b64encode(body_of(steps)).decode() == json_of(by_base64)["data"][0]["b64_json"]


@pytest.mark.parametrize(
    "path", ["/v1/images/pictures/.png", "/v1/images/pictures/WzFd.png", "/v1/images/pictures/%ff.png"]
)
def test_any_other_address_has_no_picture(path: str) -> None:
    assert read_path(path) is None
    assert status(play(emulator(), request("GET", path))[0]) == 404


def test_an_address_is_that_of_a_picture_of_a_bounded_size() -> None:
    assert read_path(spell_path(Picture(3_840, 1, "a", 5, transparent=True))) == Picture(
        3_840, 1, "a", 5, transparent=True
    )
    assert read_path(spell_path(Picture(3_841, 1, "a", 5))) is None


@pytest.mark.long
def test_a_stream_shows_the_picture_from_the_top() -> None:
    asked = {"model": "gpt-image-1", "prompt": "A cat " * 60, "stream": True, "partial_images": 2, "size": "1536x1024"}

    *partial, done = events(body_of(play(emulator(), post(_GENERATE, asked))[0]))

    assert [(each["type"], each["partial_image_index"]) for each in partial] == [
        ("image_generation.partial_image", 0),
        ("image_generation.partial_image", 1),
    ]
    whole = _pixels(b64decode(done["b64_json"]))
    beginning = _pixels(b64decode(partial[0]["b64_json"]))
    assert beginning[: 1_024 // 3] == whole[: 1_024 // 3]
    assert_described("ImageGenPartialImageEvent", partial[0])
    assert_described("ImageGenCompletedEvent", done)


def test_an_edit_is_asked_by_a_form_or_by_json() -> None:
    server = emulator()
    fields = (("model", "gpt-image-1"), ("prompt", "A cat"), ("n", "2"), ("quality", "low"))
    by_form, by_json, streamed = play(
        server,
        form(
            _EDIT, *fields, ("image[]", ("a.png", _DRAWN)), ("image[]", ("b.png", _DRAWN)), ("mask", ("m.png", _DRAWN))
        ),
        post(_EDIT, {"model": "gpt-image-1", "prompt": "A cat", "images": [{"file_id": "file-1"}]}),
        form(_EDIT, *fields, ("image", ("a.png", _DRAWN)), ("stream", "true")),
    )

    assert (len(json_of(by_form)["data"]), json_of(by_form)["usage"]["input_tokens_details"]["image_tokens"]) == (
        2,
        646,
    )
    assert json_of(by_json)["usage"]["input_tokens_details"]["image_tokens"] == 323
    assert [each["type"] for each in events(body_of(streamed))] == ["image_edit.completed"]
    assert_described("ImageEditCompletedEvent", events(body_of(streamed))[0])


def test_a_script_gives_the_picture() -> None:
    script = {"rules": [{"reply": {"image": {"data": "iVBORw0KGgo=", "revised_prompt": "Dot"}}}]}

    newer, older = _ask({"model": "gpt-image-1"}, script), _ask({"model": "dall-e-3"}, script)

    assert newer["data"] == [{"revised_prompt": "Dot", "b64_json": "iVBORw0KGgo="}]
    assert older["data"] == [{"revised_prompt": "Dot", "url": "data:image/png;base64,iVBORw0KGgo="}]


def test_a_script_gives_the_picture_of_a_stored_file() -> None:
    files = [{"filename": "dot.png", "data": "iVBORw0KGgo="}]
    script = {"rules": [{"reply": {"image": {"file": "dot.png"}}, "times": 2}], "resources": {"files": files}}

    shown = _ask({"model": "gpt-image-1"}, script)
    missing = _ask({"model": "gpt-image-1"}, {"rules": [{"reply": {"image": {"file": "a.png"}}}]})

    assert shown["data"] == [{"b64_json": "iVBORw0KGgo="}]
    assert missing["error"]["code"] == "reply_file_error"


@pytest.mark.parametrize("image", [{}, {"data": "AAAA", "file": "a"}, {"file": ""}])
def test_a_picture_of_a_script_has_one_content(image: dict[str, str]) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": {"image": image}}]})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"model": "gpt-image-1", "size": "512x512"}, "size"),
        ({"model": "gpt-image-2", "size": "9x"}, "size"),
        ({"n": 11}, "n"),
        ({"quality": "best"}, "quality"),
        ({"partial_images": 4}, "partial_images"),
        ({"model": "gpt-image-1", "output_format": "gif"}, "output_format"),
        ({"model": "gpt-image-1", "output_format": "jpeg", "background": "transparent"}, "background"),
        ({"model": "gpt-image-1", "output_compression": 50}, "output_compression"),
    ],
)
def test_a_wrong_picture_is_refused(body: dict[str, Any], param: str) -> None:
    assert _ask(body)["error"]["param"] == param


def _open(told: Any) -> ImageFile:  # noqa: ANN401 - JSON
    return Image.open(BytesIO(b64decode(told["data"][0]["b64_json"])))


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_a_picture_is_a_jpeg_or_a_webp_where_that_is_asked_for(form: str) -> None:
    asked = {"model": "gpt-image-1", "output_format": form, "size": "1536x1024"}

    told, again = _ask(asked), _ask(asked)

    picture = _open(told)
    assert (picture.format, picture.size, picture.mode) == (form.upper(), (1_536, 1_024), "RGB")
    assert picture.getexif()[0x010E] == "A cat"
    assert (told["output_format"], told["data"]) == (form, again["data"])
    assert_sdk(ImagesResponse, told)


def test_a_webp_shows_the_same_as_a_png_and_may_be_transparent() -> None:
    asked = {"model": "gpt-image-1", "background": "transparent"}

    png, webp = (_open(_ask({**asked, "output_format": form})).convert("RGBA") for form in ("png", "webp"))

    # The alpha channel of a WebP is exact.
    assert webp.getchannel("A").tobytes() == png.getchannel("A").tobytes()
    assert webp.getchannel("A").getextrema() == (0, 255)


def test_a_more_compressed_picture_is_smaller() -> None:
    whole, less = (
        _ask({"model": "gpt-image-1", "output_format": "jpeg", "output_compression": compression})
        for compression in (100, 20)
    )

    assert len(less["data"][0]["b64_json"]) < len(whole["data"][0]["b64_json"])


def test_a_picture_of_a_rule_is_given_in_the_form_that_was_asked_for() -> None:
    rule = {"match": {"endpoint": "images.generate"}, "reply": {"image": {"data": "UklGRg=="}}}

    webp = _ask({"model": "gpt-image-1", "output_format": "webp"}, {"rules": [rule]})

    assert (webp["output_format"], webp["data"]) == ("webp", [{"b64_json": "UklGRg=="}])


def test_an_edit_without_a_picture_is_refused() -> None:
    fields = (("model", "gpt-image-1"), ("prompt", "A cat"))
    missing, wrong = play(emulator(), form(_EDIT, *fields), form(_EDIT, *fields, ("image", ("a.png", b"text"))))

    assert json_of(missing)["error"]["message"] == "Missing required parameter: 'image'."
    assert json_of(wrong)["error"]["message"] == (
        "Invalid image file or mode for image 1, please check your image file."
    )


def test_the_official_sdk_draws_and_edits() -> None:
    official = client(emulator(), strict=False)

    drawn = official.images.generate(model="gpt-image-1", prompt="A cat")
    assert drawn.data is not None
    picture = b64decode(drawn.data[0].b64_json or "")
    edited = official.images.edit(model="gpt-image-1", prompt="A dog", image=[("a.png", picture), ("b.png", picture)])

    assert (edited.usage and edited.usage.input_tokens_details.image_tokens) == 646


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("1792x936", "Invalid size '1792x936'. Width and height must both be divisible by 16."),
        ("3200x800", "Invalid size '3200x800'. The aspect ratio must be between 1:3 and 3:1."),
        ("512x512", "Invalid size '512x512'. The picture must have between 655360 and 8294400 pixels."),
    ],
)
def test_gpt_image_2_refuses_a_size_outside_of_openais_limits(size: str, words: str) -> None:
    told = _ask({"model": "gpt-image-2", "size": size})

    assert told["error"] == {
        "message": words,
        "type": "invalid_request_error",
        "param": "size",
        "code": "invalid_value",
    }


def test_a_lenient_server_draws_a_size_that_the_model_has_instead_of_one_that_it_has_not() -> None:
    asked = post(_GENERATE, {"model": "gpt-image-2", "prompt": "A cat", "size": "256x256"})

    assert json_of(play(emulator(lenient=True), asked)[0])["size"] == "1024x1024"
