"""`usage`: token counts that a script gives, flat or in OpenAI's own fields."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from llemulator_addon.core.reply import NO_USAGE, Usage
from llemulator_addon.script.model import Count, ScriptPart

Details = dict[str, Count]

_SAME = (
    ("prompt_tokens", "input_tokens"),
    ("completion_tokens", "output_tokens"),
    ("prompt_tokens_details", "input_tokens_details"),
    ("completion_tokens_details", "output_tokens_details"),
)
"""Names of chat, and those of Responses for the same."""

_OF_PROMPT = {
    "cached_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "image_tokens": "image_tokens",
    "prompt_audio_tokens": "audio_tokens",
    "prompt_text_tokens": "text_tokens",
}
_OF_COMPLETION = {
    "reasoning_tokens": "reasoning_tokens",
    "audio_tokens": "audio_tokens",
    "text_tokens": "text_tokens",
    "accepted_prediction_tokens": "accepted_prediction_tokens",
    "rejected_prediction_tokens": "rejected_prediction_tokens",
}
"""Flat words, and the names under which OpenAI tells those details."""


class UsagePart(ScriptPart):
    """Token counts to answer with; what is not given is counted. Both endpoints' names are understood."""

    prompt_tokens: Count | None = None
    input_tokens: Count | None = None
    completion_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    image_tokens: Count | None = None
    prompt_audio_tokens: Count | None = None
    prompt_text_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    """Of the answer, as `text_tokens`."""
    text_tokens: Count | None = None
    accepted_prediction_tokens: Count | None = None
    rejected_prediction_tokens: Count | None = None
    prompt_tokens_details: Details | None = None
    input_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    output_tokens_details: Details | None = None

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        for one, other in _SAME:
            if getattr(self, one) is not None and getattr(self, other) is not None:
                message = f'"{one}" and "{other}" are the same; give one of them'
                raise ValueError(message)
        for words, details in ((_OF_PROMPT, self._prompt_details()), (_OF_COMPLETION, self._completion_details())):
            for word, name in words.items():
                if getattr(self, word) is not None and name in details:
                    message = f'"{word}" stands among the details too; give it once'
                    raise ValueError(message)
        return self

    def usage(self) -> Usage:
        """Return the counts."""
        of_prompt = {**self._prompt_details(), **self._list_given(_OF_PROMPT)}
        of_completion = {**self._completion_details(), **self._list_given(_OF_COMPLETION)}
        return Usage(
            prompt_tokens=self.input_tokens if self.prompt_tokens is None else self.prompt_tokens,
            completion_tokens=self.output_tokens if self.completion_tokens is None else self.completion_tokens,
            total_tokens=self.total_tokens,
            cached_tokens=of_prompt.pop("cached_tokens", None),
            reasoning_tokens=of_completion.pop("reasoning_tokens", None),
            of_prompt=of_prompt,
            of_completion=of_completion,
        )

    def _prompt_details(self) -> Mapping[str, int]:
        return self.prompt_tokens_details or self.input_tokens_details or {}

    def _completion_details(self) -> Mapping[str, int]:
        return self.completion_tokens_details or self.output_tokens_details or {}

    def _list_given(self, words: Mapping[str, str]) -> dict[str, Any]:
        return {name: count for word, name in words.items() if (count := getattr(self, word)) is not None}


def read_usage(part: UsagePart | None, *, given: bool) -> Usage:
    """Return the counts of a part; `null`, where it is given, is an answer without usage."""
    if part is not None:
        return part.usage()
    return NO_USAGE if given else Usage()
