"""Vector stores, their files and file batches: what is put in can be found, by the session's clock."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from openai.types import VectorStore, VectorStoreSearchResponse
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch

from tests.playing import emulator, json_of, play, post, request, status
from tests.wire.forms import form
from tests.wire.shapes import assert_sdk

_RETURNS = b"Returns are possible within thirty days. The customer pays for the parcel."
_HOURS = b"The shop is open from nine to five. On Sundays it is closed."


class Client:
    """One that says when it asks."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - whatever settings there are
        self.server = emulator(**settings)

    def upload(self, name: str, content: bytes) -> str:
        sent = form("/v1/files", ("purpose", "assistants"), ("file", (name, content)))
        return str(json_of(play(self.server, sent)[0])["id"])

    def post(self, path: str, body: Mapping[str, Any], *, at: float = 0) -> Any:  # noqa: ANN401 - JSON
        sent = request("POST", f"/v1/vector_stores{path}", body=json.dumps(body).encode(), at=at)
        return json_of(play(self.server, sent)[0])

    def get(self, path: str, *, at: float = 9) -> Any:  # noqa: ANN401 - JSON
        return json_of(play(self.server, request("GET", f"/v1/vector_stores{path}", at=at))[0])

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return json_of(play(self.server, request("DELETE", path))[0])

    def fill(self, **files: tuple[bytes, Mapping[str, Any]]) -> str:
        """Make a store with files, each named `*.txt`, and return its id."""
        store = self.post("", {"name": "shop"})["id"]
        for name, (content, attributes) in files.items():
            file = self.upload(f"{name}.txt", content)
            self.post(f"/{store}/files", {"file_id": file, "attributes": attributes})
        return str(store)

    def find(self, store: str, query: object, *, at: float = 9, **fields: object) -> list[str]:
        """Return the names of the files that a search finds, the best first."""
        found = self.post(f"/{store}/search", {"query": query, **fields}, at=at)
        return [each["filename"] for each in found["data"]]


def _shop() -> tuple[Client, str]:
    client = Client()
    return client, client.fill(
        returns=(_RETURNS, {"kind": "rule", "year": 2025}), hours=(_HOURS, {"kind": "fact", "year": 2024, "new": True})
    )


def test_a_store_is_in_progress_until_its_files_can_be_searched() -> None:
    client = Client()
    file = client.upload("a.md", _RETURNS)
    store = client.post("", {"file_ids": [file], "metadata": {"a": "b"}})

    early, late = (client.get(f"/{store['id']}", at=at) for at in (0.5, 1))

    for each in (store, early, late):
        assert_sdk(VectorStore, each)
    assert (early["status"], early["file_counts"]["in_progress"], early["usage_bytes"]) == ("in_progress", 1, 0)
    assert (late["status"], late["file_counts"]["completed"]) == ("completed", 1)
    assert late["usage_bytes"] > len(_RETURNS)
    assert client.find(store["id"], "return a parcel", at=0.5) == []
    assert client.find(store["id"], "return a parcel", at=1) == ["a.md"]


def test_the_file_that_answers_the_question_is_found_first() -> None:
    client, store = _shop()

    assert client.find(store, "How many days do I have for returns?")[0] == "returns.txt"
    assert client.find(store, "When is the shop closed?")[0] == "hours.txt"
    assert client.find(store, ["closed on Sundays"], max_num_results=1) == ["hours.txt"]
    assert client.find(store, "xylophone zebra", ranking_options={"score_threshold": 0.5}) == []


