"""Write the vocabularies that `llemulator_addon/wire/tokens.py` counts with. Needs the network, or the files at hand.

    python tools/make_vocabulary.py             # takes the files out of litellm's wheel
    python tools/make_vocabulary.py --from DIR  # DIR as TIKTOKEN_CACHE_DIR would name it

tiktoken brings no vocabulary: it downloads one at its first use. litellm's wheel carries the same files, under the
names that tiktoken's cache gives them (the SHA-1 of the address). The files are compared with the SHA-256 that
tiktoken itself expects before anything is written, so where it came from does not matter.

It writes: `<encoding>.tokens.xz`, one length byte for each token and then all tokens, both in the order of
rank (two thirds of the size of base64 text, and no rank to parse); `<encoding>.json`, the rest of what tiktoken needs;
`LICENSE`, tiktoken's, under which OpenAI publishes both.
"""

import argparse
import hashlib
import json
import lzma
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path

import tiktoken_ext.openai_public as published  # type: ignore[import-untyped]
from tiktoken.load import load_tiktoken_bpe

HERE = Path(__file__).parent.parent / "llemulator_addon" / "wire" / "vocabulary"
ENCODINGS = ("cl100k_base", "o200k_base")
WHEEL = "litellm==1.109.1"
# Measured: 1.5 % smaller than the preset's lc=3, pb=2, because the tokens are text without any alignment.
XZ = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An encoding as the installed tiktoken describes it."""

    address: str
    sha256: str
    """Of the file at that address."""
    pattern: str
    special_tokens: dict[str, int]


def main() -> None:
    """Write all of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--from", dest="folder", type=Path, help="a folder with tiktoken's cache files")
    folder = arguments.parse_args().folder
    with wheel() if folder is None else open_folder(folder) as found:
        for encoding in ENCODINGS:
            write(encoding, found)
    shutil.copy(licence(), HERE / "LICENSE")


def describe(encoding: str) -> Published:
    """Ask tiktoken about an encoding without letting it load anything."""
    asked: list[tuple[str, str]] = []

    def remember(address: str, expected_hash: str) -> dict[bytes, int]:
        asked.append((address, expected_hash))
        return {}

    with loader(remember):
        made = published.ENCODING_CONSTRUCTORS[encoding]()
    ((address, sha256),) = asked
    return Published(
        address=address, sha256=sha256, pattern=made["pat_str"], special_tokens=dict(made["special_tokens"])
    )


def write(encoding: str, folder: Path) -> None:
    """Check and write one vocabulary."""
    about = describe(encoding)
    file = next(folder.rglob(hashlib.sha1(about.address.encode(), usedforsecurity=False).hexdigest()))
    if (found := hashlib.sha256(file.read_bytes()).hexdigest()) != about.sha256:
        sys.exit(f"{file}: SHA-256 is {found}, tiktoken expects {about.sha256} for {encoding}")
    ranks = load_tiktoken_bpe(str(file))
    tokens = sorted(ranks, key=ranks.__getitem__)
    if list(ranks.values()) != list(range(len(ranks))) or max(map(len, tokens)) > 255:
        sys.exit(f"{file}: the ranks have gaps or a token is longer than 255 bytes; the written form allows neither")
    packed = lzma.compress(bytes(map(len, tokens)) + b"".join(tokens), format=lzma.FORMAT_XZ, filters=XZ)
    (HERE / f"{encoding}.tokens.xz").write_bytes(packed)
    rest = {"tokens": len(tokens), "pattern": about.pattern, "special_tokens": about.special_tokens}
    (HERE / f"{encoding}.json").write_text(json.dumps(rest, indent=2) + "\n")
    print(f"{encoding}: {len(tokens)} tokens, {len(packed)} bytes")


@contextmanager
def loader(replacement: Callable[[str, str], dict[bytes, int]]) -> Iterator[None]:
    """Put another function in the place of tiktoken's downloading one."""
    before = published.load_tiktoken_bpe
    published.load_tiktoken_bpe = replacement
    try:
        yield
    finally:
        published.load_tiktoken_bpe = before


@contextmanager
def open_folder(folder: Path) -> Iterator[Path]:
    """Read from a folder that the user names."""
    yield folder


@contextmanager
def wheel() -> Iterator[Path]:
    """Unpack litellm's wheel into a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, WHEEL], check=True
        )
        shutil.unpack_archive(next(Path(folder).glob("*.whl")), folder, "zip")
        yield Path(folder)


def licence() -> Path:
    """Find the licence in the installed tiktoken."""
    return next(Path(str(file.locate())) for file in files("tiktoken") or () if file.name == "LICENSE")


if __name__ == "__main__":
    main()
