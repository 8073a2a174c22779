"""`python -m tests.project.added.trying NAME…` uses additions that were made in this folder, a copy of the project.

It writes the pages that are made from others, prints which of them were not right, and fails where an addition does not
work or a page does not have it.
"""

import sys
from importlib import import_module
from pathlib import Path

import llemulator_addon
from conformance.faults import page
from llemulator_addon.script.schema import schema_text
from tests.project import tables

_GENERATED = {
    "docs/script.schema.json": lambda: schema_text().decode(),
    "docs/faults.md": page.made,
    "docs/api.md": tables.api_page,
    "README.md": tables.readme,
}


def main() -> None:
    """Try them."""
    root = Path.cwd()
    assert Path(llemulator_addon.__file__).is_relative_to(root)
    for path, make in _GENERATED.items():
        if (text := make()) != (root / path).read_text("utf-8"):
            (root / path).write_text(text, "utf-8")
            sys.stdout.write(f"{path}\n")
    for name in sys.argv[1:]:
        import_module(f"tests.project.added.{name}").ADDITION.show()


if __name__ == "__main__":
    main()
