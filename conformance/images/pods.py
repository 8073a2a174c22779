"""Enough of a kubelet to run a workload of a manifest on this machine, in order and under its own restrictions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.images.containers import Container, Ended, run, running

_CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}

type Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod whose sidecars have started and whose other init containers have ended."""

    spec: Tree
    volumes: Mapping[str, Path]
    shared: tuple[str, ...]
    """The engine's flags that every container has."""
    network: str
    sidecars: tuple[Container, ...]
    initialised: tuple[Ended, ...]

    def run(self, container: str, *command: str) -> Ended:
        """Run one of its containers to its end; `command` stands in place of the image's."""
        spec = next(each for each in self.spec["containers"] if each["name"] == container)
        return _run(spec, (*_flags(spec, self.volumes), *self.shared), self.network, command)


@contextmanager
def started(spec: Tree, config_maps: Mapping[str, Tree], folder: Path) -> Iterator[Pod]:
    """Start a pod: its init containers one after the other, those that stay until the end of the block."""
    volumes = {volume["name"]: _volume(volume, config_maps, folder) for volume in spec["volumes"]}
    shared = _hosts(spec, folder)
    network, sidecars, ended = "none", [], []
    with ExitStack() as stack:
        for init in spec["initContainers"]:
            if init.get("restartPolicy") == "Always":
                flags = (*_flags(init, volumes), *shared, *(_of_network(spec) if network == "none" else ()))
                container = stack.enter_context(running(init["image"], flags=flags, network=network))
                container.wait_for(*init["startupProbe"]["exec"]["command"])
                # All containers of a pod share the network of the first.
                network = f"container:{container.name}" if network == "none" else network
                sidecars.append(container)
            else:
                ended.append(_run(init, (*_flags(init, volumes), *shared), network, ()))
        yield Pod(
            spec=spec,
            volumes=volumes,
            shared=shared,
            network=network,
            sidecars=tuple(sidecars),
            initialised=tuple(ended),
        )


def _run(spec: Tree, flags: tuple[str, ...], network: str, command: tuple[str, ...]) -> Ended:
    entrypoint = ("--entrypoint", command[0]) if command else ()
    arguments = command[1:] or tuple(spec.get("args", ()))
    return run(spec["image"], *arguments, flags=(*flags, *entrypoint), network=network)


def _volume(volume: Tree, config_maps: Mapping[str, Tree], folder: Path) -> Path:
    path = folder / str(volume["name"])
    path.mkdir()
    if "configMap" in volume:
        for name, text in config_maps[volume["configMap"]["name"]]["data"].items():
            (path / name).write_text(text)
    else:
        # The mode that the kubelet gives an emptyDir.
        path.chmod(0o777)
    return path


def _hosts(spec: Tree, folder: Path) -> tuple[str, ...]:
    """Return the flags for the file of names, which the kubelet writes where a pod has some of its own."""
    if "hostAliases" not in spec:
        return ()
    lines = [f"{alias['ip']} {' '.join(alias['hostnames'])}\n" for alias in spec["hostAliases"]]
    (folder / "hosts").write_text("".join(("127.0.0.1 localhost\n", *lines)))
    return ("--volume", f"{folder / 'hosts'}:/etc/hosts:ro")


def _of_network(spec: Tree) -> Iterator[str]:
    """Yield the flags for what holds for the network, which are those of the first container in it."""
    for sysctl in spec.get("securityContext", {}).get("sysctls", ()):
        yield f"--sysctl={sysctl['name']}={sysctl['value']}"


def _flags(spec: Tree, volumes: Mapping[str, Path]) -> list[str]:
    """Return the engine's flags for a container. A field that is not known here raises KeyError."""
    flags: list[str] = []
    for field, value in spec["securityContext"].items():
        flags += _SECURITY[field](value)
    for variable in spec.get("env", ()):
        flags += ["--env", f"{variable['name']}={_expanded(variable['value'])}"]
    for mount in spec.get("volumeMounts", ()):
        source = volumes[mount["name"]] / mount.get("subPath", "")
        assert source.exists(), f"the kubelet would make an empty folder of {source}"
        flags += ["--volume", f"{source}:{mount['mountPath']}{':ro' if mount.get('readOnly') else ''}"]
    return flags


def _expanded(value: str) -> str:
    for name, text in _CLUSTER.items():
        value = value.replace(f"$({name})", text)
    return value


_SECURITY: dict[str, Callable[[Any], list[str]]] = {
    "allowPrivilegeEscalation": lambda allowed: [] if allowed else ["--security-opt", "no-new-privileges"],
    "capabilities": lambda capabilities: [
        *(f"--cap-drop={name}" for name in capabilities["drop"]),
        *(f"--cap-add={name}" for name in capabilities.get("add", ())),
    ],
    "readOnlyRootFilesystem": lambda read_only: ["--read-only"] if read_only else [],
    "runAsGroup": lambda _: [],  # named with the user
    "runAsNonRoot": lambda _: [],  # a promise of what the others say
    "runAsUser": lambda user: ["--user", f"{user}:{user}"],
    "seccompProfile": lambda _: [],  # the engine's own
}
