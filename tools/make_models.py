"""Write `llemulator_addon/wire/model_names.py` from the types of the installed official SDK.

Run `make generated` when the locked SDK changes; a test fails until then. It stops when the SDK names models in a
place that `PLACES` does not know, so that a person looks at each new kind of model.
"""

import re
import typing
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import walk_packages

import openai.types
from typing_extensions import is_typeddict

TARGET = Path(__file__).parent.parent / "llemulator_addon" / "wire" / "model_names.py"

# Where in `openai.types` a parameter is typed with names of models, and what it is that those can do. The first that
# fits counts. None: the names are not names of models.
PLACES: tuple[tuple[str, str | None], ...] = (
    ("*.ImageGeneration", "images"),
    ("*.ToolImageGeneration", "images"),
    ("audio.speech_create_params.*", "speech"),
    ("audio.transcription_create_params.*", "transcriptions"),
    ("audio.translation_create_params.*", "translations"),
    ("audio.voice_create_params.*", None),
    ("beta.assistant_*", "assistants"),
    ("beta.realtime.transcription_*", "realtime_transcriptions"),
    ("beta.realtime.*", "realtime"),
    ("beta.thread*", "assistants"),
    ("beta.beta_responses_*", "responses"),
    ("beta.response_*", "responses"),
    ("chat.completion_create_params.*", "chat"),
    ("completion_create_params.*", "completions"),
    ("embedding_create_params.*", "embeddings"),
    ("fine_tuning.job_create_params.*", "fine_tuning"),
    ("image_*", "images"),
    ("live.*", "live"),
    ("moderation_create_params.*", "moderations"),
    ("realtime.audio_transcription_param.*", "realtime_transcriptions"),
    ("realtime.*", "realtime"),
    ("responses.*", "responses"),
    ("video_create_params.*", "videos"),
)

# The types' docstrings say which names go away, in three forms.
ANNOUNCED = re.compile(r'((?:"[\w.-]+",\s*)*"[\w.-]+"):\s+Announced\s+shutdown\s+date:\s+(\d{4}-\d{2}-\d{2})')
DONE = re.compile(
    r'((?:"[\w.-]+",\s*)*"[\w.-]+"):\s+[\w\s.-]+?\s+was\s+(?:shut\s+down|retired)\s+on\s+(\w+\s+\d+,\s+\d{4})'
)


def make_table() -> str:
    """Return the text of the module."""
    names = kinds_by_name()
    kinds = sorted({kind for found in names.values() for kind in found})
    gone = {name: date for name, date in sorted(shutdown_dates().items()) if name in names}
    return "\n".join(
        (
            '"""The models that OpenAI\'s Python SDK names in its types, and the parameters where it names them.',
            "",
            f"Made by `make generated` from openai {version('openai')}; do not edit.",
            '"""',
            "",
            "from typing import Literal",
            "",
            "ModelKind = Literal[",
            *(f'    "{kind}",' for kind in kinds),
            "]",
            "",
            "MODEL_NAMES: dict[str, tuple[ModelKind, ...]] = {",
            *(line for name, found in sorted(names.items()) for line in entry(name, sorted(found))),
            "}",
            "",
            "SHUTDOWN_DATES: dict[str, str] = {",
            *(f'    "{name}": "{date}",' for name, date in gone.items()),
            "}",
            "",
        )
    )


def entry(name: str, kinds: list[str]) -> Iterator[str]:
    """Write a row as ruff would format it."""
    listed = ", ".join(f'"{kind}"' for kind in kinds)
    yield f'    "{name}": ({listed}{"," if len(kinds) == 1 else ""}),'


def kinds_by_name() -> dict[str, set[str]]:
    """Read the types of every parameter called `model`."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for place, found in find_typed_models():
        kind = kind_of(place)
        for name in found if kind else ():
            names[name].add(kind or "")
    return dict(names)


def kind_of(place: str) -> str | None:
    """Look a place up in the table."""
    for pattern, kind in PLACES:
        if fnmatchcase(place, pattern):
            return kind
    raise SystemExit(f"openai.types.{place} names models: say in PLACES what those can do")


def find_typed_models() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give `module.Class` of each request body or part of one, and the literals that its `model` is typed with."""
    for module in walk_packages(openai.types.__path__, "openai.types."):
        if not module.name.endswith(("_param", "_params")):
            continue
        for name, found in vars(import_module(module.name)).items():
            if is_typeddict(found) and found.__module__ == module.name and "model" in found.__annotations__:
                place = f"{module.name.removeprefix('openai.types.')}.{name}"
                if models := tuple(literals(typing.get_type_hints(found)["model"])):
                    yield place, models


def literals(hint: object) -> Iterator[str]:
    """Give the strings of every `Literal` within a type."""
    if typing.get_origin(hint) is typing.Literal:
        yield from (value for value in typing.get_args(hint) if isinstance(value, str))
    else:
        for part in typing.get_args(hint):
            yield from literals(part)


def shutdown_dates() -> dict[str, str]:
    """Read what the docstrings say about the end of models, as ISO dates."""
    dates: dict[str, str] = {}
    for file in sorted(Path(openai.types.__path__[0]).rglob("*.py")):
        text = file.read_text()
        for names, date in ANNOUNCED.findall(text):
            dates |= dict.fromkeys(re.findall(r'"([^"]+)"', names), date)
        for names, date in DONE.findall(text):
            day = datetime.strptime(" ".join(date.split()), "%B %d, %Y").date().isoformat()  # noqa: DTZ007 - a day
            dates |= dict.fromkeys(re.findall(r'"([^"]+)"', names), day)
    return dates
