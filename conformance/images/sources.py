"""What several tests read: the manifest of the sidecar, and what a program prints."""

import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from conformance.images.containers import ROOT


def sidecar_source() -> dict[str, Any]:
    """Return what the component of k8s/ adds to a pod."""
    spec: dict[str, Any] = YAML(typ="safe").load(ROOT / "k8s/sidecar/pod.yaml")["template"]["spec"]
    return spec


def said(*command: str | Path, given: str = "") -> str:
    """Return what a program prints; it must end well."""
    got = subprocess.run([str(word) for word in command], input=given, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stdout + got.stderr
    return got.stdout
