"""`audio: {file: …}`, `image: {file: …}`: a sound or a picture of a reply is in a stored file of the session."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, Choice, Failure, ModelOutput, Text
from llemulator_addon.engine import fallback
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.stored_files import find_file, list_files
from llemulator_addon.wire.wav import is_wav, read_wav

_MOST_BYTES = 6 << 20
"""Of a file: a minute of the sound that most applications use has half of that."""
_ALOUD = ("realtime", "live")
"""Endpoints that read a WAV file, and send its samples."""


def fill_files(session: Session, prompt: Prompt, reply: ModelOutput, now: float) -> ModelOutput | Failure:
    """Return a reply with the bytes of the files that it names, or a failure that says why that cannot be."""
    sounds = {block.sound.file for choice in reply.choices for block in _list_sounding(choice) if block.sound}
    wanted = {name for name in (*sounds, *(each.file for each in reply.images)) if name is not None}
    if not wanted:
        return reply
    found = dict[str, str]()
    for name in wanted:
        content = _read(session, name, now)
        if content is None:
            return fallback.file_failed(name, "the session has no file with this id or name")
        if len(content) > _MOST_BYTES:
            return fallback.file_failed(name, f"it has more than {_MOST_BYTES} bytes")
        if prompt.endpoint in _ALOUD and is_wav(content) and read_wav(content) is None:
            return fallback.file_failed(name, "its codec is none of PCM with 16 bits, A-law and µ-law")
        found[name] = b64encode(content).decode("ascii")
    images = tuple(each if each.file is None else replace(each, data=found[each.file]) for each in reply.images)
    return replace(reply, choices=tuple(_fill(choice, found) for choice in reply.choices), images=images)


def _list_sounding(choice: Choice) -> Iterator[Text]:
    return (block for block in choice.blocks if isinstance(block, Text) and block.sound is not None)


def _read(session: Session, name: str, now: float) -> bytes | None:
    """Return the content of a file, by its id or its name. Of several with a name, the newest counts."""
    named = [str(shown["id"]) for shown in list_files(session.resources, now) if shown["filename"] == name]
    kept = find_file(session.resources, name, now)
    if kept is None and named:
        kept = find_file(session.resources, named[-1], now)
    return None if kept is None else b"".join(kept["content"])


def _fill(choice: Choice, found: dict[str, str]) -> Choice:
    return replace(choice, blocks=tuple(_fill_block(block, found) for block in choice.blocks))


def _fill_block(block: Block, found: dict[str, str]) -> Block:
    if not isinstance(block, Text) or block.sound is None or block.sound.file is None:
        return block
    return replace(block, sound=replace(block.sound, data=found[block.sound.file]))
