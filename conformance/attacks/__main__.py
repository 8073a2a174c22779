"""`python -m conformance.attacks [NAME...]`: attacks by name, or all, and what they cost other clients and the server.

A name may be the beginning of some. All meet the same server, one after the other; `--apart` gives each its own.
"""

import argparse
import sys
from collections import Counter

from conformance.attacks.attack import CLOSED, SILENT
from conformance.attacks.catalogue import ATTACKS
from conformance.attacks.measure import MOST_MEBIBYTES, MOST_MORE_SECONDS, Arena, NotPrepared, Seen, arena

_WORDS = {CLOSED: "closed", SILENT: "silent"}


def main() -> int:
    """Run them, print a line for each, and return how many were not as wanted (0 or 1)."""
    arguments = _arguments()
    chosen = [name for name in ATTACKS if not arguments.names or name.startswith(tuple(arguments.names))]
    if not chosen:
        sys.exit(f"no such attack; there are {', '.join(ATTACKS)}")
    rounds = [(name,) for name in chosen] if arguments.apart else [tuple(chosen)]
    print(_row("attack", "s", "p50 ms", "attacked", "p99 ms", "attacked", "longest", "MiB", "most", "after"), "answers")
    missed = False
    for each in rounds:
        with arena() as field:
            for name in each:
                missed |= _attacked(field, name)
        print(f"the most memory: {field.mebibytes_most:.0f} MiB (at most {MOST_MEBIBYTES})")
    return int(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m conformance.attacks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="an attack, or the beginning of its name (all)")
    parser.add_argument("--apart", action="store_true", help="a server of its own for each")
    return parser.parse_args()


def _attacked(field: Arena, name: str) -> bool:
    try:
        return _told(name, field.attack(name))
    except NotPrepared as error:
        print(f"    MISSED: {error}", flush=True)
        return True


def _told(name: str, seen: Seen) -> bool:
    before, waits = seen.waits_before, seen.waits
    waited = (before.percentile(0.5), waits.percentile(0.5), before.percentile(0.99), waits.percentile(0.99))
    cells = (f"{seen.seconds:.1f}", *(f"{1000 * each:.0f}" for each in (*waited, waits.longest)))
    memory = (seen.mebibytes_before, seen.mebibytes_most, seen.mebibytes_after)
    print(_row(name, *cells, *(f"{each:.0f}" for each in memory)), _answers(seen), flush=True)
    wrong = _wrong(name, seen)
    for each in wrong:
        print(f"    MISSED: {each}", flush=True)
    return bool(wrong)


def _answers(seen: Seen) -> str:
    counted = Counter(_WORDS.get(status, str(status)) for status in seen.statuses)
    return ", ".join(f"{times} x {status}" if times > 1 else status for status, times in counted.items())


def _wrong(name: str, seen: Seen) -> list[str]:
    found = []
    if seen.killed:
        found.append(f"the server was killed: {seen.killed}")
    if seen.waits.error:
        found.append(f"another client failed: {seen.waits.error}")
    if unwanted := set(seen.statuses) - ATTACKS[name].answers:
        found.append(f"answered with {sorted(unwanted)}")
    if seen.more_seconds > MOST_MORE_SECONDS:
        found.append(f"another client waited {1000 * seen.more_seconds:.0f} ms more")
    if seen.mebibytes_most > MOST_MEBIBYTES:
        found.append(f"{seen.mebibytes_most:.0f} MiB")
    return found


def _row(name: str, *cells: str) -> str:
    return f"{name:46}" + "".join(f"{cell:>9}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
