"""Reports as the engine makes them, for tests of what people see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.report import (
    Cause,
    Check,
    ErrorsOverTime,
    EvidenceItem,
    Remediation,
    Report,
    ReportGap,
    ReportTarget,
    ReportWindow,
    SettingChange,
    Stats,
    Symptom,
    TimelineEntry,
    Undo,
)

END = datetime(2026, 11, 21, 3, 45, tzinfo=UTC)
START = END - timedelta(hours=1)
ONSET = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/6d0ecf831eec9f09"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188"


def at(minute: int, second: int = 0) -> datetime:
    """A time in the hour of the incident."""
    return datetime(2026, 11, 21, 3, minute, second, tzinfo=UTC)


def target(**changes: Any) -> ReportTarget:
    values: dict[str, Any] = {
        "query": "checkout",
        "kind": "ecs-service",
        "account": "111122223333",
        "region": "us-east-1",
        "account_name": "prod",
        "load_balancers": (BALANCER,),
        "target_groups": (GROUP,),
        "cluster": "prod",
        "service": "checkout",
        "label": "checkout",
        "runbook": "https://wiki.example.com/checkout?view=on-call&lang=en",
    }
    return ReportTarget(**(values | changes))


def cause(**changes: Any) -> Cause:
    values: dict[str, Any] = {
        "code": "sg-ingress-missing",
        "family": "network",
        "title": "Security group blocks the load balancer",
        "summary": "Security group sg-0a1 no longer lets the load balancer in on port 8080",
        "confidence": 0.92,
        "band": "confirmed",
        "role": "root",
        "evidence": (
            EvidenceItem(text="all 4 targets Target.Timeout", source="elbv2:DescribeTargetHealth", at=at(11)),
            EvidenceItem(
                text="no ingress rule of sg-0a1 covers 8080/tcp from sg-0lb", source="ec2:DescribeSecurityGroups"
            ),
            EvidenceItem(text="rule removed 03:10 by role/ops-admin", source="cloudtrail:LookupEvents", at=at(10, 42)),
        ),
        "overturned_by": "a connection from the load balancer's subnet that succeeds: curl -v http://10.0.1.17:8080/",
        "advice": "Add an ingress rule for 8080/tcp from sg-0lb to sg-0a1.",
        "resources": ("sg-0a1",),
        "since": at(10, 42),
        "docs": (
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        ),
    }
    return Cause(**(values | changes))


def fix(**changes: Any) -> Remediation:
    values: dict[str, Any] = {
        "id": "sg-allow-lb-ingress",
        "title": "Let sg-0lb into sg-0a1 on tcp 8080",
        "risk": "low",
        "eta_seconds": 195,
        "allowed": False,
        "why_not": "account prod has no `remediate_role`",
        "changes": (
            SettingChange(resource="sg-0a1", setting="inbound rule", before=None, after="tcp 8080 from sg-0lb"),
        ),
        "touches": "everything in security group sg-0a1",
        "warnings": ("Terraform keeps sg-0a1 and may set it back",),
        "aws_cli": ("aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-0a1",),
        "undo": Undo(
            kind="exact",
            text="removes that rule from sg-0a1",
            aws_cli=("aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0a1",),
        ),
    }
    return Remediation(**(values | changes))


def rival(**changes: Any) -> Cause:
    values: dict[str, Any] = {
        "code": "port-not-listening",
        "family": "connection",
        "title": "Nothing listens on the target's port",
        "summary": "The container may not listen on port 8080",
        "confidence": 0.35,
        "band": "possible",
        "evidence": (EvidenceItem(text="4 targets time out", source="elbv2:DescribeTargetHealth"),),
        "against": (EvidenceItem(text="a refused connection fails at once", source="elbv2:DescribeTargetHealth"),),
        "overturned_by": "a listener on 8080: aws ecs execute-command … --command 'ss -tlnp'",
        "advice": None,
    }
    return cause(**(values | changes))


SEEN = (
    EvidenceItem(
        text="the network ACLs, the routes and the security groups between the load balancer's subnets and the "
        "targets let every other port through, in both directions and in every zone",
        source="ec2:DescribeNetworkAcls",
    ),
    EvidenceItem(
        text="connections from the load balancer's nodes to port 8080 were rejected 1,204 times in ten minutes, "
        "and accepted before that without an exception since the records begin",
        source="logs:FilterLogEvents",
        at=at(12),
    ),
)


def consequence(**changes: Any) -> Cause:
    values: dict[str, Any] = {
        "code": "all-targets-unhealthy-fail-open",
        "family": "health-check",
        "title": "All targets unhealthy: the load balancer sends to all of them",
        "summary": "Group checkout fails open: 4 of 4 targets are unhealthy",
        "role": "consequence",
        "overturned_by": None,
        "advice": None,
    }
    return cause(**(values | changes))


def risk(**changes: Any) -> Cause:
    values: dict[str, Any] = {
        "code": "deployment-min-healthy-too-low",
        "family": "lifecycle",
        "title": "A deployment may stop every task at once",
        "summary": "minimumHealthyPercent is 0",
        "confidence": 0.72,
        "band": "likely",
        "overturned_by": None,
    }
    return cause(**(values | changes))


CHECKS = (
    Check(code="sg-ingress-missing", status="found", reason="sg-0a1"),
    Check(code="deployment-min-healthy-too-low", status="risk", reason="service checkout"),
    *(Check(code=f"cause-{number}", status="clear", reason="nothing of the kind") for number in range(12)),
    Check(code="target-closed-keepalive", status="unknown", reason="access logs could not be read"),
    Check(code="lambda-throttled", status="not_applicable", reason="no function is behind this target"),
)
GAPS = (
    ReportGap(
        action="s3:GetObject",
        resource="arn:aws:s3:::shop-logs/alb/*",
        error="AccessDenied",
        affects=("target-closed-keepalive", "response-timeout"),
        fix='{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}',
    ),
)
TIMELINE = (
    TimelineEntry(
        at=at(2),
        event="deployment of checkout:41 began (COMPLETED)",
        source="ecs:DescribeServices",
    ),
    TimelineEntry(
        at=at(10, 42),
        event="RevokeSecurityGroupIngress on sg-0a1",
        source="cloudtrail:LookupEvents",
        actor="role/ops-admin",
    ),
    TimelineEntry(at=ONSET, event="first minute with errors", source="cloudwatch:GetMetricData"),
    TimelineEntry(at=at(44), event="last minute with errors", source="cloudwatch:GetMetricData"),
)


def symptom(**changes: Any) -> Symptom:
    values: dict[str, Any] = {
        "kind": "errors",
        "scope": "target-group",
        "elb_502": 0,
        "elb_503": 0,
        "elb_504": 412,
        "elb_500": 0,
        "target_5xx": 0,
        "requests": 10_240,
        "error_rate": 0.0402,
        "pattern": "constant",
        "onset": ONSET,
        "last_seen": at(44),
        "generated_by": "load-balancer",
        "over_time": ErrorsOverTime(start=START, step_seconds=60, counts={"elb_504": (0,) * 27 + (12, 13) * 16 + (0,)}),
    }
    return Symptom(**(values | changes))


def report(**changes: Any) -> Report:
    """The security group incident: the rule is gone, 504 since 03:12."""
    values: dict[str, Any] = {
        "id": "r-0123456789ab",
        "made_at": END,
        "target": target(),
        "window": ReportWindow(start=START, end=END),
        "symptom": symptom(),
        "verdict": "causes_found",
        "headline": "checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)",
        "causes": (cause(), rival(), consequence()),
        "risks": (risk(),),
        "checks": CHECKS,
        "gaps": GAPS,
        "timeline": TIMELINE,
        "stats": Stats(aws_calls=31, aws_seconds=2.41, longest_chain=6, seconds=0.83),
    }
    return Report(**(values | changes))


def well(**changes: Any) -> Report:
    """Nothing is wrong and everything could be read."""
    values: dict[str, Any] = {
        "symptom": symptom(
            kind="none", elb_504=0, error_rate=0.0, pattern="none", onset=None, last_seen=None, over_time=None
        ),
        "verdict": "no_fault_found",
        "headline": "checkout · no fault found",
        "causes": (),
        "risks": (),
        "gaps": (),
        "timeline": (),
        "checks": tuple(Check(code=f"cause-{number}", status="clear", reason="fine") for number in range(30)),
    }
    return report(**(values | changes))


def unclear(**changes: Any) -> Report:
    """Errors that nothing explains."""
    values: dict[str, Any] = {
        "verdict": "inconclusive",
        "causes": (
            cause(
                code="insufficient-evidence",
                family="residual",
                title="The cause cannot be told from what was read",
                summary="504 from the load balancer, and nothing that was read explains them",
                band="possible",
                confidence=0.3,
                evidence=(EvidenceItem(text="412 answers with 504 in the window", source="cloudwatch:GetMetricData"),),
                overturned_by=None,
                advice="Let the bot read the access logs: their rows tell who ended each request.",
            ),
        ),
        "risks": (),
    }
    return report(**(values | changes))
