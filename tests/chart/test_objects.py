"""Every object is one that Kubernetes takes, from the oldest supported release to the newest with schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import helm_python
import kubernetes_validate
import pytest
import yaml

from tests.chart import value_sets
from tests.chart.derived import CHART, ROOT
from tests.chart.rendering import NAMESPACE, RELEASE, Object, of_kind, rendered, rendered_files

OLDEST: Final = (1, 27)
SCHEMAS: Final = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
RELEASES: Final = sorted(
    release
    for folder in SCHEMAS.glob("v*-strict")
    if (release := tuple(int(part) for part in re.findall(r"[0-9]+", folder.name)[:2])) >= OLDEST
)
CUSTOM: Final = {
    "ExternalSecret": "external-secrets.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
}
"""Kinds without a schema here; `test_custom.py` looks at their fields."""
QUANTITY: Final = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PORT_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")


def pod_specs(objects: list[Object]) -> Iterator[Object]:
    for one in objects:
        if one["kind"] == "Pod":
            yield one["spec"]
        elif "template" in one.get("spec", {}):
            yield one["spec"]["template"]["spec"]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: ".".join(map(str, release)))
@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_every_object_fits_the_schema_of_the_release(values: dict[str, Any], release: tuple[int, ...]) -> None:
    kubernetes = ".".join(map(str, release))
    for one in rendered(values, kubernetes):
        if one["kind"] in CUSTOM:
            assert one["apiVersion"] == CUSTOM[one["kind"]]
        else:
            kubernetes_validate.validate(one, kubernetes, strict=True)


@pytest.mark.parametrize("mode", ["bundled", "external"])
def test_names_of_digits_alone_stay_text(mode: str) -> None:
    """An account's id is a likely name for the file of its external id, and a number is no name to Kubernetes."""
    account = {"name": "prod", "id": "111122223333", "regions": ["us-east-1"]}
    values = {
        "image": {**value_sets.IMAGE, "pullSecrets": ["1"]},
        "config": {"accounts": [{**account, "external_id_file": "/run/secrets/111122223333"}]},
        "secrets": {
            "name": "2",
            "keys": {"slackBotToken": "3"},
            "external": {"enabled": True, "store": {"name": "4"}, "remoteKey": "5"},
        },
        "redis": {"mode": mode, "bundled": {"password": "1234567890123456", "storageClassName": "6"}},
        "worker": {"serviceAccount": {"name": "7"}},
        "pod": {"priorityClassName": "8"},
    }
    objects = rendered(values, release="502")

    for one in objects:
        assert isinstance(one["metadata"]["name"], str)
        if one["kind"] not in CUSTOM:
            kubernetes_validate.validate(one, "1.30", strict=True)
    (secret,) = of_kind("ExternalSecret", objects).values()
    for one in secret["spec"]["data"]:
        assert {type(text) for text in (one["secretKey"], *one["remoteRef"].values())} == {str}


def test_what_the_schemas_do_not_know_is_an_error() -> None:
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate({"apiVersion": "apps/v1beta1", "kind": "Deployment"}, "1.30", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({"apiVersion": "v1", "kind": "Service", "spec": {"ports": 1}}, "1.30", strict=True)


def test_the_chart_asks_for_the_releases_that_are_tested() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert chart["kubeVersion"] == f">={OLDEST[0]}.{OLDEST[1]}.0-0"
    assert RELEASES[0] == OLDEST
    newest = ".".join(map(str, RELEASES[-1]))
    assert f"Kubernetes 1.27 to {newest}" in (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_helm_finds_nothing_to_say(values: dict[str, Any]) -> None:
    found = helm_python.lint(CHART, values, strict=True)

    assert not found["errors"], found


def test_the_packed_chart_is_whole(tmp_path: Path) -> None:
    packed = Path(helm_python.package(CHART, destination=tmp_path))
    with helm_python.Chart.load_archive(packed.read_bytes()) as chart:
        found = chart.render(value_sets.PRODUCTION, name=RELEASE, namespace=NAMESPACE)

    assert found == rendered_files(value_sets.PRODUCTION)


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_names_are_unique_and_legal(values: dict[str, Any]) -> None:
    objects = rendered(values)
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]

    assert len(names) == len(set(names))
    assert all(LABEL.fullmatch(name) for _, name in names)
    for spec in pod_specs(objects):
        for container in spec["containers"]:
            assert LABEL.fullmatch(container["name"])
            assert all(PORT_NAME.fullmatch(port["name"]) for port in container.get("ports", ()))
            mounts = [mount["name"] for mount in container.get("volumeMounts", ())]
            assert len({mount["mountPath"] for mount in container.get("volumeMounts", ())}) == len(mounts)
            assert set(mounts) <= {volume["name"] for volume in spec.get("volumes", ())} | {"data"}


@pytest.mark.parametrize("release", ["a", "x" * 53, "alb502", "my-alb502-eu"])
def test_the_longest_and_the_shortest_release_have_legal_names(release: str) -> None:
    for one in rendered(value_sets.EVERYTHING | {"fullnameOverride": ""}, release=release):
        name = one["metadata"]["name"]
        assert len(name) <= (52 if one["kind"] == "StatefulSet" else 63)  # its pods carry it, and a hash, in a label
        assert LABEL.fullmatch(name), name


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_quantities_are_quantities_and_requests_are_below_limits(values: dict[str, Any]) -> None:
    for spec in pod_specs(rendered(values)):
        sizes = [volume["emptyDir"]["sizeLimit"] for volume in spec.get("volumes", ()) if "emptyDir" in volume]
        for container in spec["containers"]:
            resources = container["resources"]
            sizes += [*resources["requests"].values(), *resources["limits"].values()]
            assert "memory" in resources["limits"]
            assert "cpu" not in resources["limits"], "a throttled process acknowledges too late"
            for what, least in resources["requests"].items():
                assert amount(least) <= amount(resources["limits"].get(what, least))
        assert all(QUANTITY.fullmatch(str(size)) for size in sizes), sizes


def amount(quantity: str) -> float:
    units = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
        f"{letter}i": 1024.0**power for power, letter in enumerate("KMGT", start=1)
    }
    found = re.fullmatch(r"([0-9.]+)(\D*)", quantity)
    assert found is not None, quantity
    return float(found[1]) * units.get(found[2], 1.0)


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_every_pod_is_locked_down(values: dict[str, Any]) -> None:
    """As the Pod Security Standard `restricted` wants it, and a root that cannot be written to."""
    specs = list(pod_specs(rendered(values)))
    assert len(specs) >= 2
    for spec in specs:
        pod = spec["securityContext"]
        assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (
            True,
            10001,
            {"type": "RuntimeDefault"},
        )
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
        assert spec["enableServiceLinks"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
            }


