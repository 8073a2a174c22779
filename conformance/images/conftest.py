"""The image, what runs it, and the tools that look at files. All of it is left out unless this folder is asked for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.images.containers import ROOT, docker_answers

_HERE = "conformance/images"
_PROGRAMS = ("buildah", "podman", "runc", "mmdebstrap")
"""What is asked for where there is no Docker; Debian's packages have the same names."""


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave this folder out unless it is named: building an image takes a minute and root."""
    return None if any(_HERE in argument for argument in config.args) else True


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the folder of the programs of locks/images.txt."""
    lock = ROOT / "locks/images.txt"
    folder = ROOT / ".cache/images-venv"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(folder)], check=True)
        uv = [
            str(Path(sys.executable).parent / "uv"),
            "pip",
            "install",
            "--quiet",
            "--system-certs",
            "--python",
            str(folder),
        ]
        subprocess.run([*uv, "--require-hashes", "--requirement", str(lock)], check=True)
        stamp.write_text(lock.read_text())
    return folder / "bin"


@pytest.fixture(scope="session")
def images() -> None:
    """Build both images under the names that docker-compose.yml and k8s/ have for them."""
    if not docker_answers():
        _prepare_daemonless()
    for command in (["llemulator:0.1.0"], ["chat:0.1.0", "docs/examples/chat"]):
        built = subprocess.run(
            [ROOT / _HERE / "build", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert built.returncode == 0, built.stdout[-8000:]


def _prepare_daemonless() -> None:
    """Have buildah and podman, or skip."""
    if os.geteuid() != 0:
        pytest.skip("no Docker answers, and buildah and podman are run without it by root alone")
    debian_packages([program for program in _PROGRAMS if shutil.which(program) is None], "building without Docker")


def debian_packages(missing: Sequence[str], what: str) -> None:
    """Install packages of Debian, or skip and say for what they were wanted."""
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"{what} needs {', '.join(missing)}, which only root can install, and only on Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        command = ["apt-get", "--quiet", *words]
        got = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if got.returncode:
            pytest.skip(f"{what} needs {', '.join(missing)}; apt-get {words[0]}: {got.stderr.strip()[-500:]}")
