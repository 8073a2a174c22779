"""What is installed is the package, whole, and nothing else."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.project.pages import ROOT, tracked

_CONSOLE = "llemulator_addon/adapters/console/static"


def test_the_wheel_is_the_package_and_its_licence(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.iterdir()
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        described = {Path(name).name for name in archive.namelist() if ".dist-info/" in name}

    # Where the console was built, it is a part of the package.
    built = {file.relative_to(ROOT).as_posix() for file in (ROOT / _CONSOLE).glob("*")}
    assert names == {file.relative_to(ROOT).as_posix() for file in tracked("llemulator_addon/**")} | built
    assert described == {"METADATA", "WHEEL", "RECORD", "LICENSE", "entry_points.txt"}
