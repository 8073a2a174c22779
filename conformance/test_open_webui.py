"""What Open WebUI asks of its API: models, a chat as a stream, then by itself title, tags and follow-ups; embeddings.

The calls are those of `backend/open_webui/routers/{openai,tasks}.py` and `retrieval/utils.py` in its repository, and
answers are read as it reads them. Its prompts are told here in fewer words, in their own form.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pytest

from conformance.server import Server, running
from llemulator_addon.client import Client

_MODEL = "gpt-4o"
_QUESTION = "What does a fox eat?"
_ANSWER = "Mostly mice, and berries in the autumn."

_SCRIPT = {
    "defaults": {"on_unmatched": "error"},
    "rules": [
        {"name": "title", "match": {"user_text": '"title":'}, "reply": {"json": {"title": "🦊 What Foxes Eat"}}},
        {"name": "tags", "match": {"user_text": '"tags":'}, "reply": {"json": {"tags": ["Science", "Animals"]}}},
        {"name": "follow-ups", "match": {"user_text": '"follow_ups":'}, "reply": {"json": {"follow_ups": ["When?"]}}},
        {"name": "chat", "match": {"user_text": "fox"}, "reply": {"text": _ANSWER}},
    ],
}

_TASKS = {
    "title": ("Write a title of a few words for the conversation, with an emoji.", '"your title here"'),
    "tags": ("Name one to three broad subjects of the conversation.", '["tag1", "tag2", "tag3"]'),
    "follow_ups": ("Suggest three questions that the user may ask next.", '["Question 1?", "Question 2?"]'),
}


def test_a_chat_goes_as_its_script_says(simulating: Server) -> None:
    with _open_webui(simulating, "sk-open-webui-scripted") as page, Client(simulating.origin, page.key) as admin:
        admin.load(_SCRIPT)

        assert page.chat(_QUESTION) == _ANSWER
        assert page.task("title", max_completion_tokens=1000) == "🦊 What Foxes Eat"
        assert page.task("tags") == ["Science", "Animals"]
        assert page.task("follow_ups") == ["When?"]
        assert [exchange.rule for exchange in admin.requests()] == ["chat", "title", "tags", "follow-ups"]
        assert admin.verify().findings == ()


def test_without_a_script_every_call_has_an_answer_that_it_can_read(simulating: Server) -> None:
    with _open_webui(simulating, "sk-open-webui") as page, Client(simulating.origin, page.key) as admin:
        assert _MODEL in page.models()
        assert page.chat(_QUESTION)
        assert page.task("title", max_completion_tokens=1000)
        assert _are_texts(page.task("tags"))
        assert _are_texts(page.task("follow_ups"))
        assert {exchange.status for exchange in admin.requests()} == {200}


def test_documents_are_embedded_as_numbers(simulating: Server) -> None:
    with _open_webui(simulating, "sk-open-webui-documents") as page:
        one, other, again = page.embed(["a fox", "a bank", "a fox"])

    assert len(one) == 1536
    assert all(isinstance(number, float) for number in one)
    assert one == again != other


@dataclass(frozen=True, slots=True)
class _OpenWebui:
    """Asks as Open WebUI does."""

    http: httpx.Client
    key: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def models(self) -> list[str]:
        """Return the models that it would offer."""
        listed = self.http.get("/models").raise_for_status().json()
        return [model["id"] for model in listed["data"]]

    def chat(self, text: str) -> str:
        """Return what it would show at the end of a stream."""
        messages = [{"role": "user", "content": text}]
        asked = {"stream": True, "model": _MODEL, "messages": messages, "stream_options": {"include_usage": True}}
        with self.http.stream("POST", "/chat/completions", json=asked) as answer:
            answer.raise_for_status()
            assert answer.headers["content-type"].startswith("text/event-stream")
            return "".join(_shown(answer.iter_lines()))

    def task(self, name: str, **more: object) -> Any:  # noqa: ANN401 - JSON
        """Return what it would understand of the answer to a prompt of its own: what is between the braces."""
        asked = {"model": _MODEL, "messages": [{"role": "user", "content": _prompt(name)}], "stream": False, **more}
        answer = self.http.post("/chat/completions", json=asked).raise_for_status().json()
        said: str = answer["choices"][0]["message"]["content"]
        return json.loads(said[said.find("{") : said.rfind("}") + 1])[name]

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors that it would store."""
        asked = {"input": texts, "model": "text-embedding-3-small"}
        answer = self.http.post("/embeddings", json=asked).raise_for_status().json()
        return [element["embedding"] for element in answer["data"]]


def _open_webui(server: Server, key: str) -> _OpenWebui:
    headers = {"authorization": f"Bearer {key}"}
    return _OpenWebui(httpx.Client(base_url=f"{server.origin}/v1", headers=headers, trust_env=False), key)


def _shown(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("data: {"):
            for choice in json.loads(line.removeprefix("data: "))["choices"]:
                yield choice["delta"].get("content") or ""


def _prompt(name: str) -> str:
    task, form = _TASKS[name]
    history = f"USER: {_QUESTION}\nASSISTANT: {_ANSWER}"
    return (
        f'### Task:\n{task}\n### Output:\nJSON format: {{ "{name}": {form} }}\n'
        f"### Chat History:\n<chat_history>\n{history}\n</chat_history>"
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(each, str) and each for each in value)


@pytest.fixture(scope="module")
def simulating() -> Iterator[Server]:
    with running("--on-unmatched", "simulate") as server:
        yield server
