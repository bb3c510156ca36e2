"""Advice in the terms of the AWS Load Balancer Controller, for what it keeps and for nothing else."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import EcsService, RunningTasks, Tags
from diagnostics.rules.kubernetes import Controller, from_tags, in_its_terms
from tests.incidents.building import LB, TG, Incident

OURS = {"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "shop/web", "team": "shop"}


@pytest.mark.parametrize(
    ("tags", "owner", "words"),
    [
        (OURS, Controller("prod", "ingress", "shop", "web"), "Kubernetes (cluster prod, ingress shop/web)"),
        (
            {"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "public"},
            Controller("prod", "ingress", None, "public"),
            "Kubernetes (cluster prod, ingress group public)",
        ),
        (
            {"eks:eks-cluster-name": "auto", "service.eks.amazonaws.com/stack": "shop/web"},
            Controller("auto", "service", "shop", "web"),
            "Kubernetes (cluster auto, service shop/web)",
        ),
        (
            {"service.k8s.aws/stack": "shop/web"},
            Controller(None, "service", "shop", "web"),
            "Kubernetes (service shop/web)",
        ),
        ({"elbv2.k8s.aws/cluster": "prod"}, Controller("prod"), "Kubernetes (cluster prod)"),
        (
            {"elbv2.k8s.aws/cluster": "p; rm -rf /", "ingress.k8s.aws/stack": "$(boom)/<script>"},
            Controller(kind="ingress"),
            "Kubernetes",
        ),
    ],
)
def test_the_controller_is_known_by_its_tags(tags: dict[str, str], owner: Controller, words: str) -> None:
    assert from_tags(tags) == owner
    assert owner.in_words() == words


@pytest.mark.parametrize("tags", [{}, {"team": "shop"}, {"eks:eks-cluster-name": "a node group's"}])
def test_other_tags_say_nothing(tags: dict[str, str]) -> None:
    assert from_tags(tags) is None


def test_advice_is_about_ingress_pods_and_readiness_gates() -> None:
    owner = Controller("prod", "ingress", "shop", "web")
    assert "kubectl -n shop get targetgroupbindings" in (in_its_terms("Look.", "registration", owner) or "")
    assert "readiness gates" in (in_its_terms("Look.", "health-check", owner) or "")
    assert "aws-load-balancer-controller" in (in_its_terms("Look.", "network", owner) or "")
    assert in_its_terms("Look.", "time", owner) == "Look."
    assert in_its_terms("Look.", "network", None) == "Look."
    assert in_its_terms(None, "network", owner) is None


@pytest.mark.parametrize("arn", [TG, LB])
def test_a_report_speaks_in_its_terms(arn: str) -> None:
    incident = Incident().unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    for kind in (EcsService, RunningTasks):
        incident.not_applicable(kind, "no ECS service")
    plain = diagnose(incident.snapshot()).causes[0]
    told = diagnose(incident.replace(Tags(by_arn={arn: OURS})).snapshot()).causes[0]
    assert told.code == plain.code == "health-check-path-mismatch"
    assert told.advice is not None
    assert "ingress shop/web" in told.advice
    assert "healthcheck-path" in told.advice
    assert told.confidence == plain.confidence
