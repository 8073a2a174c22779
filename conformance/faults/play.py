"""Plays the cases with all clients."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import get_args

import httpx

from conformance.faults.case import Ask, Case, ClientName, Seen, cases
from conformance.faults.clients import RealClient, client
from conformance.server import Server
from llemulator_addon.client import Client

CLIENTS: tuple[ClientName, ...] = get_args(ClientName)

type Played = Mapping[ClientName, Mapping[str, list[Seen]]]
"""What came of each ask, by client and the case's name."""


def played(server: Server) -> Played:
    """Play all cases with all clients, each with a token of its own.

    Most of it is waiting, so they play at the same time. Faults of connections are of the whole proxy: with these the
    clients take turns.
    """
    with ExitStack() as stack, ThreadPoolExecutor(len(CLIENTS)) as pool:
        real = {name: stack.enter_context(client(name, server)) for name in CLIENTS}
        for each in real.values():
            each.ask(_new_token(), Ask())  # once it has answered, nothing is slow because a program starts
        by_token = [case for case in cases() if not case.is_of_connections]
        for_all = [case for case in cases() if case.is_of_connections]
        together = pool.map(lambda name: _one_after_the_other(by_token, name, real[name], server), CLIENTS)
        seen = dict(zip(CLIENTS, together, strict=True))
        return {name: seen[name] | _one_after_the_other(for_all, name, real[name], server) for name in CLIENTS}


def _one_after_the_other(
    some: Iterable[Case], name: ClientName, real: RealClient, server: Server
) -> dict[str, list[Seen]]:
    return {case.name: list(_seen(case, name, real, server)) for case in some}


def _seen(case: Case, name: ClientName, real: RealClient, server: Server) -> Iterator[Seen]:
    with Client(server.origin, _new_token()) as session:
        session.load(case.script)
        if case.is_of_connections:
            real.begin_anew()
        before = 0
        for ask in case.asks:
            if ask.advance_s:
                _advance_clock(session, ask.advance_s)
            answer = real.ask(session.token, ask)
            arrived = _arrived(session, name)
            yield Seen(**answer, requests=arrived - before)
            before = arrived
        session.reset()


def _arrived(session: Client, name: ClientName) -> int:
    """Count the requests that arrived; raises if they came over another version of HTTP than the client is to speak."""
    exchanges = session.requests(format="full")
    versions = {exchange.connection["http_version"] for exchange in exchanges}
    assert versions <= {"HTTP/2.0" if name.endswith("HTTP/2") else "HTTP/1.1"}, f"{name} spoke {versions}"
    return len(exchanges)


def _advance_clock(session: Client, seconds: float) -> None:
    headers = {"authorization": f"Bearer {session.token}"}
    with httpx.Client(base_url=session.url, headers=headers, trust_env=False) as http:
        http.post("/_emulator/clock", json={"advance_s": seconds}).raise_for_status()


def _new_token() -> str:
    return f"sk-{secrets.token_hex(8)}"
