"""What the programs of this folder share: they say what their framework made of each case, a line of JSON for each."""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine
from contextlib import redirect_stdout

from openai import OpenAI
from pydantic import BaseModel

OTHER_KEY = os.environ["OTHER_KEY"]
"""A second API key, for which no script is loaded."""


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def open_shop() -> str:
    """Make a vector store with a file in it, as applications do before a framework searches it; return its id."""
    with OpenAI() as client:
        store = client.vector_stores.create(name="shop")
        text = b"Returns are free within thirty days."
        client.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=("rules.md", text), poll_interval_ms=100
        )
        return store.id


def play(**cases: Callable[[], object]) -> None:
    """Run every case, whatever comes of those before it; those that are asynchronous in one event loop."""
    with asyncio.Runner() as runner:
        for name, case in cases.items():
            # Some frameworks print, too.
            with redirect_stdout(sys.stderr):
                result = _result(case, runner)
            print(json.dumps({"case": name, **result}), flush=True)


def _result(case: Callable[[], object], runner: asyncio.Runner) -> dict[str, object]:
    try:
        got = case()
        if isinstance(got, Coroutine):
            got = runner.run(got)
    except Exception:  # noqa: BLE001 - whatever a framework raises is what is to be told
        return {"problem": traceback.format_exc()}
    return {"got": got.model_dump() if isinstance(got, BaseModel) else got}
