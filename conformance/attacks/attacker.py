"""The process that attacks: `python -m conformance.attacks.attacker NAME PORT`. It begins when it is told to."""

import json
import os
import sys

from conformance.attacks.attack import Way
from conformance.attacks.catalogue import ATTACKS


def main() -> None:
    """Prepare, wait for a line, attack, and print the statuses that came."""
    name, port = sys.argv[1:]
    # What it costs to attack is not what is measured.
    os.nice(10)
    statuses = ATTACKS[name].send(Way(port=int(port), begin=_begin))
    print(json.dumps(list(statuses)), flush=True)


def _begin() -> None:
    print("prepared", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
