"""A small AWS in memory: one target group and one service with a few settings, to carry plans out against."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from diagnostics.facts.fact import Gap
from diagnostics.report import SettingChange
from remediations.plan import Call, Guard, Kept, Look, Plan, Quiet, Success, Undo, Write
from remediations.reach import Reach
from remediations.writing import Lost, Rejected, Sending, Written

ACCOUNT = "111122223333"
REGION = "us-east-1"
ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/checkout/0123456789abcdef"
SERVICE_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/checkout"
REACH = Reach(
    partition="aws",
    region=REGION,
    account=ACCOUNT,
    writable=frozenset({ARN, SERVICE_ARN, "prod", "checkout"}),
    families=frozenset({"checkout"}),
)

Answer = Callable[[], Written | Rejected | Lost]


@dataclass
class Cloud:
    """Reads and Writer in one. `sent` are the calls that left; `next_answers` replace what AWS would say to the next
    ones: they decide whether the call is done, too."""

    settings: dict[str, Any] = field(default_factory=lambda: {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}})
    attributes: dict[str, str] = field(default_factory=lambda: {"deregistration_delay.timeout_seconds": "30"})
    tags: dict[str, str] = field(default_factory=dict)
    healthy: bool = False
    errors: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    deployments: int = 0
    next_answers: deque[str] = field(default_factory=deque)
    gaps: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, call: Call) -> dict[str, Any] | Gap:
        self.asked.append(call.operation)
        if call.operation in self.gaps:
            return Gap(action=call.action, resource="*", error=self.gaps[call.operation], kind="denied")
        match call.operation:
            case "describe_target_groups":
                return {"TargetGroups": [dict(self.settings)]}
            case "describe_target_group_attributes":
                return {"Attributes": [{"Key": key, "Value": value} for key, value in self.attributes.items()]}
            case "describe_target_health":
                state = "healthy" if self.healthy else "unhealthy"
                return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}}]}
            case "describe_services":
                return {"services": [{"deployments": [{"id": f"d-{n}"} for n in range(self.deployments)]}]}
            case "describe_tags":
                tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
                return {"TagDescriptions": [{"ResourceArn": ARN, "Tags": tags}]}
            case "list_tags_for_resource":
                return {"tags": []}
            case "get_metric_data":
                return {"MetricDataResults": [{"Id": "q0", "Values": list(self.errors)}]}
        raise AssertionError(call.operation)

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        """Answers: ``lost-done``, ``lost``, ``throttled`` or an error code."""
        sending()
        self.sent.append(call.operation)
        answer = self.next_answers.popleft() if self.next_answers else "done"
        if answer in ("done", "lost-done"):
            self._apply(call)
        if answer == "done":
            return Written({"Given": f"id-{len(self.sent)}"}, f"request-{len(self.sent)}")
        if answer.startswith("lost"):
            return Lost("ReadTimeoutError")
        return Rejected("Throttling" if answer == "throttled" else answer, "said AWS", f"request-{len(self.sent)}")

    def _apply(self, call: Call) -> None:
        match call.operation:
            case "modify_target_group":
                self.settings |= {k: v for k, v in call.parameters.items() if k != "TargetGroupArn"}
            case "modify_target_group_attributes":
                given: Any = call.parameters["Attributes"]
                self.attributes |= {one["Key"]: one["Value"] for one in given}
            case "update_service":
                self.deployments += 1


def path_is(value: str) -> Guard:
    call = Call.of("elbv2", "describe_target_groups", TargetGroupArns=[ARN])
    return Guard(
        look=Look(call=call, path="TargetGroups[0].HealthCheckPath"),
        expected=value,
        text=f"the health check asks for {value}",
    )


def delay_is(value: str) -> Guard:
    call = Call.of("elbv2", "describe_target_group_attributes", TargetGroupArn=ARN)
    return Guard(
        look=Look(call=call, path="Attributes[?Key == 'deregistration_delay.timeout_seconds'].Value | [0]"),
        expected=value,
        text=f"targets drain for {value} s",
    )


def healthy() -> Guard:
    call = Call.of("elbv2", "describe_target_health", TargetGroupArn=ARN)
    path = "TargetHealthDescriptions[0].TargetHealth.State"
    return Guard(look=Look(call=call, path=path), expected="healthy", text="the targets are healthy")


def deployments_are(number: int) -> Guard:
    call = Call.of("ecs", "describe_services", cluster="prod", services=["checkout"])
    path = "length(services[0].deployments)"
    return Guard(look=Look(call=call, path=path), expected=number, text=f"there are {number} deployments")


def set_path(value: str, done_when: Guard | None = None, **more: Any) -> Write:
    call = Call.of("elbv2", "modify_target_group", TargetGroupArn=ARN, HealthCheckPath=value)
    return Write(call=call, resources=(ARN,), done_when=done_when or path_is(value), **more)


def set_delay(value: str) -> Write:
    attributes: Any = [{"Key": "deregistration_delay.timeout_seconds", "Value": value}]
    call = Call.of("elbv2", "modify_target_group_attributes", TargetGroupArn=ARN, Attributes=attributes)
    return Write(call=call, resources=(ARN,), done_when=delay_is(value))


def redeploy() -> Write:
    """A call that has an effect of its own each time."""
    call = Call.of("ecs", "update_service", cluster="prod", service="checkout", forceNewDeployment=True)
    return Write(call=call, resources=(SERVICE_ARN,), done_when=deployments_are(1))


def plan(**more: Any) -> Plan:
    """Two settings of a target group, one after the other."""
    given: dict[str, Any] = {
        "fix": "two-settings",
        "title": "Set path and delay of checkout",
        "risk": "medium",
        "resource": ARN,
        "changes": (
            SettingChange(resource=ARN, setting="HealthCheckPath", before="/", after="/healthz"),
            SettingChange(resource=ARN, setting="deregistration delay", before="30", after="60"),
        ),
        "guards": (path_is("/"), delay_is("30")),
        "writes": (set_path("/healthz", keeps=(kept("given"),)), set_delay("60")),
        "success": Success(text="the targets are healthy", within_s=60, guards=(healthy(),)),
        "undo": Undo(
            kind="exact",
            text="sets both back",
            writes=(set_delay("30"), set_path("/")),
            guards=(path_is("/healthz"), delay_is("60")),
        ),
        "touches": "all targets of checkout",
        "eta_s": 60,
    }
    return Plan(**{**given, **more})


def kept(name: str) -> Kept:
    call = Call.of("elbv2", "describe_target_groups", TargetGroupArns=[ARN])
    return Kept(name=name, in_answer="Given", look=Look(call=call, path="TargetGroups[0].HealthCheckPath"))


def quiet() -> Quiet:
    return Quiet(
        namespace="AWS/ApplicationELB", metric="HTTPCode_ELB_502_Count", dimensions={"LoadBalancer": "app/x/1"}
    )