def takes_requests(container: Object) -> bool:
    return any(port["name"] == "http" for port in container["ports"])


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_the_bots_pods_are_asked_whether_they_work(values: dict[str, Any]) -> None:
    for one in rendered(values):
        if one["kind"] != "Deployment":
            continue
        (container,) = one["spec"]["template"]["spec"]["containers"]
        probes = {name: container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
        paths = {name: (probe["httpGet"]["path"], probe["httpGet"]["port"]) for name, probe in probes.items()}
        assert paths == {
            "startup": ("/healthz", "ops"),
            "liveness": ("/healthz", "ops"),
            # A Redis that is away must not take every pod out of the Service that people's commands come through.
            "readiness": ("/healthz" if takes_requests(container) else "/readyz", "ops"),
        }
        assert {probe["timeoutSeconds"] for probe in probes.values()} == {5}
        assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/tmp", "/var/lib/alb502"}


@pytest.mark.parametrize("values", value_sets.ALL.values(), ids=value_sets.ALL)
def test_selectors_find_the_pods_that_they_are_meant_for(values: dict[str, Any]) -> None:
    objects = rendered(values)
    pods = [one["spec"]["template"]["metadata"]["labels"] for one in objects if "template" in one.get("spec", {})]

    for one in objects:
        selector = one.get("spec", {}).get("selector")
        if one["kind"] in {"ServiceMonitor", "ExternalSecret"} or selector is None:
            continue
        wanted = selector.get("matchLabels", selector) if isinstance(selector, dict) else {}
        found = [labels for labels in pods if wanted.items() <= labels.items()]
        is_ops = one["metadata"]["name"].endswith("-ops")
        assert len(found) == (sum(labels.get("alb502/ops") == "true" for labels in pods) if is_ops else 1), one


def test_replicas_are_left_to_who_scales() -> None:
    objects = rendered(value_sets.PRODUCTION)
    scalers = of_kind("HorizontalPodAutoscaler", objects).values()
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in scalers}
    deployments = of_kind("Deployment", objects)

    assert scaled == {"alb502-web", "alb502-worker"}
    assert {name for name, one in deployments.items() if "replicas" not in one["spec"]} == scaled


def test_a_drain_is_never_stopped_for_good() -> None:
    budgets = [one["spec"] for one in rendered(value_sets.DEFAULTS) if one["kind"] == "PodDisruptionBudget"]

    assert len(budgets) == 2
    assert {budget["maxUnavailable"] for budget in budgets} == {1}


def test_pods_are_spread_over_zones_and_nodes() -> None:
    for one in rendered(value_sets.DEFAULTS):
        if one["kind"] == "Deployment":
            spread = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
            keys = {constraint["topologyKey"] for constraint in spread}
            assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
            assert {constraint["whenUnsatisfiable"] for constraint in spread} == {"ScheduleAnyway"}


def test_own_labels_and_places_reach_every_pod_of_the_bot() -> None:
    for one in rendered(value_sets.EVERYTHING):
        if one["kind"] == "Deployment":
            template = one["spec"]["template"]
            assert template["metadata"]["labels"]["example.com/team"] == "platform"
            assert template["metadata"]["annotations"]["example.com/owner"] == "platform"
            assert template["spec"]["priorityClassName"] == "system-cluster-critical"
            assert template["spec"]["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
            assert template["spec"]["imagePullSecrets"] == [{"name": "registry"}]
