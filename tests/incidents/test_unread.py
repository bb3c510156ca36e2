"""Facts that would have acquitted a cause, and that nobody may read: it is a guess then, or a kin of it is named."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import (
    AccessLogs,
    Changes,
    EcsService,
    Fact,
    Gap,
    Hosts,
    Listeners,
    Metrics,
    NetworkInterfaces,
    RunningTasks,
    StoppedTasks,
    TargetHealth,
    TaskDefinitions,
)
from diagnostics.report import Band, Report
from tests.incidents.building import Incident
from tests.incidents.cases import Case, all_cases

CASES = {f"{case.code}: {case.title}": case for case in all_cases()}
WARM_UP = "port-not-listening: new tasks answer 503 while they warm up"
UNREAD_HOST = "connect-timeout-unattributed: one silent host whose status checks were not read"
SYNC_WORKER = "worker-timeout-kill: a sync worker waits on a connection that was opened ahead"
OTHER_COLOUR = "target-group-not-in-rule: CodeDeploy keeps the old colour for a while"
BASTION = "sg-ingress-missing: the bastion's rule stayed, the load balancer's went"


def without(case: Case, kind: type[Fact]) -> Report:
    incident: Incident = case.build()
    incident.facts[kind] = Gap(action=f"test:{kind.__name__}", resource="*", error="AccessDenied", kind="denied")
    return diagnose(incident.snapshot())


@pytest.mark.parametrize(
    ("name", "kind", "code", "band"),
    [
        (WARM_UP, RunningTasks, "health-check-app-error", "possible"),
        (WARM_UP, EcsService, "health-check-app-error", "possible"),
        (
            "health-check-thresholds-too-aggressive: new tasks fail while a deployment goes on",
            EcsService,
            "health-check-thresholds-too-aggressive",
            "possible",
        ),
        (
            "health-check-thresholds-too-aggressive: tasks crash, and their targets are unhealthy for a moment",
            StoppedTasks,
            "health-check-thresholds-too-aggressive",
            "possible",
        ),
        (
            "health-check-thresholds-too-aggressive: new tasks are killed while they boot",
            StoppedTasks,
            "health-check-thresholds-too-aggressive",
            "possible",
        ),
        (
            "health-check-timeout-too-short: the task had crashed",
            StoppedTasks,
            "health-check-timeout-too-short",
            "possible",
        ),
        ("service-scaled-to-zero: parked behind weight 0", Listeners, "service-scaled-to-zero", "possible"),
        ("no-registered-targets: weight 0", Listeners, "no-registered-targets", "possible"),
        (
            "no-registered-targets: nobody asks for the idle colour of a load balancer",
            Metrics,
            "no-registered-targets",
            "possible",
        ),
        (BASTION, Changes, "sg-stale-reference", "likely"),
        (
            "container-instance-lost: a container instance was taken out by force",
            Metrics,
            "container-instance-lost",
            "possible",
        ),
        ("asg-scale-in-abrupt: despite a lifecycle hook", Metrics, "asg-scale-in-abrupt", "possible"),
        ("spot-interruption: two tasks on FARGATE_SPOT", Metrics, "spot-interruption", "possible"),
        ("lambda-not-found: the function was deleted, access logs are off", Metrics, "lambda-not-found", "possible"),
        ("lambda-permission-missing: access logs are off", Metrics, "lambda-permission-missing", "possible"),
        ("zonal-shift-active: every zone with targets is shifted away", Metrics, "zonal-shift-active", "possible"),
        (
            "content-length-mismatch: the export announces less than it writes",
            AccessLogs,
            "content-length-mismatch",
            "likely",
        ),
        ("target-stale-registration: the address is gone", NetworkInterfaces, "target-stale-registration", "likely"),
        (
            "target-stale-registration: the task at its host port crashed a moment ago",
            StoppedTasks,
            "target-stale-registration",
            "possible",
        ),
        (SYNC_WORKER, EcsService, "keepalive-race", "possible"),
        (SYNC_WORKER, TaskDefinitions, "keepalive-race", "possible"),
        (
            "weighted-target-group-empty: nobody comes by the weighted rule, and nobody gets 503",
            Metrics,
            "weighted-target-group-empty",
            "possible",
        ),
        (OTHER_COLOUR, EcsService, "target-group-not-in-rule", "possible"),
        (OTHER_COLOUR, Listeners, "target-group-not-in-rule", "possible"),
        (
            "health-check-dependency-failure: the path was edited",
            Changes,
            "health-check-dependency-failure",
            "possible",
        ),
        (BASTION, Metrics, "sg-ingress-missing", "confirmed"),
    ],
)
def test_what_would_have_acquitted_it_was_not_read(name: str, kind: type[Fact], code: str, band: Band) -> None:
    first = without(CASES[name], kind).causes[0]
    assert (first.code, first.band) == (code, band)
    assert band == "confirmed" or first.against


def test_a_call_beside_the_others_was_denied() -> None:
    """Instances were read, their status checks were not: nobody knows that the host is well."""
    incident: Incident = CASES[
        "connect-timeout-unattributed: one silent host whose status checks were not read"
    ].build()
    gap = Gap(action="ec2:DescribeInstanceStatus", resource="*", error="AccessDenied", kind="denied")
    incident.edit(Hosts, lambda hosts: hosts.model_copy(update={"gaps": (gap,)}))
    (check,) = (one for one in diagnose(incident.snapshot()).checks if one.code == "container-instance-lost")
    assert (check.status, "DescribeInstanceStatus" in check.reason) == ("unknown", True)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("ecs-agent-disconnected: neither agent nor tasks answer", TargetHealth, "ecs-agent-disconnected"),
        ("ecs-agent-disconnected: tasks sent to the host stay pending", RunningTasks, "ecs-agent-disconnected"),
        (
            "deregistration-delay-too-short: a person deregistered the target",
            Changes,
            "deregistration-delay-too-short",
        ),
    ],
)
def test_a_true_cause_is_left_open(name: str, kind: type[Fact], code: str) -> None:
    (check,) = (one for one in without(CASES[name], kind).checks if one.code == code)
    assert check.status in {"unknown", "risk"}, check.reason


def test_failed_tasks_that_were_not_read_are_not_said_to_be_gone() -> None:
    case = CASES["deployment-circuit-breaker-tripped: why its tasks failed is not known any more"]
    gone = "not in ECS any more"

    assert gone in diagnose(case.build().snapshot()).causes[0].summary
    assert gone not in without(case, StoppedTasks).causes[0].summary
