"""Load balancers and target groups that the AWS Load Balancer Controller keeps, known by its tags.

Whoever changes them by hand is undone by the controller, so advice speaks of ingresses, services and pods.
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#resource-tags
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from diagnostics.facts import Tags
from diagnostics.snapshot import Snapshot

Kind = Literal["ingress", "service"]

_CLUSTER_TAGS = ("elbv2.k8s.aws/cluster", "eks:eks-cluster-name")
_STACK_TAGS: Mapping[str, Kind] = {
    "ingress.k8s.aws/stack": "ingress",
    "service.k8s.aws/stack": "service",
    "ingress.eks.amazonaws.com/stack": "ingress",
    "service.eks.amazonaws.com/stack": "service",
}
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Controller:
    """What the controller made it for; an ingress group has a name and no namespace."""

    cluster: str | None = None
    kind: Kind | None = None
    namespace: str | None = None
    name: str | None = None

    def in_words(self) -> str:
        """``Kubernetes (cluster prod, ingress shop/web)``."""
        owner = "/".join(part for part in (self.namespace, self.name) if part)
        what = f"{'ingress group' if self.kind == 'ingress' and not self.namespace else self.kind} {owner}"
        parts = [f"cluster {self.cluster}" if self.cluster else "", what if self.kind and owner else ""]
        told = ", ".join(part for part in parts if part)
        return f"Kubernetes ({told})" if told else "Kubernetes"

    @property
    def scope(self) -> str:
        """kubectl's choice of namespaces."""
        return f"-n {self.namespace}" if self.namespace else "-A"


def controller_of(snapshot: Snapshot) -> Controller | None:
    """By the tags of the subject's target groups, else of its load balancers; None where none of them has such."""
    tags = snapshot.get(Tags)
    if not isinstance(tags, Tags):
        return None
    subject = snapshot.subject
    owned = (from_tags(tags.by_arn.get(arn, {})) for arn in (*subject.target_groups, *subject.load_balancers))
    return next((owner for owner in owned if owner is not None), None)


def from_tags(tags: Mapping[str, str]) -> Controller | None:
    """Values are somebody's text: what is no name is left out."""
    key = next((key for key in _STACK_TAGS if key in tags), None)
    cluster = next((tags[name] for name in _CLUSTER_TAGS if name in tags), None)
    if key is None and "elbv2.k8s.aws/cluster" not in tags:
        return None
    namespace, _, name = tags[key].rpartition("/") if key else ("", "", "")
    return Controller(
        cluster=_name(cluster),
        kind=_STACK_TAGS[key] if key else None,
        namespace=_name(namespace),
        name=_name(name),
    )


def in_its_terms(advice: str | None, family: str, owner: Controller | None) -> str | None:
    """The advice of a cause of this family, with what it means where the controller keeps the target group."""
    more = _MORE.get(family)
    if advice is None or owner is None or more is None:
        return advice
    return f"{advice} {owner.in_words()} keeps this target group: {more.format(scope=owner.scope)}"


_MORE = {
    "registration": (
        "its targets are pods, and what is registered by hand is taken out again. Look at kubectl {scope} get"
        " targetgroupbindings,endpointslices and at the pods' readiness gates."
    ),
    "health-check": (
        "set the check by the annotations of the ingress or service (alb.ingress.kubernetes.io/healthcheck-path,"
        " healthcheck-port, success-codes); what is set on the target group is undone. With readiness gates (namespace"
        " label elbv2.k8s.aws/pod-readiness-gate-inject=enabled) old pods stay until new ones pass."
    ),
    "lifecycle": (
        "its targets are pods. Move them off a node with kubectl drain NODE --ignore-daemonsets before it ends, and"
        " give them a preStop pause longer than the load balancer takes to notice."
    ),
    "network": (
        "its targets are pods, and the groups of their nodes or of the pods themselves have to let the load balancer"
        " in. The controller keeps those rules; its log tells why one is missing: kubectl -n kube-system logs"
        " deployment/aws-load-balancer-controller."
    ),
}


def _name(text: str | None) -> str | None:
    return text if text and _NAME.match(text) else None
