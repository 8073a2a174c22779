"""Virtual environments that hold exactly what a file of `requirements/` names, made once below `.cache/`; npm's too."""

import subprocess
import sys
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent


def programs_of(lock: Path) -> Path:
    """Return the `bin` folder of the environment for a lock as it is now; what has changed is made anew."""
    folder = ROOT / ".cache" / "venvs" / f"{lock.stem}-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    ready = folder / "ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as held:
        flock(held, LOCK_EX)  # another process may be at it
        if not ready.exists():
            _make(folder, lock)
            ready.touch()
    return folder / "bin"


def node_modules_of(folder: Path) -> Path:
    """Return the `node_modules` of a folder with a lock of npm, installed as that is now."""
    fingerprint = sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    ready = folder / "node_modules" / ".installed"
    if not ready.exists() or ready.read_text() != fingerprint:
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        subprocess.run(npm, cwd=folder, check=True)
        ready.write_text(fingerprint)
    return ready.parent


def _make(folder: Path, lock: Path) -> None:
    print(f"Setting up {folder.relative_to(ROOT)}", file=sys.stderr)
    uv = [str(Path(sys.executable).parent / "uv"), "--quiet", "--system-certs"]
    subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, str(folder)], check=True)
    install = ["pip", "install", "--python", str(folder), "--no-deps", "--require-hashes", "--compile-bytecode"]
    subprocess.run([*uv, *install, "--requirement", str(lock)], check=True)


if __name__ == "__main__":
    # For the Makefile: prints the folder of the lock that is named.
    try:
        print(programs_of(ROOT / "requirements" / f"{sys.argv[1]}.txt"))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # it has said why
