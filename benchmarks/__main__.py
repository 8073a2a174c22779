"""`make bench`: the cost of an answer, compared with mitmdump and an addon that returns a constant, in one run.

Requests per second come from `hey` (`apt-get install hey`), which speaks CONNECT and TLS: through the proxy to
https://api.openai.com, and plain to the proxy as base URL. On a machine with two cores or more the server has the first
to itself. The servers take turns, and the median of their turns counts, so that what else the machine does hits all
alike: compare the ratios, not the numbers of two runs.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import (
    console,
    conversations,
    fixture,
    metrics,
    ratios,
    scaling,
    simulated,
    starts,
    stores,
    streams,
    traces,
)
from benchmarks.servers import SERVERS, Running, running
from conformance.attacks import measure as attacks
from conformance.attacks.catalogue import ATTACKS

_ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
_PATH = "/v1/chat/completions"
_STARTS = 3

# The ratios that the design promises; a run that misses one says so.
_EXPECTED = (
    ("mitmdump with llemulator", "mitmdump with a constant", "tls", 0.9),
    ("mitmdump with llemulator", "mitmdump with a constant", "plain", 0.9),
    ("llemulator", "mitmdump with a constant", "tls", 2.0),
)

_FIXTURE_MS = 5.0
_ALONE = ("attacks", "console", "conversations", "metrics", "stores", "traces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The lines that the user chose."""

    seconds: float
    rounds: int
    clients: int
    only: str | None


def main() -> None:
    """Run all and print it."""
    arguments = _arguments()
    if arguments.only == "attacks":
        _print_attacks()
        return
    if arguments.only == "conversations":
        with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
            _print_conversations(*conversations.measure_alone(Path(folder)))
        return
    if arguments.only == "console":
        with (
            tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder,
            running(("llemulator",), _script(Path(folder))) as servers,
        ):
            _print_page(console.measure_first_view(servers["llemulator"]))
            _print_watched(_measure_console(_find_hey(), servers["llemulator"], arguments))
        return
    if arguments.only == "traces":
        with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
            _print_traced(_measure_traces(_find_hey(), _script(Path(folder)), arguments))
        return
    hey = _find_hey()
    if (print_alone := {"metrics": _print_metrics, "stores": _print_stores}.get(arguments.only or "")) is not None:
        print_alone(hey, arguments)
        return
    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
        script = _script(Path(folder))
        seconds = {name: _start_seconds(name, script) for name in SERVERS}
        with running(SERVERS, script) as servers:
            memory = {name: server.resident_mebibytes() for name, server in servers.items()}
            rates = _rates(hey, servers, arguments)
            pacing = streams.measure(servers["llemulator"])
            spoken = conversations.measure(servers["llemulator"])
            heard = conversations.measure_hearing(servers["llemulator"])
            first_view = console.measure_first_view(servers["llemulator"])
            watched = _measure_console(hey, servers["llemulator"], arguments)
            rhythms = tuple(simulated.measure(servers["llemulator"]))
        traced = _measure_traces(hey, script, arguments)
    _print(seconds, memory, rates)
    _print_pacing("streams", "tokens", pacing)
    _print_conversations(spoken, heard)
    _print_expected(rates)
    for rhythm in rhythms:
        said = f"simulated streams: {rhythm.measured:.1f} {rhythm.name} (within 5 % of {rhythm.asked:.1f})"
        print(f"{_met(rhythm.is_met):12} {said}")
    _print_page(first_view)
    _print_watched(watched)
    _print_traced(traced)
    _print_metrics(hey, arguments)
    ratio = starts.ratio()
    said = f"llemulator run -- true / a bare mitmdump, until it listens: {ratio:.2f} (at most {starts.AT_MOST})"
    print(f"{_met(ratio <= starts.AT_MOST):12} {said}")
    for each in ratios.measure():
        said = f"{each.name}: {each.ratio:.2f} (at most {each.at_most}; {each.much_us:.0f} / {each.little_us:.0f} us)"
        print(f"{_met(each.ratio <= each.at_most):12} {said}")
    _print_stores(hey, arguments)
    _print_attacks()
    cost = fixture.milliseconds()
    print(f"{_met(cost <= _FIXTURE_MS):12} the pytest fixture, for one test: {cost:.1f} ms (at most {_FIXTURE_MS})")


def _find_hey() -> str:
    return shutil.which("hey") or sys.exit("hey was not found; it sends the requests: apt-get install hey")


def _measure_console(hey: str, server: Running, arguments: Arguments) -> console.Watched:
    return console.measure(server, lambda: _rate(hey, _plain(server), arguments), arguments.rounds)


