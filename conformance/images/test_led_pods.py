"""Pods whose application reads no proxy variable, with the components of k8s/ that lead it in, run on this machine."""

import os
import shutil
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from conformance.images.containers import ROOT
from conformance.images.pods import Pod, started
from conformance.images.sources import said

_WITHOUT_PROXY = ("env", "-u", "HTTPS_PROXY", "-u", "https_proxy", "python", "app.py", "--once")

pytestmark = [
    pytest.mark.usefixtures("images"),
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]


@pytest.fixture(scope="module", params=["by-name", "transparent"])
def pod(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    folder = tmp_path_factory.mktemp("kustomization")
    for name in ("sidecar", request.param):
        shutil.copytree(ROOT / "k8s" / name, folder / name)
    for name in ("app.yaml", "script.yaml"):
        shutil.copy(ROOT / "k8s/examples/sidecar" / name, folder)
    (folder / "kustomization.yaml").write_text(
        f"resources: [app.yaml]\ncomponents: [sidecar, {request.param}]\n"
        "configMapGenerator: [{name: llemulator-script, files: [script.yaml]}]\n"
    )
    documents = list(YAML(typ="safe").load_all(said("kubectl", "kustomize", folder)))
    config_maps = {each["metadata"]["name"]: each for each in documents if each["kind"] == "ConfigMap"}
    job = next(each for each in documents if each["kind"] == "Job")
    with started(job["spec"]["template"]["spec"], config_maps, tmp_path_factory.mktemp("pod")) as pod:
        yield pod


def test_every_init_container_ends_well(pod: Pod) -> None:
    assert {ended.status for ended in pod.initialised} == {0}, pod.initialised


def test_an_application_without_a_proxy_variable_is_answered(pod: Pod) -> None:
    _give_a_way_out(pod)
    got = pod.run("summary", *_WITHOUT_PROXY)

    assert got.status == 0, got.said
    assert "stream: Hello from llemulator!" in got.said


def test_the_sidecar_still_has_no_capability(pod: Pod) -> None:
    status = pod.sidecars[0].execute("cat", "/proc/1/status").said

    assert f"CapEff:\t{'0' * 16}" in status


def _give_a_way_out(pod: Pod) -> None:
    """Have a route, as every pod has: a firewall redirects only what would go somewhere."""
    if os.geteuid() != 0 or shutil.which("nsenter") is None:
        pytest.skip("only root gives a pod a route")
    for words in ("address add 198.51.100.1/32 dev lo", "route replace default dev lo src 198.51.100.1"):
        pod.sidecars[0].enter_network("ip", *words.split())
