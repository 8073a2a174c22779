"""The example of k8s/ run for real: the rendered manifest is played container by container on this machine."""

from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance.images.containers import ROOT
from conformance.images.pods import Pod, started

pytestmark = pytest.mark.usefixtures("images")


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    documents: list[dict[str, Any]] = list(YAML(typ="safe").load_all(ROOT / "k8s/example-sidecar.yaml"))
    config_maps = {each["metadata"]["name"]: each for each in documents if each["kind"] == "ConfigMap"}
    job = next(each for each in documents if each["kind"] == "Job")
    folder = tmp_path_factory.mktemp("pod")
    with started(job["spec"]["template"]["spec"], config_maps, folder) as pod:
        yield pod


def test_an_init_container_of_the_application_is_answered_already(pod: Pod) -> None:
    assert [ended.status for ended in pod.initialised] == [0], pod.initialised
    assert "answer: Hello from llemulator!" in pod.initialised[0].said


def test_the_application_is_answered_where_the_pod_s_loopback_is_all_the_network_there_is(pod: Pod) -> None:
    got = pod.run("summary")
    devices = pod.run("summary", "python", "-c", "import socket; print(socket.if_nameindex())")

    assert got.status == 0, got.said
    assert "stream: Hello from llemulator!" in got.said
    assert devices.said.strip() == "[(1, 'lo')]"


def test_the_application_has_the_certificate_and_never_the_key(pod: Pod) -> None:
    listed = pod.run("summary", "ls", "/llemulator-ca").said
    mounts = [line.split() for line in pod.run("summary", "cat", "/proc/self/mounts").said.splitlines()]

    names = ["bundle.pem", "ca.pem", "trust.p12"]
    assert listed.split() == names
    assert {
        where: options.split(",")[0] for _, where, _, options, *_ in mounts if where.startswith("/llemulator-ca")
    } == {f"/llemulator-ca/{name}": "ro" for name in names}


def test_without_its_variable_the_application_reaches_nobody(pod: Pod) -> None:
    got = pod.run("summary", "env", "-u", "HTTPS_PROXY", "-u", "https_proxy", "python", "app.py", "--once")

    assert got.status == 1
    assert "APIConnectionError" in got.said


def test_nobody_but_the_pod_reaches_the_sidecar(pod: Pod) -> None:
    listening = pod.sidecars[0].execute("cat", "/proc/net/tcp", "/proc/net/tcp6").said

    # 127.0.0.1:8080 in the kernel's notation, and nothing else that listens (0A).
    assert [line.split()[1] for line in listening.splitlines() if line.split()[3:4] == ["0A"]] == ["0100007F:1F90"]


def test_the_sidecar_ends_well_when_the_kubelet_stops_it(pod: Pod) -> None:
    assert pod.sidecars[0].stop() == 0
