"""The chart is rendered by Go's templates with sprig, which is what Helm renders with; Helm itself is not asked for."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conformance.images.conftest import debian_packages
from conformance.images.containers import ROOT
from conformance.images.sources import said, sidecar_source

CHART = ROOT / "charts/llemulator"
SPRIG = Path("/usr/share/gocode/src/github.com/Masterminds/sprig")
VALUES: dict[str, Any] = YAML(typ="safe").load(CHART / "values.yaml")

type Render = Callable[..., str]

EVERYTHING = {
    "image": {"repository": "mirror.example/llemulator", "tag": "9", "pullPolicy": "Always", "pullSecrets": ["pull"]},
    "settings": {"LLEMULATOR_SEED": "7", "DEBUG": "true"},
    "authoritySecret": "our-authority",
    "service": {"type": "NodePort", "port": 80},
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "test", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
}

REPLICATED = {
    "valkey": {**VALUES["valkey"], "enabled": True},
    "autoscaling": {**VALUES["autoscaling"], "enabled": True},
    "resources": {**VALUES["resources"], "requests": {"cpu": "250m", "memory": "160Mi"}},
}
TRACED: dict[str, Any] = {
    "telemetry": {"endpoint": "http://collector.observability.svc:4318/otlp"},
    "extraEnv": [
        {"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": {"secretKeyRef": {"name": "our-key", "key": "headers"}}}
    ],
}
OTHER_STORE = {"replicas": 3, "storeSecret": "our-store", "podDisruptionBudget": {"enabled": False}}

# What a chart that depends on this one writes, and docs/kubernetes.md shows.
PARENT = """
initContainers:
  {{- include "llemulator.sidecar.initContainer" . | nindent 2 }}
env:
  {{- include "llemulator.sidecar.env" . | nindent 2 }}
volumeMounts:
  {{- include "llemulator.sidecar.volumeMounts" . | nindent 2 }}
volumes:
  {{- include "llemulator.sidecar.volumes" . | nindent 2 }}
"""


LED = """
hostAliases:
  {{- include "llemulator.sidecar.hostAliases" . | nindent 2 }}
sysctls:
  {{- include "llemulator.sidecar.sysctls" . | nindent 2 }}
redirect:
  {{- include "llemulator.sidecar.redirect" . | nindent 2 }}
