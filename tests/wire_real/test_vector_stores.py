"""Vector stores with the official SDK, over real sockets."""

from collections.abc import Iterator

import pytest
from openai import BadRequestError, OpenAI

from conformance.server import Server, running
from tests.wire_real.sdk import official

_MORE = 2_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with official(server, f"sk-{request.node.name}") as client:
        yield client


def test_what_is_uploaded_and_polled_is_found(client: OpenAI) -> None:
    store = client.vector_stores.create(name="shop")

    file = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("rules.md", b"Returns are free within thirty days."), poll_interval_ms=200
    )

    assert (file.status, file.last_error) == ("completed", None)
    (best,) = client.vector_stores.search(store.id, query="free returns?").data
    assert (best.filename, best.content[0].text) == ("rules.md", "Returns are free within thirty days.")
    assert client.vector_stores.files.content(file.id, vector_store_id=store.id).data[0].text == best.content[0].text


def test_a_batch_of_files_is_polled_to_its_end(client: OpenAI) -> None:
    store = client.vector_stores.create()

    batch = client.vector_stores.file_batches.upload_and_poll(
        store.id, files=[(f"{n}.txt", f"number {n}".encode()) for n in range(3)], poll_interval_ms=200
    )

    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    assert len(list(client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id))) == 3
    assert client.vector_stores.delete(store.id).deleted


def test_a_large_file_is_cut_and_searched_without_holding_up_the_server(client: OpenAI) -> None:
    lines = [f"Line {n} is about the number {n} and its neighbours." for n in range(_MORE)]
    store = client.vector_stores.create()
    client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("lines.txt", "\n".join(lines).encode()), poll_interval_ms=200
    )

    best = client.vector_stores.search(store.id, query="number 1234 neighbours", max_num_results=2).data

    assert len(best) == 2
    assert all("number 1234 " in each.content[0].text for each in best)


def test_a_file_of_a_wrong_type_is_refused_as_openai_does(client: OpenAI) -> None:
    file = client.files.create(file=("a.csv", b"a,b"), purpose="assistants")

    with pytest.raises(BadRequestError) as refused:
        client.vector_stores.create(file_ids=[file.id])

    assert refused.value.code == "unsupported_file"
