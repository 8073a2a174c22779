"""What is handed to engines, clusters and CI services is valid by their own schemas, and everything in it is pinned."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance.images.containers import ROOT
from conformance.images.sources import said, sidecar_source
from llemulator_addon import __version__
from llemulator_addon.adapters.ending import GRACE
from llemulator_addon.adapters.settings_table import SETTINGS
from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.script.reader import read_text
from tests.project.pages import Block, blocks
from tools.generated import BY_KUBECTL

KUBERNETES = ["1.29", "1.33", "1.37"]
"""Native sidecars are on from the first, stable from the second; there are no schemas yet beyond the third."""

RENDERED = sorted(BY_KUBECTL)

SCHEMAS = {
    "compose": "vendor.compose-spec",
    "workflow": "vendor.github-workflows",
    "gitlab": "vendor.gitlab-ci",
}
"""By the mark of a block of a page."""

_COMPOSE_FILES = (
    "docker-compose.yml",
    "docs/examples/open-webui/docker-compose.yml",
    "docs/examples/replicas/docker-compose.yml",
)
_DOCKERFILES = (
    "Dockerfile",
    "docs/examples/chat/Dockerfile",
    "docs/examples/smollm/Dockerfile",
    "k8s/transparent/image/Dockerfile",
)

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@pytest.mark.parametrize("file", _DOCKERFILES)
def test_a_dockerfile_is_as_hadolint_wants_it(file: str, tools: Path) -> None:
    assert said(tools / "hadolint", ROOT / file) == ""


@pytest.mark.parametrize(
    ("schema", "file"),
    [*(("vendor.compose-spec", file) for file in _COMPOSE_FILES), ("vendor.github-actions", "action.yml")],
)
def test_a_file_is_valid_by_the_schema_of_its_reader(schema: str, file: str, tools: Path) -> None:
    assert "ok --" in said(tools / "check-jsonschema", "--builtin-schema", schema, ROOT / file)


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if SCHEMAS.keys() & set(block.marks)], ids=str)
def test_what_a_page_shows_is_valid_by_the_schema_of_its_reader(block: Block, tools: Path, tmp_path: Path) -> None:
    (tmp_path / "shown.yaml").write_text(block.text)

    said(tools / "check-jsonschema", "--builtin-schema", SCHEMAS[block.marks[0]], tmp_path / "shown.yaml")


@pytest.mark.parametrize("version", KUBERNETES)
def test_the_manifests_are_valid(version: str, tools: Path) -> None:
    said(
        tools / "kubernetes-validate", "--strict", "--kubernetes-version", version, *(ROOT / file for file in RENDERED)
    )


@needs_kubectl
def test_the_component_reaches_every_kind_of_workload_and_every_container(tmp_path: Path, tools: Path) -> None:
    shutil.copytree(ROOT / "k8s/sidecar", tmp_path / "sidecar")
    app = tmp_path / "app"
    app.mkdir()
    (app / "script.yaml").write_text("responses: Hello!\n")
    (app / "kustomization.yaml").write_text(
        "namespace: shop\nresources: [app.yaml]\ncomponents: [../sidecar]\n"
        "configMapGenerator: [{name: llemulator-script, files: [script.yaml]}]\n"
        "images: [{name: llemulator, newName: mirror.example/llemulator, newTag: '9'}]\n"
    )
    with (app / "app.yaml").open("w") as file:
        YAML(typ="safe").dump_all([_workload(kind) for kind in _KINDS], file)
    (tmp_path / "out.yaml").write_text(said("kubectl", "kustomize", app))
    said(tools / "kubernetes-validate", "--strict", "--kubernetes-version", "1.33", tmp_path / "out.yaml")
    workloads = {each["kind"]: each for each in YAML(typ="safe").load_all(tmp_path / "out.yaml")}
    sidecar = {**sidecar_source()["initContainers"][0], "image": "mirror.example/llemulator:9"}
    added = sidecar_source()["containers"][0]

    for kind in _KINDS:
        spec = _pod(workloads[kind])["spec"]
        first, *rest = spec["initContainers"]
        assert first == sidecar, kind
        assert [each["name"] for each in rest] == ["migrate"], kind
        for container in (*rest, *spec["containers"]):
            own = [variable for variable in container["env"] if variable["name"] == "OWN"]
            assert sorted(own + added["env"], key=_by_name) == sorted(container["env"], key=_by_name), kind
            assert container["volumeMounts"] == added["volumeMounts"], kind
        assert _pod(workloads[kind])["metadata"]["labels"] == {"app": "shop", "llemulator": "sidecar"}


@needs_kubectl
def test_a_workload_that_wants_nothing_of_it_is_left_alone(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "k8s/sidecar", tmp_path / "sidecar")
    workload = _workload("Deployment")
    workload["metadata"]["labels"] = {"llemulator": "none"}
    (tmp_path / "kustomization.yaml").write_text("resources: [app.yaml]\ncomponents: [sidecar]\n")
    with (tmp_path / "app.yaml").open("w") as file:
        YAML(typ="safe").dump(workload, file)

    assert YAML(typ="safe").load(said("kubectl", "kustomize", tmp_path)) == workload


@needs_kubectl
@pytest.mark.parametrize(
    ("component", "listen", "leads_to", "more"),
    [("by-name", "443", "127.0.0.1", []), ("transparent", "transparent@8081", "192.0.2.1", ["llemulator-redirect"])],
)
@pytest.mark.parametrize("version", KUBERNETES)
def test_a_way_in_without_a_proxy_variable_is_added_to_every_kind_of_workload(  # noqa: PLR0913, PLR0917 - two tables
    component: str, listen: str, leads_to: str, more: list[str], version: str, tmp_path: Path, tools: Path
) -> None:
    for name in ("sidecar", component):
        shutil.copytree(ROOT / "k8s" / name, tmp_path / name)
    (tmp_path / "kustomization.yaml").write_text(f"resources: [app.yaml]\ncomponents: [sidecar, {component}]\n")
    with (tmp_path / "app.yaml").open("w") as file:
        YAML(typ="safe").dump_all([_workload(kind) for kind in _KINDS], file)
    (tmp_path / "out.yaml").write_text(said("kubectl", "kustomize", tmp_path))
    said(tools / "kubernetes-validate", "--strict", "--kubernetes-version", version, tmp_path / "out.yaml")

    for workload in YAML(typ="safe").load_all(tmp_path / "out.yaml"):
        spec = _pod(workload)["spec"]
        sidecar, *rest = spec["initContainers"]
        assert [alias["ip"] for alias in spec["hostAliases"]] == [leads_to]
        assert {"name": "LLEMULATOR_LISTEN", "value": listen} in sidecar["env"]
        assert (sidecar["name"], [each["name"] for each in rest]) == ("llemulator", [*more, "migrate"])


@needs_kubectl
@pytest.mark.parametrize("block", [block for block in blocks("yaml") if "kustomization" in block.marks], ids=str)
def test_a_kustomization_that_a_page_shows_can_be_built(block: Block, tmp_path: Path, tools: Path) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "path/to/llemulator/k8s")
    (tmp_path / "kustomization.yaml").write_text(block.text)
    (tmp_path / "script.yaml").write_text("responses: Hello!\n")
    with (tmp_path / "app.yaml").open("w") as file:
        YAML(typ="safe").dump_all([_workload(kind) for kind in _KINDS], file)
    (tmp_path / "out.yaml").write_text(said("kubectl", "kustomize", tmp_path))

    said(tools / "kubernetes-validate", "--strict", "--kubernetes-version", "1.33", tmp_path / "out.yaml")


@needs_kubectl
@pytest.mark.parametrize("folder", ["sidecar", "base", "replicas"])
def test_telemetry_is_added_to_every_llemulator_and_let_through(folder: str, tmp_path: Path, tools: Path) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    ours = {"resources": ["app.yaml"], "components": ["k8s/sidecar", "k8s/telemetry"]}
    if folder != "sidecar":
        ours = {"resources": [f"k8s/{folder}"], "components": ["k8s/telemetry"]}
    variables = {"name": "llemulator-telemetry", "literals": ["OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"]}
    with (tmp_path / "kustomization.yaml").open("w") as file:
        YAML(typ="safe").dump({**ours, "configMapGenerator": [variables], "secretGenerator": [variables]}, file)
    with (tmp_path / "app.yaml").open("w") as file:
        YAML(typ="safe").dump_all([_workload(kind) for kind in _KINDS], file)
    (tmp_path / "out.yaml").write_text(said("kubectl", "kustomize", tmp_path))
    said(tools / "kubernetes-validate", "--strict", "--kubernetes-version", "1.33", tmp_path / "out.yaml")
    built = list(YAML(typ="safe").load_all(tmp_path / "out.yaml"))
    names = {each["kind"]: each["metadata"]["name"] for each in built if "telemetry" in each["metadata"]["name"]}
    pods = [_pod(each)["spec"] for each in built if each["kind"] in _KINDS]
    containers = [each for pod in pods for each in (*pod.get("initContainers", []), *pod["containers"])]
    from_both = [
        {"configMapRef": {"name": names["ConfigMap"]}},
        {"secretRef": {"name": names["Secret"], "optional": True}},
    ]
    before = YAML(typ="safe").load_all(said("kubectl", "kustomize", ROOT / "k8s" / folder))
    rules, rules_before = (
        [
            each["spec"]["egress"]
            for each in objects
            if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "llemulator")
        ]
        for objects in (built, before if folder != "sidecar" else [])
    )

    for container in containers:
        assert container.get("envFrom") == (from_both if container["name"] == "llemulator" else None)
    assert [each["name"] for each in containers].count("llemulator") == (5 if folder == "sidecar" else 1)
    for now, then in zip(rules, rules_before, strict=True):
        *kept, to_receivers, to_names = now
        assert kept == then
        assert to_receivers == {"ports": [{"port": 4317, "protocol": "TCP"}, {"port": 4318, "protocol": "TCP"}]}
        assert {port["port"] for port in to_names["ports"]} == {53}


@pytest.mark.parametrize("file", ["k8s/base/script.yaml", "k8s/examples/sidecar/script.yaml"])
def test_a_script_that_is_deployed_loads(file: str) -> None:
    read_text((ROOT / file).read_text(), "yaml")


def test_every_pod_is_restricted_and_has_its_resources() -> None:
    documents = [each for file in RENDERED for each in YAML(typ="safe").load_all(ROOT / file)]
    specs = [_pod(each)["spec"] for each in documents if each["kind"] in {"Deployment", "Job", "StatefulSet"}]
    containers = [each for spec in specs for each in (*spec.get("initContainers", []), *spec["containers"])]

    assert len(containers) == 9
    for container in containers:
        security = container["securityContext"]
        assert security["runAsNonRoot"], container["name"]
        assert security["runAsUser"] > 10_000
        assert security["readOnlyRootFilesystem"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["resources"].keys() == {"requests", "limits"}


def test_replicas_are_replaced_one_after_the_other_and_have_the_time_to_drain() -> None:
    found = _replicas()
    deployment = found["Deployment", "llemulator"]
    pod = deployment["template"]["spec"]
    container = pod["containers"][0]
    env = {each["name"]: each.get("value") for each in container["env"]}
    scaling = found["HorizontalPodAutoscaler", "llemulator"]
    labels = deployment["template"]["metadata"]["labels"]

    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    # Who sets the number is the autoscaler alone.
    assert (deployment.get("replicas"), scaling["minReplicas"]) == (None, 3)
    assert found["PodDisruptionBudget", "llemulator"]["selector"]["matchLabels"].items() <= labels.items()
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > before + float(env["LLEMULATOR_DRAIN"]) + GRACE
    # Longer than the store may take to be found failing, so that the reason is in the answer.
    assert container["readinessProbe"]["timeoutSeconds"] > 5
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_replicas_reach_their_store_and_nothing_else_does() -> None:
    found = _replicas()
    store = found["StatefulSet", "llemulator-valkey"]["template"]
    env = found["Deployment", "llemulator"]["template"]["spec"]["containers"][0]["env"]
    (address,) = [read_address(each["value"]) for each in env if each["name"] == "LLEMULATOR_STORE"]
    ports = {port["name"]: port["containerPort"] for port in store["spec"]["containers"][0]["ports"]}
    service = found["Service", "llemulator-valkey"]
    to_store, to_names = found["NetworkPolicy", "llemulator"]["egress"]
    (from_ours,) = found["NetworkPolicy", "llemulator-valkey"]["ingress"]
    labels = found["Deployment", "llemulator"]["template"]["metadata"]["labels"]

    assert str(address) == f"redis://llemulator-valkey:{service['ports'][0]['port']}"
    assert ports[service["ports"][0]["targetPort"]] == 6379
    for selector in (service["selector"], to_store["to"][0]["podSelector"]["matchLabels"]):
        assert selector.items() <= store["metadata"]["labels"].items()
        assert not selector.items() <= labels.items()
    assert from_ours["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert {port["port"] for port in to_names["ports"]} == {53}


def test_the_variables_that_are_set_for_llemulator_are_its_settings() -> None:
    services = [YAML(typ="safe").load(ROOT / file)["services"]["llemulator"] for file in _COMPOSE_FILES]
    compose = [variable for service in services for variable in service["environment"]]
    deployments = [YAML(typ="safe").load(ROOT / f"k8s/{folder}/deployment.yaml") for folder in ("base", "replicas")]
    base = [each for deployment in deployments for each in _pod(deployment)["spec"]["containers"][0]["env"]]
    pods = [*base, *sidecar_source()["initContainers"][0]["env"]]
    # Some are there for the values of others only.
    used = {name for each in pods for name in re.findall(r"\$\((\w+)\)", each.get("value", ""))}
    named = {*compose, *(each["name"] for each in pods)}

    ours = {name for name in named - used if not name.startswith("OTEL_")}
    assert ours <= {setting.variable for setting in SETTINGS}


def test_every_image_has_a_version() -> None:
    files = [*_DOCKERFILES, *_COMPOSE_FILES, *(str(path.relative_to(ROOT)) for path in _yaml("k8s"))]
    texts = {file: (ROOT / file).read_text() for file in [*files, "docs/docker.md"]}
    images = [
        (file, image)
        for file, text in texts.items()
        for image in re.findall(r"^(?:\s*-?\s*image:|FROM|ARG PYTHON=) *([\w./:-]+)", text, re.MULTILINE)
    ]

    # The base's own is filled in by kustomization.yaml; the test about the rendered file sees the result.
    unpinned = [(file, image) for file, image in images if not re.search(r":[\w.-]*\d", image)]
    assert [each for each in unpinned if each != ("k8s/base/deployment.yaml", "llemulator")] == []


def test_the_version_is_the_same_everywhere() -> None:
    texts = [(ROOT / file).read_text() for file in ("Dockerfile", *_COMPOSE_FILES, "k8s/sidecar/pod.yaml")]
    chart = YAML(typ="safe").load(ROOT / "charts/llemulator/Chart.yaml")

    assert all(__version__ in text for text in texts)
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def _replicas() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what k8s/replicas says of each object, by its kind and name."""
    documents = YAML(typ="safe").load_all(ROOT / "k8s/rendered/replicas.yaml")
    return {(each["kind"], each["metadata"]["name"]): each["spec"] for each in documents if "spec" in each}


_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def _workload(kind: str) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {
            "initContainers": [{"name": "migrate", "image": "shop:1"}],
            "containers": [
                {"name": "web", "image": "shop:1", "env": [{"name": "OWN", "value": "yes"}]},
                {"name": "worker", "image": "shop:1"},
            ],
        },
    }
    batch = kind in {"Job", "CronJob"}
    spec: dict[str, Any] = (
        {"template": pod} if batch else {"template": pod, "selector": {"matchLabels": {"app": "shop"}}}
    )
    if batch:
        pod["spec"]["restartPolicy"] = "Never"
    if kind == "StatefulSet":
        spec["serviceName"] = "shop"
    if kind == "CronJob":
        spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": spec}}
    group = "batch/v1" if batch else "apps/v1"
    return {"apiVersion": group, "kind": kind, "metadata": {"name": f"shop-{kind.lower()}"}, "spec": spec}


def _pod(workload: dict[str, Any]) -> dict[str, Any]:
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    pod: dict[str, Any] = spec["template"]
    return pod


def _by_name(variable: dict[str, str]) -> str:
    return variable["name"]


def _yaml(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.yaml"))