def _print_page(first_view: float | str) -> None:
    size, most = console.count_script_bytes(), console.SCRIPT_BYTES
    said = "it is not built" if size is None else f"{size >> 10} KiB"
    is_met = size is not None and size <= most
    print(f"{_met(is_met=is_met):12} scripts of the console, compressed: {said} (at most {most >> 10} KiB)")
    most_ms = console.FIRST_VIEW_MS
    said = first_view if isinstance(first_view, str) else f"{first_view:.0f} ms"
    is_met = not isinstance(first_view, str) and first_view <= most_ms
    print(f"{_met(is_met=is_met):12} the console's first view: {said} (at most {most_ms:.0f} ms)")


def _print_watched(watched: console.Watched) -> None:
    least = console.AT_LEAST
    said = f"requests per second with the console open / without: {watched.ratio:.2f} (at least {least}; "
    numbers = f"{watched.open:.0f} / {watched.closed:.0f}; it showed {watched.exchanges_shown} exchanges)"
    print(f"{_met(watched.ratio >= least):12} {said}{numbers}")


def _measure_traces(hey: str, script: Path, arguments: Arguments) -> traces.Traced:
    return traces.measure(script, lambda server: _rate(hey, _plain(server), arguments), arguments.rounds)


def _print_traced(traced: traces.Traced) -> None:
    said = f"requests per second, traces on / off: {traced.ratio:.2f} (at least {traces.AT_LEAST}; "
    numbers = f"{traced.on:.0f} / {traced.off:.0f}; {traced.bytes_received} bytes of telemetry)"
    print(f"{_met(traced.ratio >= traces.AT_LEAST):12} {said}{numbers}")


