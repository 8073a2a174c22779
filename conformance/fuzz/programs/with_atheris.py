"""Feeds atheris's inputs to the script language; the arguments are libFuzzer's."""

import sys

import atheris

with atheris.instrument_imports(include=["llemulator_addon", "ruamel"]):
    from tests.fuzz import surviving


def take(body: bytes) -> None:
    """Load anything, as JSON where it looks like it, and play it where it is a script."""
    surviving.load(body, "json" if body.lstrip()[:1] in (b"{", b"[", b'"') else "yaml")


atheris.Setup(sys.argv, take)
atheris.Fuzz()
