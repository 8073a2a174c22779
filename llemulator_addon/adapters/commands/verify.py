"""`llemulator verify`: verifies a session of a running server."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llemulator_addon.adapters.commands.command import Command, Failed, add_report
from llemulator_addon.adapters.files import write_whole
from llemulator_addon.adapters.own_admin_key import own_admin_key
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.core.egress import HostEgress

_DEFAULT_URL = "http://127.0.0.1:8080"

if TYPE_CHECKING:
    from llemulator_addon.client import Client


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "expectations",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="expectations (JSON or YAML), as in the body of POST /_emulator/verify",
    )
    parser.add_argument("--url", default=_DEFAULT_URL, help=f"address of the server ({_DEFAULT_URL})")
    parser.add_argument("--token", help="token of the session (OPENAI_API_KEY)")
    parser.add_argument("--ignore", action="append", default=[], metavar="NAME", help="name of a finding to ignore")
    parser.add_argument("--egress", action="store_true", help="also report other hosts that were reached or blocked")
    add_report(parser)


def _run(arguments: argparse.Namespace) -> None:
    # These imports are slow, and `--help` does not need them.
    from llemulator_addon.adapters.verdict_files import REPORTS, RunReport  # noqa: PLC0415
    from llemulator_addon.client import Client, NotReached, Refused  # noqa: PLC0415

    token = arguments.token or os.environ.get("OPENAI_API_KEY")
    if not token:
        raise Failed("no token; set --token, or OPENAI_API_KEY as the application has it")
    for file in arguments.report:
        if file.suffix not in REPORTS:
            raise Failed(f"--report {file}: its name must end with one of {', '.join(REPORTS)}")
    wanted = _expectations(arguments.expectations)
    ignored = [*wanted.pop("ignore", []), *arguments.ignore]
    egress = arguments.egress or wanted.pop("egress", False)
    try:
        with Client(arguments.url, token, admin_key=own_admin_key()) as client:
            verdict = client.verify(**wanted, ignore=ignored, egress=egress)
            report = RunReport(
                verdict=verdict, rules=client.rules(), exchanges=client.requests(), hosts=_egress(client)
            )
    except NotReached as error:
        raise Failed(error) from None
    except OSError as error:
        raise Failed(f"{arguments.url}: {error.strerror or error}; is llemulator running there?") from None
    except (Refused, TypeError) as error:
        raise Failed(str(error)) from None
    for file in arguments.report:
        _write(file, REPORTS[file.suffix](report))
    for finding in verdict.findings:
        sys.stdout.write(f"{finding.name}: {printable(finding.sentence)}\n")
    requests = _count_requests(verdict.requests)
    if not verdict.passed:
        findings = "1 finding" if len(verdict.findings) == 1 else f"{len(verdict.findings)} findings"
        raise Failed(f"{findings} in {requests}")
    sys.stdout.write(f"no findings in {requests}\n")


def _egress(client: "Client") -> tuple[HostEgress, ...]:
    """Return the traffic by host; nothing from a server on another machine that wants an admin key for it."""
    from llemulator_addon.client import Refused  # noqa: PLC0415 - as above

    try:
        return client.egress()
    except Refused as refused:
        if refused.code != "admin_key_needed":
            raise
        return ()


def _count_requests(count: int) -> str:
    if not count:
        return "0 requests: none came under this token"
    return "1 request" if count == 1 else f"{count} requests"


_KEYS = ("expectations", "order", "ignore", "egress")


def _expectations(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8")
        value = json.loads(text) if file.suffix == ".json" else _yaml(text)
    except (OSError, ValueError) as error:
        raise Failed(f"{file}: {error}") from None
    if not isinstance(value, dict):
        raise Failed(f"{file}: expected an object with expectations, order, ignore or egress")
    _check_keys(file, value)
    return value


def _check_keys(file: Path, value: dict[str, Any]) -> None:
    from llemulator_addon.script.key_hints import describe_unknown_key  # noqa: PLC0415 - slow to import

    if unknown := next((key for key in value if key not in _KEYS), None):
        raise Failed(f"{file}: {unknown}: {describe_unknown_key(str(unknown), _KEYS)}")


def _yaml(text: str) -> object:
    from llemulator_addon.script import yaml_text  # noqa: PLC0415 - most are JSON

    return yaml_text.read(text)


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise Failed(f"--report {file}: {error.strerror}") from None


VERIFY = Command(
    meaning="check a session of a running server",
    add_options=_add_options,
    run=_run,
)
