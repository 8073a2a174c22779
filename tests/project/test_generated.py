"""Each file that is made from others is as `make generated` writes it."""

import shutil

import pytest

from tools.generated import BY_KUBECTL, GENERATED, ROOT

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=needs_kubectl if path in BY_KUBECTL else ()) for path in GENERATED]
)
def test_a_file_that_is_made_from_others_is_as_its_command_writes_it(path: str) -> None:
    assert (ROOT / path).read_text("utf-8") == GENERATED[path](), "run `make generated`"
