"""An emulator in this process, asked for one thing after the other."""

# What bodies and answers hold, in any form.
# ruff: noqa: ANN401

from typing import Any

from llemulator_addon.emulator import Emulator
from tests.playing import body_of, emulator, json_of, play, post, request, status
from tests.wire.shapes import events


class Asking:
    """A client that keeps nothing but its server."""

    def __init__(self, server: Emulator | None = None) -> None:
        self.server = server or emulator()

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON, and return the JSON of the answer."""
        return json_of(play(self.server, post(path, {} if body is None else body))[0])

    def respond(self, said: Any = "Hi", **fields: Any) -> Any:
        """Ask for a response."""
        return self.post("/v1/responses", {"model": "gpt-4o", "input": said, **fields})

    def get(self, path: str) -> Any:
        """Return the JSON of an answer."""
        return json_of(play(self.server, request("GET", path))[0])

    def delete(self, path: str) -> Any:
        """Return the JSON of an answer."""
        return json_of(play(self.server, request("DELETE", path))[0])

    def stream(self, path: str) -> list[Any]:
        """Return the events of an answer."""
        return events(body_of(play(self.server, request("GET", path))[0]))

    def failing(self, method: str, path: str) -> tuple[int, str]:
        """Return the status and the message of a refusal."""
        (steps,) = play(self.server, request(method, path, body=b"{}"))
        return status(steps), json_of(steps)["error"]["message"]
