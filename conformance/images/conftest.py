"""The image, what runs it, and the tools that look at files. All of it is left out unless this folder is asked for."""

import faulthandler
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.images.containers import ROOT, Ended, docker_answers, run
from conformance.venvs import programs_of

_HERE = "conformance/images"
_PROGRAMS = ("buildah", "podman", "runc", "mmdebstrap")
"""What is asked for where there is no Docker; Debian's packages have the same names."""

_SECONDS = 1200


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave this folder out unless it is named: building an image takes a minute and root."""
    return None if any(_HERE in argument for argument in config.args) else True


@pytest.fixture(scope="session")
def tools() -> Path:
    """Return the folder of the programs of requirements/images.txt."""
    return programs_of(ROOT / "requirements/images.txt")


@pytest.fixture(scope="session")
def images() -> None:
    """Build all images under the names that docker-compose.yml and k8s/ have for them."""
    # The project's limit for one test is not enough for an image where nothing of it is there yet.
    faulthandler.cancel_dump_traceback_later()
    if not docker_answers():
        _prepare_daemonless()
    for words in (
        ["llemulator:0.1.0"],
        ["chat:0.1.0", "docs/examples/chat"],
        ["llemulator-redirect:0.1.0", "k8s/transparent/image"],
    ):
        built = _script("build", *words)
        assert built.status == 0, built.said[-8000:]


def _prepare_daemonless() -> None:
    """Have buildah, podman and a base image that runs, or skip: this machine may not let us, whatever the image is."""
    if os.geteuid() != 0:
        pytest.skip("no Docker answers, and buildah and podman are run without it by root alone")
    debian_packages([program for program in _PROGRAMS if shutil.which(program) is None], "building without Docker")
    base = "localhost/" + (ROOT / "Dockerfile").read_text().partition("ARG PYTHON=")[2].split()[0]
    made = _script("base", base)
    if made.status:
        pytest.skip(f"no Docker answers, and no base image could be made: {made.said.strip()[-500:]}")
    tried = run(base, "true")
    if tried.status:
        pytest.skip(f"no Docker answers, and podman cannot run a container here: {tried.said.strip()[-500:]}")


def _script(name: str, *words: str) -> Ended:
    command = [str(ROOT / _HERE / name), *words]
    got = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False
    )
    return Ended(status=got.returncode, said=got.stdout)


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
