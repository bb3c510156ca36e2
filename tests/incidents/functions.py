"""A healthy function named checkout behind the load balancer, and the ways in which its calls fail.

The world of `building`, without ECS and without a network on the way. Its target group has one target, the function's
alias live at version 7, which the load balancer may invoke. 600 requests a minute run 40 ms each.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from diagnostics.facts import (
    ApplicationLogs,
    Change,
    EcsService,
    Fact,
    FunctionAlias,
    FunctionConfiguration,
    InvokeStatement,
    LambdaTarget,
    LambdaTargets,
    LogLine,
    LogSignature,
    NetworkInterfaces,
    PrefixLists,
    RunningTasks,
    SecurityGroups,
    ServiceHistory,
    StoppedTasks,
    Target,
    TargetGroupAttributes,
    TaskDefinitions,
)
from diagnostics.snapshot import Subject
from tests.incidents.building import (
    ACCOUNT,
    LB,
    LB_DIMENSION,
    REGION,
    TG,
    TG_DIMENSION,
    Incident,
    ago,
    change,
    minutes_of,
)
from tests.incidents.rows import Rows, logged

Said = tuple[LogSignature, str]
"""What a line means, and the line."""
NAME = "checkout"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"
LIVE = f"{FUNCTION}:live"
TIMEOUT_S = 10
MEMORY_MIB = 512
LOG_GROUP = f"/aws/lambda/{NAME}"
LISTS = "lambda.multi_value_headers.enabled"
NOT_OF_FUNCTIONS: tuple[type[Fact], ...] = (
    EcsService,
    ServiceHistory,
    RunningTasks,
    StoppedTasks,
    TaskDefinitions,
    NetworkInterfaces,
    SecurityGroups,
    PrefixLists,
)
ALLOWED = InvokeStatement(sid="alb", source_arns=(TG,))
CONFIGURATION = FunctionConfiguration(
    version="7",
    timeout_s=TIMEOUT_S,
    memory_mib=MEMORY_MIB,
    state="Active",
    last_update="Successful",
    runtime="python3.13",
    package_type="Zip",
    last_modified=ago(40_000),
)
TARGET = LambdaTarget(
    target_group=TG,
    target=LIVE,
    qualifier="live",
    target_exists=True,
    function_exists=True,
    configuration=CONFIGURATION,
    alias=FunctionAlias(name="live", version="7"),
    alias_exists=True,
    reserved_read=True,
    policy=(ALLOWED,),
    function_policy=(),
)


def function(**changes: Any) -> Incident:
    """The healthy function; `changes` are made to its `LambdaTarget`."""
    incident = Incident(
        subject=Subject(
            query=NAME,
            kind="lambda",
            account=ACCOUNT,
            region=REGION,
            load_balancers=(LB,),
            target_groups=(TG,),
            function=LIVE,
        )
    )
    for kind in NOT_OF_FUNCTIONS:
        incident.not_applicable(kind, "it is a function")
    incident.not_applicable(ApplicationLogs, "logs are not read")
    incident.target_group(target_type="lambda", protocol=None, protocol_version=None, port=None, vpc_id=None)
    incident.health_check(enabled=False, interval_s=35, timeout_s=30, unhealthy_threshold=5)
    incident.targets([Target(id=LIVE, port=None, state="unavailable", reason="Target.HealthCheckDisabled")])
    incident.replace(TargetGroupAttributes(by_arn={TG: {LISTS: "false"}}))
    incident.replace(
        LambdaTargets(items=(TARGET.model_copy(update=changes),), account_limit=1000, unreserved_limit=1000)
    )
    for metric in ("HealthyHostCount", "UnHealthyHostCount"):
        for statistic in ("Minimum", "Maximum"):
            incident.metric(metric, (), statistic, LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
    for metric in ("LambdaUserError", "LambdaInternalError"):
        incident.of_group(metric, 0, 0)
    of_account(incident, 80)
    for metric in ("Errors", "Throttles"):
        of_function(incident, metric, 0, 0)
    of_function(incident, "Invocations", 600, 180)
    of_function(incident, "Duration", 200, 180, statistic="Maximum")
    return of_function(incident, "ConcurrentExecutions", 30, 180, statistic="Maximum")


def sick(incident: Incident, reason: str, description: str) -> Incident:
    """Health checks are on, and the function fails them."""
    incident.health_check(enabled=True, path="/")
    return incident.targets([Target(id=LIVE, port=None, state="unhealthy", reason=reason, description=description)])


def asked_by_load_balancer(incident: Incident) -> Incident:
    """The question is about the whole load balancer."""
    changes = {"kind": "load-balancer", "function": None, "target_groups": ()}
    incident.subject = incident.subject.model_copy(update=changes)
    return incident


def settings(**changes: Any) -> FunctionConfiguration:
    return CONFIGURATION.model_copy(update=changes)


def of_function(
    incident: Incident, metric: str, value: float, since: float, until: float = 0, statistic: str = "Sum"
) -> Incident:
    """`value` a minute of the function as a whole and of its alias."""
    for dimensions in ({"FunctionName": NAME}, {"FunctionName": NAME, "Resource": f"{NAME}:live"}):
        incident.metric(metric, minutes_of(value, since, until), statistic, "AWS/Lambda", **dimensions)
    return incident


def of_others(incident: Incident, metric: str, value: float, since: float, until: float = 0) -> Incident:
    """`value` a minute of the function as a whole, of which the alias has none: another caller's."""
    return incident.metric(metric, minutes_of(value, since, until), "Sum", "AWS/Lambda", FunctionName=NAME)


