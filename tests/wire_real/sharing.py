"""Clients of several servers that share a store: each token has its own script, and asks any of the servers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import httpx

from tests.patience import SECONDS

_WITHIN = 5
"""How often the rule with a limit answers."""


def script_of(token: str, requests: int) -> dict[str, object]:
    """Return a list that is used up, two states, a limit, and what answers stored responses."""

    def asked(text: str) -> dict[str, object]:
        return {"match": {"user_text": f"^{text}$"}}

    rules: list[dict[str, object]] = [
        {**asked("list"), "reply": f"{token} {number}", "times": 1} for number in range(requests)
    ]
    return {
        "rules": [
            *rules,
            {**asked("toggle"), "state": {"requires": "started", "becomes": "on"}, "reply": "on"},
            {**asked("toggle"), "state": {"requires": "on", "becomes": "started"}, "reply": "off"},
            {**asked("limited"), "reply": "within", "times": _WITHIN},
            {**asked("limited"), "reply": "over"},
            {**asked("keep"), "reply": "kept"},
        ]
    }


@dataclass
class Client:
    """One token. It asks one after the other, each time a server that chance chooses."""

    token: str
    servers: Callable[[], Sequence[str]]
    """Base URLs of the servers that run now."""
    http: httpx.AsyncClient
    told: dict[str, list[str]] = field(default_factory=lambda: {"list": [], "toggle": [], "limited": []})
    kept: list[str] = field(default_factory=list)
    unsure: int = 0
    """Requests whose answers did not come: it is not known whether they were counted."""

    async def run(self, requests: int) -> None:
        """Load the script, and ask this many times."""
        chance = Random(self.token)
        await self._send(chance, "POST", "/_emulator/script", script_of(self.token, requests))
        for number in range(requests):
            match number % 4:
                case 3:
                    await self._keep(chance)
                case kind:
                    text = ("list", "toggle", "limited")[kind]
                    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
                    answer = await self._send(chance, "POST", "/v1/chat/completions", body)
                    self.told[text].append(answer.json()["choices"][0]["message"]["content"])

    async def _keep(self, chance: Random) -> None:
        before = {"previous_response_id": self.kept[-1]} if self.kept else {}
        asked = {"model": "gpt-4o", "input": "keep", **before}
        made = (await self._send(chance, "POST", "/v1/responses", asked)).json()
        found = (await self._send(chance, "GET", f"/v1/responses/{made['id']}")).json()
        assert found["output"] == made["output"]
        self.kept.append(made["id"])

    async def _send(self, chance: Random, method: str, path: str, body: object = None) -> httpx.Response:
        async with asyncio.timeout(SECONDS):
            while True:
                url = chance.choice(self.servers())
                headers = {"authorization": f"Bearer {self.token}"}
                try:
                    answer = await self.http.request(method, f"{url}{path}", json=body, headers=headers)
                except httpx.TransportError as error:
                    # What was not even sent was not counted.
                    self.unsure += method == "POST" and not isinstance(error, httpx.ConnectError)
                    await asyncio.sleep(0)
                    continue
                assert answer.status_code == 200, answer.text
                return answer

    def check(self) -> None:
        """Fail unless every answer came in its order, none twice, and none that was not lost on the way is missing."""
        numbers = [int(text.removeprefix(f"{self.token} ")) for text in self.told["list"]]
        assert numbers == sorted(set(numbers))
        assert max(numbers) + 1 - len(numbers) <= self.unsure
        turns = sum(one == other for one, other in zip(self.told["toggle"], self.told["toggle"][1:], strict=False))
        assert self.told["toggle"][0] == "on" or self.unsure
        assert turns <= self.unsure
        within = self.told["limited"].count("within")
        assert self.told["limited"] == ["within"] * within + ["over"] * (len(self.told["limited"]) - within)
        assert min(_WITHIN, len(self.told["limited"])) - self.unsure <= within <= _WITHIN
        assert len(set(self.kept)) == len(self.kept)


async def ask_all(
    servers: Callable[[], Sequence[str]], *, tokens: int, requests: int, at_once: int = 10
) -> list[Client]:
    """Let every token ask this many times, some tokens at once."""
    limits = httpx.Limits(max_connections=2 * at_once)
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS, limits=limits) as http:
        clients = [Client(f"sk-shared-{number:03}", servers, http) for number in range(tokens)]
        room = asyncio.Semaphore(at_once)

        async def run(client: Client) -> None:
            async with room:
                await client.run(requests)

        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(run(client))
        return clients
