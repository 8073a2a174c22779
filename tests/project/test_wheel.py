"""What is installed is the package, whole, and nothing else."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.project.pages import ROOT, tracked

_CONSOLE = "llemulator_addon/adapters/console/static"
_BUILD = [sys.executable, "-m", "hatchling", "build"]


def test_the_wheel_is_the_package_and_its_licence(tmp_path: Path) -> None:
    build = [*_BUILD, "--target", "wheel", "--directory", str(tmp_path)]
    # Else the console would be built here, which takes half a minute.
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "HATCH_BUILD_NO_HOOKS": "true"})
    (wheel,) = tmp_path.iterdir()
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        described = {Path(name).name for name in archive.namelist() if ".dist-info/" in name}

    # Where the console was built, it is a part of the package.
    built = {file.relative_to(ROOT).as_posix() for file in (ROOT / _CONSOLE).glob("*")}
    assert names == {file.relative_to(ROOT).as_posix() for file in tracked("llemulator_addon/**")} | built
    assert described == {"METADATA", "WHEEL", "RECORD", "LICENSE", "entry_points.txt"}


@pytest.mark.slow
def test_a_wheel_made_from_the_sdist_of_a_clone_has_the_console_and_without_node_says_that_it_lacks_it(
    tmp_path: Path,
) -> None:
    old_node = tmp_path / "bin/node"
    old_node.parent.mkdir()
    old_node.write_text("#!/bin/sh\nexit 1\n")
    old_node.chmod(0o755)
    without_node = {**os.environ, "PATH": f"{old_node.parent}:{os.environ['PATH']}"}
    _unpack_clone(tmp_path / "clone")

    said = _build("sdist", tmp_path / "clone", tmp_path / "sdist", without_node)
    (sdist,) = (tmp_path / "sdist").iterdir()
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    said_again = _build("wheel", source, tmp_path / "without", without_node)
    _build("wheel", source, tmp_path / "with", dict(os.environ))

    assert "The console (the page at /) is not built: that needs Node" in said
    assert "The console (the page at /) is not built: that needs Node" in said_again
    assert not _pages(tmp_path / "without")
    assert _pages(tmp_path / "with") == {f"{_CONSOLE}/index.html"}


def _unpack_clone(folder: Path) -> None:
    folder.mkdir()
    for file in tracked("**"):
        copy = folder / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
        copy.chmod(file.stat().st_mode)


def _build(target: str, source: Path, into: Path, environment: dict[str, str]) -> str:
    command = [*_BUILD, "--target", target, "--directory", str(into)]
    ran = subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, text=True)
    return ran.stdout + ran.stderr


def _pages(folder: Path) -> set[str]:
    (wheel,) = folder.iterdir()
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if name.endswith(f"{_CONSOLE}/index.html")}