"""


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    missing = [
        package
        for package, there in {
            "golang-go": shutil.which("go"),
            "golang-github-masterminds-sprig-dev": SPRIG.exists(),
        }.items()
        if not there
    ]
    debian_packages(missing, "rendering a chart without Helm")
    folder = tmp_path_factory.mktemp("render")
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(folder / "cache")}
    source = ROOT / "conformance/images/chart/render.go"
    command = ["go", "build", "-o", str(folder / "render"), str(source)]
    subprocess.run(command, env=environment, check=True)

    def rendered(values: dict[str, Any], *more: Path) -> str:
        chart = {"Name": "llemulator", "Version": "0.1.0", "AppVersion": "0.1.0"}
        scope = {"Values": VALUES | values, "Chart": chart, "Release": {"Name": "demo", "Service": "Helm"}}
        return said(folder / "render", CHART, *more, given=json.dumps(scope))

    return rendered


@pytest.mark.parametrize(
    "values",
    [{}, EVERYTHING, {"standalone": False}, {"networkPolicy": {"enabled": False}}, REPLICATED, OTHER_STORE, TRACED],
)
def test_what_it_renders_is_valid(values: dict[str, Any], render: Render, tools: Path, tmp_path: Path) -> None:
    (tmp_path / "out.yaml").write_text(render(values))

    said(tools / "kubernetes-validate", "--strict", "--kubernetes-version", "1.33", tmp_path / "out.yaml")


def test_the_sidecar_is_that_of_the_component(render: Render, tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(PARENT)
    *_, pod = YAML(typ="safe").load_all(render({}, tmp_path / "parent.yaml"))
    source = sidecar_source()

    assert pod["initContainers"] == source["initContainers"]
    assert pod["env"] == source["containers"][0]["env"]
    assert pod["volumeMounts"] == source["containers"][0]["volumeMounts"]
    certs, script = source["volumes"]
    assert pod["volumes"] == [certs, {**script, "configMap": {"name": "demo-llemulator-script"}}]


@pytest.mark.parametrize("way", ["by-name", "transparent"])
def test_a_way_in_without_a_proxy_variable_is_that_of_its_component(way: str, render: Render, tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(PARENT + LED)
    sidecar = {**VALUES["sidecar"], "wayIn": way}
    *_, pod = YAML(typ="safe").load_all(render({"sidecar": sidecar}, tmp_path / "parent.yaml"))
    component = YAML(typ="safe").load(ROOT / f"k8s/{way}/kustomization.yaml")
    patch = YAML(typ="safe").load(component["patches"][0]["patch"])["spec"]["template"]["spec"]
    sidecar_patch, *more = patch["initContainers"]

    assert pod["initContainers"][0]["env"][-1:] == sidecar_patch["env"]
    assert pod["hostAliases"] == patch["hostAliases"]
    assert pod["sysctls"] == patch.get("securityContext", {}).get("sysctls", pod["sysctls"])
    assert pod["redirect"] == (more or pod["redirect"])


def test_the_deployment_is_that_of_the_base(render: Render) -> None:
    # The chart's names begin with the name of the release; the base's do not.
    rendered = render({}).replace("demo-llemulator", "llemulator")
    deployed = {each["kind"]: each for each in _read(rendered)}
    base = {each["kind"]: each for each in YAML(typ="safe").load_all(ROOT / "k8s/llemulator.yaml")}
    theirs, ours = (each["Deployment"]["spec"]["template"]["spec"] for each in (deployed, base))

    assert theirs["containers"] == ours["containers"]
    assert theirs["securityContext"] == ours["securityContext"]
    assert deployed["Deployment"]["spec"]["strategy"] == base["Deployment"]["spec"]["strategy"]
    assert deployed["NetworkPolicy"]["spec"].keys() == base["NetworkPolicy"]["spec"].keys()
    assert deployed["ConfigMap"]["data"].keys() == base["ConfigMap"]["data"].keys()


def test_its_replicas_are_those_of_the_folder(render: Render) -> None:
    # The chart's names begin with the name of the release, and its selectors have the release.
    text = render(REPLICATED).replace("demo-llemulator", "llemulator")
    theirs, ours = (
        {(each["kind"], each["metadata"]["name"]): each["spec"] for each in documents if "spec" in each}
        for documents in (_read(text), _read(ROOT / "k8s/rendered/replicas.yaml"))
    )

    assert theirs.keys() == ours.keys()
    for each in (("Deployment", "llemulator"), ("StatefulSet", "llemulator-valkey")):
        mine, yours = (found[each]["template"]["spec"] for found in (theirs, ours))
        assert mine["containers"] == yours["containers"]
        assert mine.get("terminationGracePeriodSeconds") == yours.get("terminationGracePeriodSeconds")
        assert mine["securityContext"] == yours["securityContext"]
    assert theirs["Deployment", "llemulator"]["strategy"] == ours["Deployment", "llemulator"]["strategy"]
    assert theirs["HorizontalPodAutoscaler", "llemulator"] == ours["HorizontalPodAutoscaler", "llemulator"]
    egress = [found["NetworkPolicy", "llemulator"]["egress"] for found in (theirs, ours)]
    assert [[rule["ports"] for rule in rules] for rules in egress[:1]] == [[rule["ports"] for rule in egress[1]]]


def test_a_store_with_a_password_comes_from_a_secret(render: Render) -> None:
    deployment = next(each for each in _read(render(OTHER_STORE)) if each["kind"] == "Deployment")
    env = {each["name"]: each for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}

    assert env["LLEMULATOR_STORE"]["valueFrom"] == {"secretKeyRef": {"name": "our-store", "key": "store"}}
    assert (deployment["spec"]["replicas"], env["LLEMULATOR_DRAIN"]["value"]) == (3, "60")


def test_replicas_without_a_store_that_they_share_are_refused(render: Render) -> None:
    with pytest.raises(AssertionError, match="several replicas need a store that they share"):
        render({"replicas": 2})


@pytest.mark.parametrize(("more", "rules"), [({}, 2), (REPLICATED, 3), (OTHER_STORE, 3)])
def test_telemetry_is_sent_by_the_deployment_and_the_sidecar_and_let_through(
    more: dict[str, Any], rules: int, render: Render, tmp_path: Path
) -> None:
    (tmp_path / "parent.yaml").write_text(PARENT)
    *objects, pod = _read(render(TRACED | more, tmp_path / "parent.yaml"))
    found = {each["kind"]: each["spec"] for each in objects if each["metadata"]["name"] == "demo-llemulator"}
    added = [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": TRACED["telemetry"]["endpoint"]}, *TRACED["extraEnv"]]
    *_, to_receiver, to_names = found["NetworkPolicy"]["egress"]

    assert found["Deployment"]["template"]["spec"]["containers"][0]["env"][-2:] == added
    assert pod["initContainers"][0]["env"][-2:] == added
    assert to_receiver == {"ports": [{"protocol": "TCP", "port": 4318}]}
    assert {port["port"] for port in to_names["ports"]} == {53}
    assert len(found["NetworkPolicy"]["egress"]) == rules


def test_values_are_used(render: Render) -> None:
    deployment = next(each for each in _read(render(EVERYTHING)) if each["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert container["image"] == "mirror.example/llemulator:9"
    assert {"name": "LLEMULATOR_SEED", "value": "7"} in container["env"]
    assert pod["volumes"][1]["secret"]["secretName"] == "our-authority"
    assert pod["nodeSelector"] == {"disk": "ssd"}


@pytest.mark.parametrize("values", [{}, EVERYTHING, REPLICATED, OTHER_STORE, TRACED])
def test_values_are_valid_by_their_schema(values: dict[str, Any], tools: Path, tmp_path: Path) -> None:
    schema = CHART / "values.schema.json"
    (tmp_path / "values.json").write_text(json.dumps(VALUES | values))

    said(tools / "check-jsonschema", "--check-metaschema", schema)
    said(tools / "check-jsonschema", "--schemafile", schema, tmp_path / "values.json")


@pytest.mark.parametrize(
    "wrong",
    [
        {"scripts": ""},
        {"settings": {"PORT": "1"}},
        {"service": {"port": "80"}},
        {"telemetry": {"endpoint": "http://a"}},
    ],
)
def test_a_wrong_value_is_refused_by_the_schema(wrong: dict[str, Any], tools: Path, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps(VALUES | wrong))

    with pytest.raises(AssertionError, match="Schema validation errors"):
        said(tools / "check-jsonschema", "--schemafile", CHART / "values.schema.json", tmp_path / "values.json")


def test_every_value_is_in_the_schema_and_in_a_template() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    text = "".join(path.read_text() for path in sorted((CHART / "templates").iterdir()))

    assert schema["properties"].keys() - {"global"} == VALUES.keys()
    assert set(re.findall(r"\.Values\.(\w+)", text)) == VALUES.keys()


def _read(rendered: str | Path) -> list[dict[str, Any]]:
    """Read objects; a template may render none."""
    return [each for each in YAML(typ="safe").load_all(rendered) if each is not None]