def _print_metrics(hey: str, arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
        counted = metrics.measure(
            _script(Path(folder)),
            lambda server, stream: _rate(hey, _plain(server), arguments, stream=stream),
            arguments.rounds,
        )
    for each in counted:
        said = f"{each.name} per second, metrics on / off: {each.ratio:.2f} (at least {metrics.AT_LEAST}; "
        print(f"{_met(each.ratio >= metrics.AT_LEAST):12} {said}{each.on:.0f} / {each.off:.0f})")


def _print_conversations(spoken: conversations.Speaking, heard: conversations.Hearing) -> None:
    _print_pacing("WebSocket conversations", "messages", spoken.pacing)
    print(
        f"{heard.conversations} clients that speak, each {heard.asked_per_second} messages/s: "
        f"{heard.messages_per_second:.0f} messages/s heard, p99 of the wait for an answer {heard.p99_wait_ms:.1f} ms"
    )
    print(
        f"the server's processor, for each message: {spoken.cpu_us:.0f} us to send it, {heard.cpu_us:.0f} us to hear it"
    )


def _print_stores(hey: str, arguments: Arguments) -> None:
    """Print the requests per second with each store, and what the simulation makes of the costs with Redis."""

    def rate(server: Running, tokens: Sequence[str]) -> float:
        apart = replace(arguments, clients=max(1, arguments.clients // len(tokens)))
        with ThreadPoolExecutor(len(tokens)) as threads:
            return sum(threads.map(lambda token: _rate(hey, _plain(server), apart, token), tokens))

    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as name:
        folder = Path(name)
        found = {each.name: each for each in stores.measure(folder, _script(folder), rate, arguments.rounds)}
    for each in found.values():
        said = f"requests per second, sessions in {each.name} / in memory: {each.ratio:.2f}"
        least = f"(at least {stores.AT_LEAST[each.name]}; {each.with_store:.0f} / {each.in_memory:.0f};"
        print(f"{_met(each.is_met):12} {said} {least} CPU {each.process_us:.0f} / {each.memory_us:.0f} us)")
    last = found["redis"]
    bears = 1e6 / (last.trips * last.trip_us)
    print(
        f"\nRedis: {last.trips:.2f} round trips a request, {last.trip_us:.0f} us each: {bears:.0f} requests a second."
    )
    measured = last.measurement()
    print(f"\nThe costs of docs/scaling.md:\n\n{scaling.write_costs(measured)}")
    print(f"Replicas with the costs that were measured, simulated:\n\n{scaling.write_table(measured.costs)}")
    print(f"With those that are assumed:\n\n{scaling.write_table(scaling.Costs())}")


def _print_attacks() -> None:
    """Print what each attack costs another client of the same server, and the server's memory."""
    most_ms = 1000 * attacks.MOST_MORE_SECONDS
    with attacks.arena() as field:
        for name in ATTACKS:
            try:
                seen = field.attack(name)
            except attacks.NotPrepared as error:
                print(f"{_met(is_met=False):12} {error}", flush=True)
                continue
            before, during = (1000 * waits.percentile(0.99) for waits in (seen.waits_before, seen.waits))
            said = f'another client\'s p99 during "{name}": {during - before:.0f} ms more'
            is_met = during - before <= most_ms and seen.killed is None
            print(f"{_met(is_met):12} {said} (at most {most_ms:.0f}; {during:.1f} / {before:.1f} ms)", flush=True)
    said = f"the server's memory, all attacks together: {field.mebibytes_most:.0f} MiB"
    print(f"{_met(field.mebibytes_most <= attacks.MOST_MEBIBYTES):12} {said} (at most {attacks.MOST_MEBIBYTES})")


def _arguments() -> Arguments:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the cost of an answer.")
    parser.add_argument("--seconds", type=float, default=4, help="how long each measurement takes (4)")
    parser.add_argument("--rounds", type=int, default=3, help="how many turns each server has (3)")
    parser.add_argument("--clients", type=int, default=16, help="how many connections ask at the same time (16)")
    parser.add_argument("--only", choices=_ALONE, help="print these lines alone (all)")
    return Arguments(**vars(parser.parse_args()))


def _script(folder: Path) -> Path:
    """Write the script with one rule that all play, and the paced rules of streams and conversations behind it."""
    rules = [
        {"match": {"user_text": "^Hello$"}, "reply": {"text": "Hello there. How are you today?"}},
        streams.RULE,
        conversations.RULE,
    ]
    script = folder / "script.json"
    script.write_text(json.dumps({"rules": rules}))
    return script


def _start_seconds(name: str, script: Path) -> float:
    """From the start of the process to the first answer; the median of a few, after one that warms the disk."""
    seconds = []
    for _ in range(_STARTS + 1):
        with running((name,), script) as servers:
            seconds.append(servers[name].seconds_to_first_answer)
    return statistics.median(seconds[1:])


def _rates(hey: str, servers: dict[str, Running], arguments: Arguments) -> dict[tuple[str, str], float]:
    ways: dict[str, Callable[[Running], list[str]]] = {
        "tls": lambda server: ["-x", f"http://127.0.0.1:{server.port}", f"https://api.openai.com{_PATH}"],
        "plain": _plain,
    }
    seen: dict[tuple[str, str], list[float]] = {}
    for _ in range(arguments.rounds):
        for way, target in ways.items():
            for name, server in servers.items():
                seen.setdefault((name, way), []).append(_rate(hey, target(server), arguments))
    return {key: statistics.median(rates) for key, rates in seen.items()}


def _plain(server: Running) -> list[str]:
    return [f"http://127.0.0.1:{server.port}{_PATH}"]


def _rate(hey: str, target: list[str], arguments: Arguments, key: str = "sk-bench", *, stream: bool = False) -> float:
    """Return the requests answered in a second; ends the program if anything but 200 came."""
    token = ["-H", f"Authorization: Bearer {key}"]
    body = ["-m", "POST", "-T", "application/json", "-d", json.dumps({**_ASK, "stream": stream})]
    command = [hey, "-z", f"{arguments.seconds}s", "-c", str(arguments.clients), "-cpus", "1", *token, *body, *target]
    said = streams.run_apart(command)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    statuses = set(re.findall(r"^\s+\[(\d+)\]\s+\d+ responses", said, re.MULTILINE))
    if not rate or statuses != {"200"} or "Error distribution" in said:
        sys.exit(f"{' '.join(command)}:\n{said}")
    return float(rate[1])


def _print(starts: dict[str, float], memory: dict[str, float], rates: dict[tuple[str, str], float]) -> None:
    first = next(iter(SERVERS))
    print(f"\n{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print(_row("", "TLS", "", "plain", "", "start", "idle"))
    print(_row("", "req/s", "ratio", "req/s", "ratio", "s", "MiB"))
    for name in SERVERS:
        cells = [f(rates[name, way]) for way in ("tls", "plain") for f in (_whole, _ratio_to(rates[first, way]))]
        print(_row(name, *cells, f"{starts[name]:.2f}", f"{memory[name]:.0f}"))


def _print_pacing(kind: str, unit: str, pacing: streams.Pacing) -> None:
    wanted = pacing.streams * pacing.tokens_per_second
    print(f"\n{pacing.streams} {kind} at {pacing.tokens_per_second} {unit}/s through TLS:", end=" ")
    print(f"{pacing.chunks_per_second:.0f}/s of {wanted}, each gap wrong by", end=" ")
    print(f"{pacing.median_error_ms:.1f} ms at the median and {pacing.p99_error_ms:.1f} ms at p99\n")


def _print_expected(rates: dict[tuple[str, str], float]) -> None:
    for name, base, way, least in _EXPECTED:
        ratio = rates[name, way] / rates[base, way]
        print(f"{_met(ratio >= least):12} {name} / {base}, {way}: {ratio:.2f} (at least {least})")


def _met(is_met: bool) -> str:  # noqa: FBT001 - the word for it
    return "as expected" if is_met else "MISSED"


def _row(name: str, *cells: str) -> str:
    return f"{name:26}" + "".join(f"{cell:>8}" for cell in cells)


def _whole(rate: float) -> str:
    return f"{rate:.0f}"


def _ratio_to(base: float) -> Callable[[float], str]:
    return lambda rate: f"{rate / base:.2f}"


if __name__ == "__main__":
    main()
