"""The sets of values that the tests render: the examples, and what they leave out."""

from __future__ import annotations

from typing import Any, Final

from tests.chart.derived import CHART
from tests.chart.rendering import read_values

IMAGE: Final = {"repository": "registry.example.com/alb502"}
TOPICS: Final = {"arn:aws:sns:us-east-1:111122223333:alarms": "C0123ABCD"}
PASSWORD: Final = "OnlyForThisTest0123456789"

DEFAULTS: Final[dict[str, Any]] = {"image": IMAGE, "redis": {"bundled": {"password": PASSWORD}}}
TRIAL: Final = read_values(CHART / "examples" / "trial.yaml")
PRODUCTION: Final = read_values(CHART / "examples" / "production.yaml")
ONE_PROCESS: Final[dict[str, Any]] = {
    "image": {**IMAGE, "digest": f"sha256:{'0' * 64}"},
    "roles": "all",
    "slack": {"mode": "http"},
    "config": {"remediations": {"mode": "approve", "approvers": {"users": ["U0123ABCD"]}}},
    "podDisruptionBudget": {"enabled": False},
    "networkPolicy": {"enabled": False},
}
ALARMS_BY_SOCKET: Final[dict[str, Any]] = {
    "image": IMAGE,
    "config": {"alarms": {"sns_topics": TOPICS}},
    "ingress": {"enabled": True, "host": "alb502.example.com", "tlsSecretName": "alb502-tls"},
    "redis": {"mode": "external", "external": {"ports": [6379, 26379]}},
}
EVERYTHING: Final[dict[str, Any]] = {
    **PRODUCTION,
    "image": {**IMAGE, "tag": "1.2.3", "pullPolicy": "Always", "pullSecrets": ["registry"]},
    "redis": {
        "mode": "bundled",
        "bundled": {
            "password": PASSWORD,
            "storageClassName": "gp3",
            "storage": "10Gi",
            "maxmemory": "1gb",
            "resources": {"limits": {"memory": "2Gi"}},
        },
    },
    "worker": {
        **PRODUCTION["worker"],
        "autoscaling": {
            "enabled": True,
            "extraMetrics": [
                {
                    "type": "External",
                    "external": {
                        "metric": {
                            "name": "alb502_oldest_job_seconds",
                            "selector": {"matchLabels": {"queue": "people"}},
                        },
                        "target": {"type": "Value", "value": "10"},
                    },
                }
            ],
        },
    },
    "pod": {
        "annotations": {"example.com/owner": "platform"},
        "labels": {"example.com/team": "platform"},
        "extraEnv": [
            {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector.monitoring:4318"},
            {"name": "HTTPS_PROXY", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}},
        ],
        "extraVolumes": [{"name": "authority", "configMap": {"name": "authority"}}],
        "extraVolumeMounts": [{"name": "authority", "mountPath": "/etc/authority", "readOnly": True}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "tools", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}
                    ]
                }
            }
        },
        "priorityClassName": "system-cluster-critical",
        "drainSeconds": 30,
    },
    "networkPolicy": {
        "publicFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "extraEgress": [{"ports": [{"port": 4318, "protocol": "TCP"}]}],
    },
    "service": {"annotations": {"example.com/owner": "platform"}},
    "fullnameOverride": "why-502",
}

ALL: Final[dict[str, dict[str, Any]]] = {
    "defaults": DEFAULTS,
    "trial": TRIAL,
    "production": PRODUCTION,
    "one-process": ONE_PROCESS,
    "alarms-by-socket": ALARMS_BY_SOCKET,
    "everything": EVERYTHING,
}
