"""`llemulator verify` against a running server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conformance.server import Server, running
from llemulator_addon.adapters.command_line import main
from llemulator_addon.client import Client


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def token(server: Server) -> str:
    token = f"sk-{secrets.token_hex(8)}"
    with Client(server.origin, token) as client:
        client.load(["Hi"])
    return token


def _ask(server: Server, token: str) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
    with httpx.Client(trust_env=False) as http:
        http.post(f"{server.origin}/v1/chat/completions", headers={"authorization": f"Bearer {token}"}, json=body)


def test_it_says_what_is_amiss_and_ends_with_1(server: Server, token: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["verify", "--url", server.origin, "--token", token])

    told = capsys.readouterr()
    assert (status, told.out, told.err) == (
        1,
        'unused: Rule "responses[0]" never answered.\n',
        "llemulator: 1 finding in 0 requests: none came under this token\n",
    )


def test_it_ends_with_0_where_nothing_is(
    server: Server, token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", token)
    _ask(server, token)

    assert (main(["verify", "--url", server.origin]), capsys.readouterr().out) == (
        0,
        "no findings in 1 request\n",
    )


def test_expectations_come_from_a_file(server: Server, token: str, tmp_path: Path) -> None:
    _ask(server, token)
    file = tmp_path / "expected.yaml"
    file.write_text("expectations: [{match: hello, count: 2}]\nignore: [unused]\n", "utf-8")

    assert main(["verify", str(file), "--url", server.origin, "--token", token]) == 1
    assert main(["verify", str(file), "--url", server.origin, "--token", token, "--ignore", "expectation"]) == 0


@pytest.mark.parametrize("ending", [".xml", ".json", ".html"])
def test_it_writes_reports(server: Server, token: str, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"report{ending}"
    main(["verify", "--url", server.origin, "--token", token, "--report", str(file)])

    assert "never answered" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no token; set --token"),
        (["--token", "t", "--report", "x.pdf"], "must end with one of .xml, .json, .html"),
        (["--token", "t", "--url", "http://127.0.0.1:1"], "is llemulator running there?"),
        (["--token", "t", "missing.yaml"], "No such file"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert main(["verify", *arguments]) == 1
    assert message in capsys.readouterr().err
