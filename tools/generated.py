"""The files that are made from others. `make generated` writes them; a test compares each with what is made now.

Not among them, because they need files from elsewhere: what `make_openai_shapes`, `make_operations` and
`make_vocabulary` write.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from conformance.faults import page
from llemulator_addon.admin import ROUTES
from llemulator_addon.admin.openapi import description
from llemulator_addon.script.schema import schema_text
from llemulator_addon.wire.json_bytes import pretty
from tests.project import tables
from tools import make_models

ROOT = Path(__file__).parent.parent


def _render(folder: str) -> str:
    command = ["kubectl", "kustomize", folder]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _describe_routes() -> str:
    return f"{pretty(description(ROUTES)).decode()}\n"


GENERATED: dict[str, Callable[[], str]] = {
    "llemulator_addon/wire/model_names.py": make_models.make_table,
    "docs/script.schema.json": lambda: schema_text().decode(),
    "console/openapi.json": _describe_routes,
    "docs/faults.md": page.made,
    "README.md": tables.readme,
    "docs/api.md": tables.api_page,
    "k8s/llemulator.yaml": partial(_render, "k8s/base"),
    "k8s/rendered/replicas.yaml": partial(_render, "k8s/replicas"),
    "k8s/openai-emulator.yaml": partial(_render, "k8s/examples/openai-emulator"),
    "k8s/example-sidecar.yaml": partial(_render, "k8s/examples/sidecar"),
}
"""The function that makes a file's text, by the file's path in the project."""
BY_KUBECTL = frozenset(path for path in GENERATED if path.startswith("k8s/"))


def main() -> None:
    """Write each file that has changed, and name it; without kubectl, leave out those that it renders."""
    for path, made in GENERATED.items():
        if path in BY_KUBECTL and shutil.which("kubectl") is None:
            print(f"{path}: left as it is, because kubectl is not installed", file=sys.stderr)
        elif (text := made()) != (ROOT / path).read_text("utf-8"):
            (ROOT / path).write_text(text, "utf-8")
            print(path)


if __name__ == "__main__":
    main()