def of_account(incident: Incident, at_once: float, since: float = 180, reserved: int = 0) -> Incident:
    """All functions together run so many times at once, and those with a reservation `reserved` of these."""
    incident.metric("ConcurrentExecutions", minutes_of(at_once, since), "Maximum", "AWS/Lambda")
    without = minutes_of(at_once - reserved, since)
    return incident.metric("UnreservedConcurrentExecutions", without, "Maximum", "AWS/Lambda")


def failing(incident: Incident, per_minute: float = 20, since: float = 40, metric: str = "LambdaUserError") -> Incident:
    """502 that the target group counts as errors of its function; access logs are off."""
    return incident.elb_errors(502, per_minute, since).of_group(metric, per_minute, since)


def reasoned(count: int, reason: str, elb: int = 502, took_s: float | tuple[float, float] = 0.03, **more: Any) -> Rows:
    """Rows of a function, with the reason that the load balancer was given."""
    low, high = took_s if isinstance(took_s, tuple) else (took_s, took_s)
    fields = {"error_reason": reason, **more.pop("fields", {})}
    return Rows(
        "lambda",
        elb,
        count,
        targets=(),
        target_s=took_s,
        response_s=0.0,
        elapsed_s=(low + 0.001, high + 0.001),
        fields=fields,
        **{"since": 40, **more},
    )


def with_rows(incident: Incident, *kinds: Rows, internal: bool = False, **more: Any) -> Incident:
    """The rows, in the access log and in the target group's counter of failed calls."""
    number = sum(kind.count for kind in kinds)
    metric = "LambdaInternalError" if internal else "LambdaUserError"
    return logged(incident, *kinds, **more).of_group(metric, max(1, number / 34), 40, 6)


def said(incident: Incident, *lines: Said, minutes_ago: float = 20, **more: Any) -> Incident:
    """What the function wrote, one line a second."""
    return incident.replace(
        ApplicationLogs(
            source="filter",
            covered_from=ago(60),
            covered_to=ago(0),
            log_groups=(LOG_GROUP,),
            lines_read=1000,
            lines=tuple(
                LogLine(
                    at=ago(minutes_ago) + timedelta(seconds=number),
                    text=text,
                    log_group=more.get("log_group", LOG_GROUP),
                    signature=signature,
                )
                for number, (signature, text) in enumerate(lines)
            ),
        )
    )


def done(incident: Incident, name: str, minutes_ago: float, **more: Any) -> Incident:
    """A change to the function that somebody made."""
    return incident.changed(of_lambda(name, minutes_ago, **more))


def of_lambda(name: str, minutes_ago: float, resources: Iterable[str] = (NAME,), **more: Any) -> Change:
    return change(name, minutes_ago=minutes_ago, resources=resources, source="lambda.amazonaws.com", **more)
