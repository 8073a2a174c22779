"""The built files of the console."""

import pytest

from llemulator_addon.adapters.console import find_file


@pytest.mark.parametrize("name", ["../console/__init__.py", "__init__.py", "..\\x.js", "a/b.js", "\0.js", "nothing.js"])
def test_only_built_files_are_found(name: str) -> None:
    assert find_file(name) is None
