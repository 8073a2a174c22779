"""A model's weights: a file that is fetched from a hub once, and checked each time."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import httpx2

_MEGABYTE = 1_000_000
_HUB = {
    # Its own way to download needs a second host and reads neither a proxy nor certificates from the environment.
    "HF_HUB_DISABLE_XET": "1",
    # Without this it also asks what program it is called by.
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


class NoWeights(Exception):
    """The weights are not there. The text, one line for each problem, says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A file on the hub, of which nothing can change unseen."""

    repository: str
    file: str
    revision: str
    """The commit."""
    sha256: str
    size: int
    """In bytes."""


# https://huggingface.co/HuggingFaceTB/smollm-135M-instruct-v0.2-Q8_0-GGUF, as its authors published it (Apache-2.0).
SMOLLM = Weights(
    repository="HuggingFaceTB/smollm-135M-instruct-v0.2-Q8_0-GGUF",
    file="smollm-135m-instruct-add-basics-q8_0.gguf",
    revision="53066c72a815622e28d006aefbe32df6dd4b1835",
    sha256="a98d3857b95b96c156d954780d28f39dcb35b642e72892ee08ddff70719e6220",
    size=144_811_552,
)


def weights_in(cache: Path, weights: Weights, tell: Callable[[str], None]) -> Path:
    """Return the file in a folder, fetched into it where it is not there yet. Raises NoWeights."""
    file = cache / weights.file
    if not file.exists():
        tell(f"fetching {weights.file} ({weights.size / _MEGABYTE:.0f} MB) of {weights.repository} into {cache}")
        _fetch(cache, weights)
    _check(file, weights)
    return file


def _fetch(cache: Path, weights: Weights) -> None:
    _make(cache)
    try:
        _download(cache, weights)
    except ValueError as error:
        raise NoWeights(f"HF_ENDPOINT is no address of a hub: {error}") from None


def _make(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoWeights(f"{cache}: {error.strerror}; --cache (LLEMULATOR_MODEL_CACHE) names another folder") from None


def _download(cache: Path, weights: Weights) -> None:
    os.environ.update(_HUB)
    # It reads its variables when it is imported, and that takes long.
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url  # noqa: PLC0415

    url = hf_hub_url(weights.repository, weights.file, revision=weights.revision)
    try:
        # Without a hub this fails at once; the download itself would try for half a minute.
        get_hf_file_metadata(url, token=False)
        hf_hub_download(weights.repository, weights.file, revision=weights.revision, local_dir=cache, token=False)
    except (OSError, httpx2.HTTPError) as error:
        raise NoWeights(
            f"{weights.file} is not in {cache}, and the hub did not give it: {_first_line(error)}\n"
            f"fetch it where there is a network, from {url}, and put it there; or name a GGUF file with --model-file"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check(file: Path, weights: Weights) -> None:
    try:
        with file.open("rb") as opened:
            found = file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise NoWeights(f"{file}: {error.strerror}") from None
    if found != weights.sha256:
        raise NoWeights(
            f"{file} is not what {weights.repository} has: its SHA-256 is {found}, and not {weights.sha256}\n"
            "remove it to have it fetched again; a file of your own is named with --model-file"
        )