def test_a_search_shows_the_text_its_attributes_and_a_score() -> None:
    client, store = _shop()

    found = client.post(f"/{store}/search", {"query": "What are the returns?", "rewrite_query": True}, at=9)

    assert found["search_query"] == ["returns"]
    best = found["data"][0]
    assert_sdk(VectorStoreSearchResponse, best)
    assert best["content"] == [{"type": "text", "text": _RETURNS.decode()}]
    assert best["attributes"] == {"kind": "rule", "year": 2025}
    assert 0 < best["score"] <= 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"type": "eq", "key": "kind", "value": "rule"}, {"returns.txt"}),
        ({"type": "ne", "key": "kind", "value": "rule"}, {"hours.txt"}),
        ({"type": "ne", "key": "new", "value": False}, {"returns.txt", "hours.txt"}),
        ({"type": "gt", "key": "year", "value": 2024}, {"returns.txt"}),
        ({"type": "gte", "key": "year", "value": 2024}, {"returns.txt", "hours.txt"}),
        ({"type": "lt", "key": "year", "value": 2025}, {"hours.txt"}),
        ({"type": "lte", "key": "year", "value": 2023}, set()),
        ({"type": "gt", "key": "kind", "value": 1}, set()),
        ({"type": "in", "key": "year", "value": [2024, 2026]}, {"hours.txt"}),
        ({"type": "nin", "key": "year", "value": [2024, 2026]}, {"returns.txt"}),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "eq", "key": "new", "value": True},
                    {"type": "or", "filters": [{"type": "eq", "key": "year", "value": 2024}]},
                ],
            },
            {"hours.txt"},
        ),
    ],
)
def test_filters_choose_files_by_their_attributes(wanted: object, found: set[str]) -> None:
    client, store = _shop()

    assert set(client.find(store, "shop days customer", filters=wanted)) == found


def test_changed_attributes_are_those_of_the_next_search() -> None:
    client, store = _shop()
    file = client.get(f"/{store}/files?order=asc")["data"][0]["id"]

    changed = client.post(f"/{store}/files/{file}", {"attributes": {"kind": "old"}})

    assert_sdk(VectorStoreFile, changed)
    assert client.find(store, "parcel", filters={"type": "eq", "key": "kind", "value": "old"}) == ["returns.txt"]


def test_a_text_is_cut_as_the_strategy_says() -> None:
    client = Client()
    store = client.post("", {})["id"]
    file = client.upload("a.txt", " ".join(f"word{n}" for n in range(200)).encode())
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}

    taken = client.post(f"/{store}/files", {"file_id": file, "chunking_strategy": static})
    parts = [each["text"] for each in client.get(f"/{store}/files/{file}/content")["data"]]

    assert taken["chunking_strategy"] == static
    assert len(parts) > 5
    assert parts[0].startswith("word0 word1 ")
    assert parts[-1].endswith(" word199")
    assert all(later.split()[1] in before for before, later in pairwise(parts))


