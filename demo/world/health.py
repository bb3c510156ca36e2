"""Target health: checks on their schedule, thresholds, reasons, and what DescribeTargetHealth answers.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moto.elbv2.models import FakeTargetGroup

from demo.world.balancers import Balancers
from demo.world.ecs.scheduler import TargetView
from demo.world.nodes import Nodes
from demo.world.probe import Exchange, Kind, Outcome, Prober, Target
from demo.world.targets import Targets
from demo.world.timing import Timing

REGISTRATION_S = 3.0
"""From registration to the first check."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """State, reason and description as the API words them."""

    state: str
    reason: str | None = None
    description: str | None = None


HEALTHY = Verdict("healthy")
REGISTERING = Verdict("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Verdict("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = Verdict("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
NOT_REGISTERED = Verdict("unused", "Target.NotRegistered", "Target is not registered to the target group")
NO_RULE = Verdict(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
ZONE_NOT_ENABLED = Verdict(
    "unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"
)
UNCHECKED = Verdict("unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target")
STOPPED_INSTANCE = Verdict("unused", "Target.InvalidState", "Target is in the stopped state")


@dataclass(slots=True)
class _Record:
    next_at: float
    verdict: Verdict = REGISTERING
    passes: int = 0
    failures: int = 0


class HealthChecks:
    """The health of every target in one account and region."""

    def __init__(self, balancers: Balancers, nodes: Nodes, targets: Targets, prober: Prober, timing: Timing) -> None:
        self._balancers = balancers
        self._nodes = nodes
        self._targets = targets
        self._prober = prober
        self._timing = timing
        self._records: dict[Target, _Record] = {}
        self._unusable: dict[Target, Verdict | None] = {}
        self.version = 0
        """Changes when a target's health does."""

    def forget(self) -> None:
        """Rules, zones or instances may have changed."""
        self._unusable.clear()

    def tick(self) -> None:
        """Runs the checks that are due."""
        now, present = self._timing.now(), 0
        for group in self._balancers.target_groups():
            targets = self._targets.active(group.arn)
            present += len(targets)
            for target in targets:
                self._bring_up_to(now, group, target)
        if len(self._records) > present:  # each target has one by now, so some are of targets that are gone
            self._forget_gone()

    def _forget_gone(self) -> None:
        groups = self._balancers.target_groups()
        present = {target for group in groups for target in self._targets.active(group.arn)}
        for gone in self._records.keys() - present:
            del self._records[gone]

    def verdict(self, target: Target) -> Verdict:
        """The health of a registered target now."""
        if target not in self._unusable:
            self._unusable[target] = self._why_unusable(target)
        if (unusable := self._unusable[target]) is not None:
            return unusable
        record = self._records.get(target)
        return record.verdict if record is not None else REGISTERING

    def view(self, target_group: str, target_id: str, port: int) -> TargetView:
        """What ECS reads: a target that cannot be used where it stands counts as unhealthy.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
        """
        verdict = self.verdict(Target(target_group, target_id, port))
        is_unusable = verdict is ZONE_NOT_ENABLED or verdict is STOPPED_INSTANCE
        return TargetView("unhealthy" if is_unusable else verdict.state, verdict.description)

    def routable(self, group_arn: str) -> tuple[Sequence[Target], bool]:
        """Targets that get requests, and whether that is because the load balancer fails open.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        """
        by_state: dict[str, list[Target]] = {}
        for target in self._targets.active(group_arn):
            by_state.setdefault(self.verdict(target).state, []).append(target)
        if healthy := by_state.get("healthy"):
            return healthy, False
        return by_state.get("unhealthy", []), True

    def describe(self, group: FakeTargetGroup, wanted: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """The answer to DescribeTargetHealth, registered targets before draining ones."""
        if group.target_type == "lambda":
            return self._describe_function(group)
        rows = [(target, self.verdict(target)) for target in self._targets.active(group.arn)]
        rows += [(target, DRAINING) for target in self._targets.draining(group.arn)]
        if wanted:
            rows = [row for asked in wanted for row in _rows_for(group, asked, rows)]
        return [self._document(group, target, verdict) for target, verdict in rows]

    def _describe_function(self, group: FakeTargetGroup) -> list[dict[str, Any]]:
        """Health checks of functions are off unless somebody turns them on, which this world does not simulate."""
        function = self._targets.function(group.arn)
        if function is None:
            return []
        verdict = UNCHECKED if self._balancers.of_target_group(group.arn) else NO_RULE
        health = {"State": verdict.state, "Reason": verdict.reason, "Description": verdict.description}
        return [{"Target": {"Id": function, "AvailabilityZone": "all"}, "TargetHealth": health}]

    def _why_unusable(self, target: Target) -> Verdict | None:
        if self._balancers.target_group(target.group) is None:
            return NOT_REGISTERED
        balancers = self._balancers.of_target_group(target.group)
        if not balancers:
            return NO_RULE
        if self._prober.instance_state(target) not in (None, "running"):
            return STOPPED_INSTANCE
        zone = self._prober.zone_of(target)
        if zone is not None and not any(zone in self._balancers.zones(balancer) for balancer in balancers):
            return ZONE_NOT_ENABLED
        return None

    def _bring_up_to(self, now: float, group: FakeTargetGroup, target: Target) -> None:
        record = self._records.get(target)
        if record is None:
            record = self._records[target] = _Record(now + self._timing.span_s(REGISTRATION_S))
        while record.next_at <= now:
            record.next_at += self._timing.span_s(float(group.health_check_interval_seconds))
            before = record.verdict
            if self.verdict(target).state != "unused":
                self._check(group, target, record)
            else:  # checks begin anew once the load balancer sends requests there
                record.verdict, record.passes, record.failures = REGISTERING, 0, 0
            if record.verdict is not before:
                self.version += 1

    def _check(self, group: FakeTargetGroup, target: Target, record: _Record) -> None:
        outcome = self._probe(group, target)
        passed = outcome.kind is Kind.ANSWERED and _matches(group, outcome.status)
        record.passes = record.passes + 1 if passed else 0
        record.failures = 0 if passed else record.failures + 1
        needed = int(group.healthy_threshold_count) if record.verdict.state == "unhealthy" else 1
        if passed and record.passes >= needed:
            record.verdict = HEALTHY
        elif not passed and record.failures >= int(group.unhealthy_threshold_count):
            record.verdict = _why(outcome)
        elif record.verdict.state == "initial":
            record.verdict = CHECKING

    def _probe(self, group: FakeTargetGroup, target: Target) -> Outcome:
        """Every node of the load balancer checks; at least half of them failing decides."""
        balancer = self._balancers.of_target_group(group.arn)[0]
        port = group.health_check_port
        exchange = Exchange(
            port=target.port if port in (None, "traffic-port") else int(port),
            path=group.health_check_path or "/",
            uses_tls=group.health_check_protocol == "HTTPS",
            timeout_s=float(group.health_check_timeout_seconds),
            host_is_ip=True,
        )
        outcomes = [self._prober.send(node.endpoint, target, exchange) for node in self._nodes.of(balancer)]
        good = [o for o in outcomes if o.kind is Kind.ANSWERED and _matches(group, o.status)]
        bad = [o for o in outcomes if o not in good]
        return bad[0] if 2 * len(bad) >= len(outcomes) else good[0]

    def _document(self, group: FakeTargetGroup, target: Target, verdict: Verdict) -> dict[str, Any]:
        health = {"State": verdict.state, "Reason": verdict.reason, "Description": verdict.description}
        described: dict[str, Any] = {"Id": target.id, "Port": target.port}
        if not target.is_instance and (zone := self._prober.zone_of(target)):
            described["AvailabilityZone"] = zone
        port = group.health_check_port
        return {
            "Target": described,
            "HealthCheckPort": str(target.port if port in (None, "traffic-port") else port),
            "TargetHealth": {name: value for name, value in health.items() if value is not None},
            "AnomalyDetection": {"Result": "normal", "MitigationInEffect": "no"},
            "AdministrativeOverride": {
                "State": "no_override",
                "Reason": "AdministrativeOverride.NoOverride",
                "Description": "No override is currently active on target",
            },
        }


def _rows_for(
    group: FakeTargetGroup, asked: dict[str, Any], rows: list[tuple[Target, Verdict]]
) -> list[tuple[Target, Verdict]]:
    port = int(asked.get("Port") or group.port)
    found = [row for row in rows if row[0].id == asked["Id"] and row[0].port == port]
    return found or [(Target(group.arn, asked["Id"], port), NOT_REGISTERED)]


def _why(outcome: Outcome) -> Verdict:
    match outcome.kind:
        case Kind.ANSWERED:
            text = f"Health checks failed with these codes: [{outcome.status}]"
            return Verdict("unhealthy", "Target.ResponseCodeMismatch", text)
        case Kind.CONNECT_TIMEOUT | Kind.NO_RESPONSE:
            return Verdict("unhealthy", "Target.Timeout", "Request timed out")
        case _:
            return Verdict("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def _matches(group: FakeTargetGroup, status: int) -> bool:
    for part in str((group.matcher or {}).get("HttpCode") or "200").split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
