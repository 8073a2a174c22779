"""The image, what runs it, and the tools that look at files. All of it is left out unless this folder is asked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.images.containers import ROOT, docker_answers

_HERE = "conformance/images"
_PACKAGES = {"buildah": "buildah", "podman": "podman", "runc": "runc", "mmdebstrap": "mmdebstrap"}
"""What is asked for where there is no Docker: the program and Debian's package of it."""


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Building an image takes a minute and root: `make test` is for everybody."""
    return None if any(_HERE in argument for argument in config.args) else True


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the folder of the programs of locks/images.txt."""
    lock = ROOT / "locks/images.txt"
    folder = ROOT / ".cache/images-venv"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(folder)], check=True)
        uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--system-certs", "--python", str(folder)]
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
    missing = [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        pytest.skip(f"no Docker answers, and {', '.join(missing)} cannot be installed: this is no Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        got = subprocess.run(
            ["apt-get", "--quiet", *command], env=environment, capture_output=True, text=True, check=False
        )
        if got.returncode:
            pytest.skip(f"no Docker answers, and apt-get {command[0]} failed: {got.stderr.strip()[-500:]}")