def test_the_usual_strategy_is_800_tokens_of_which_400_overlap() -> None:
    client = Client()
    store = client.fill(a=(b"Hello", {}))

    (file,) = client.get(f"/{store}/files")["data"]

    assert file["chunking_strategy"]["static"] == {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.html", b"<title>Shop</title><script>no()</script><p>Open &amp; <b>warm</b></p>", "Shop\nOpen & warm"),
        ("a.json", b'{"open": true}', '{"open": true}'),
        ("a.py", b"def f():\n    return 1\n", "def f():\n    return 1"),
        ("a.txt", "Öl".encode("utf-16"), "Öl"),
    ],
)
def test_the_text_of_each_kind_of_file_is_read(name: str, content: bytes, text: str) -> None:
    client = Client()
    store, file = client.post("", {})["id"], client.upload(name, content)
    client.post(f"/{store}/files", {"file_id": file})

    found = client.get(f"/{store}/files/{file}/content")

    assert found["data"] == [{"type": "text", "text": text}]


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("a.csv", b"a,b", "unsupported_file", "The file type is not supported."),
        (
            "a.txt",
            b"\xe4\xf6",
            "invalid_file",
            "The file could not be parsed because its encoding is neither UTF-8 nor UTF-16.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_fails(name: str, content: bytes, code: str, message: str) -> None:
    client = Client()
    store, file = client.post("", {})["id"], client.upload(name, content)
    client.post(f"/{store}/files", {"file_id": file})

    (failed,) = client.get(f"/{store}/files?filter=failed")["data"]

    assert_sdk(VectorStoreFile, failed)
    assert (failed["status"], failed["last_error"]) == ("failed", {"code": code, "message": message})
    assert client.get(f"/{store}")["file_counts"]["failed"] == 1


def test_a_store_refuses_files_that_are_never_searched() -> None:
    client = Client()
    file = client.upload("a.csv", b"a,b")

    error = client.post("", {"file_ids": [file]})["error"]

    assert (error["code"], error["param"]) == ("unsupported_file", "file_ids")
    assert error["message"].startswith("Files with extensions [.csv] are not supported for retrieval.")


def test_leniently_any_text_is_searched() -> None:
    client = Client(lenient=True)
    file = client.upload("a.csv", b"name,city\nAda,Oslo")
    store = client.post("", {"file_ids": [file]})["id"]

    assert client.find(store, "Oslo") == ["a.csv"]


def test_a_batch_counts_its_own_files_and_ends_by_the_clock() -> None:
    client = Client()
    store = client.fill(other=(_HOURS, {}))
    files = [client.upload(f"{n}.txt", _RETURNS) for n in range(3)]

    batch = client.post(f"/{store}/file_batches", {"file_ids": files, "attributes": {"of": "batch"}})
    done = client.get(f"/{store}/file_batches/{batch['id']}")
    listed = client.get(f"/{store}/file_batches/{batch['id']}/files?order=asc")["data"]

    for each in (batch, done):
        assert_sdk(VectorStoreFileBatch, each)
    assert (batch["status"], batch["file_counts"]["in_progress"]) == ("in_progress", 3)
    assert (done["status"], done["file_counts"]["completed"]) == ("completed", 3)
    assert [(each["id"], each["attributes"]) for each in listed] == [(file, {"of": "batch"}) for file in files]


def test_a_cancelled_batch_leaves_its_files_out_of_searches() -> None:
    client = Client()
    store, file = client.post("", {})["id"], client.upload("a.txt", _RETURNS)
    batch = client.post(f"/{store}/file_batches", {"files": [{"file_id": file}]})["id"]

    cancelled = client.post(f"/{store}/file_batches/{batch}/cancel", {}, at=0.5)

    assert (cancelled["status"], cancelled["file_counts"]["cancelled"]) == ("cancelled", 1)
    assert client.find(store, "returns") == []


def test_a_store_expires_when_nobody_used_it() -> None:
    client = Client()
    day = 86_400
    store = client.post("", {"expires_after": {"anchor": "last_active_at", "days": 2}})
    name = store["id"]
    client.find(name, "a", at=day)

    assert store["expires_at"] == store["created_at"] + 2 * day
    assert [client.get(f"/{name}", at=at)["status"] for at in (2 * day, 3 * day)] == ["completed", "expired"]
    assert client.post(f"/{name}/search", {"query": "a"}, at=3 * day)["error"]["message"].endswith("has expired.")


def test_a_deleted_file_is_in_no_store() -> None:
    client, store = _shop()
    file = client.get(f"/{store}/files")["data"][0]["id"]

    client.delete(f"/v1/files/{file}")

    assert [each["id"] == file for each in client.get(f"/{store}/files")["data"]] == [False]
    assert "hours.txt" not in client.find(store, "shop closed Sundays")


def test_a_file_that_was_taken_out_of_a_store_is_still_there() -> None:
    client, store = _shop()
    file = client.get(f"/{store}/files")["data"][0]["id"]

    assert client.delete(f"/v1/vector_stores/{store}/files/{file}")["deleted"] is True
    (steps,) = play(client.server, request("GET", f"/v1/files/{file}"))

    assert status(steps) == 200
    assert client.get(f"/{store}")["file_counts"]["total"] == 1


def test_a_deleted_store_is_gone_with_its_files() -> None:
    client, store = _shop()

    assert client.delete(f"/v1/vector_stores/{store}") == {
        "id": store,
        "object": "vector_store.deleted",
        "deleted": True,
    }
    for path in ("", "/files", "/file_batches/vsfb_1"):
        assert "not found" in client.get(f"/{store}{path}")["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("", {"chunking_strategy": {"type": "other"}}, "chunking_strategy.type"),
        ("", {"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
        ("/STORE/files", {}, "file_id"),
        ("/STORE/files", {"file_id": "file-none"}, "file_id"),
        (
            "/STORE/files",
            {
                "file_id": "f",
                "chunking_strategy": {
                    "type": "static",
                    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51},
                },
            },
            "chunking_strategy.static.chunk_overlap_tokens",
        ),
        ("/STORE/search", {}, "query"),
        ("/STORE/search", {"query": "a", "max_num_results": 51}, "max_num_results"),
        ("/STORE/search", {"query": "a", "filters": {"type": "like", "key": "a"}}, "filters.type"),
        ("/STORE/file_batches", {}, "file_ids"),
    ],
)
def test_wrong_bodies_are_refused_with_their_place(path: str, body: Mapping[str, Any], param: str) -> None:
    client, store = _shop()

    (steps,) = play(client.server, post(f"/v1/vector_stores{path.replace('STORE', store)}", body))

    assert status(steps) in {400, 404}
    assert json_of(steps)["error"]["param"] == param
