"""Which actions a run of the tests used of the two roles, over all of its processes: a policy allows nothing in vain.

Only a run in which every scenario was diagnosed and every fix carried out can tell; `tests/conftest.py` asks then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

READS, CHANGES = "reads", "changes"
DIAGNOSED, CARRIED_OUT, WANTED = "diagnosed ", "carried out ", "wanted "
UNUSED: Final[Mapping[str, tuple[str, str]]] = {
    f"{whose} {action}": (why, test)
    for whose, actions, why, test in (
        (
            READS,
            "athena:GetQueryExecution athena:GetQueryResults athena:StartQueryExecution athena:StopQueryExecution",
            "the simulated AWS has no Athena",
            "tests/diagnostics/collect/test_athena_logs.py",
        ),
        (READS, "glue:GetTable", "for Athena only", "tests/diagnostics/collect/test_athena_logs.py"),
        (
            READS,
            "cloudwatch:DescribeAlarmsForMetric",
            "for accounts with very many alarms",
            "tests/diagnostics/collect/test_alarms.py",
        ),
        (
            READS,
            "ec2:GetManagedPrefixListEntries",
            "no security group of a scenario names a prefix list",
            "tests/incidents/network/sg_ingress_missing.py",
        ),
        (
            READS,
            "route53:ListHostedZones route53:ListResourceRecordSets",
            "scenarios are asked about by the service's name, not by an address",
            "tests/diagnostics/locate/test_alarms_and_refusals.py",
        ),
        (
            READS,
            "logs:GetQueryResults logs:StartQuery logs:StopQuery",
            "the simulated AWS has no Logs Insights",
            "tests/diagnostics/collect/test_insights.py",
        ),
        (
            READS,
            "logs:DescribeDeliveries logs:DescribeDeliveryDestinations",
            "no load balancer of a scenario has a delivery source",
            "tests/diagnostics/collect/test_vended_logs.py",
        ),
        (
            READS,
            "autoscaling:DescribeLifecycleHooks autoscaling:DescribeScalingActivities",
            "no scenario has an Auto Scaling group",
            "tests/diagnostics/collect/test_hosts.py",
        ),
        (
            READS,
            "application-autoscaling:ListTagsForResource",
            "no service of a scenario scales by itself",
            "tests/remediations/catalogue/test_ecs_scale_out.py",
        ),
        (
            CHANGES,
            "application-autoscaling:RegisterScalableTarget ecs:DescribeServices",
            "no service of a scenario scales by itself",
            "tests/remediations/catalogue/test_ecs_scale_out.py",
        ),
        (
            CHANGES,
            "lambda:DeleteFunctionConcurrency",
            "the function of the scenario has a reserved concurrency, and gets it back",
            "tests/remediations/catalogue/test_functions.py",
        ),
    )
    for action in actions.split()
}
"""Actions of the two policies that no scenario and no fix uses, why they are wanted all the same, and where they are
tested."""

_used: set[str] = set()


def note(whose: str, action: str) -> None:
    """One of the two roles used this action."""
    _used.add(f"{whose} {action}")


def diagnosed(scenario: str) -> None:
    _used.update(whole_run(), (f"{DIAGNOSED}{scenario}",))


def carried_out(fix: str) -> None:
    _used.update(whole_run(), (f"{CARRIED_OUT}{fix}",))


@cache
def whole_run() -> frozenset[str]:
    """All scenarios and fixes, and all actions that the policies allow: noted where they are known already, for the
    process that looks at the end."""
    from demo import scenarios
    from diagnostics.aws_access.read_policy import STATEMENTS
    from remediations.catalogue import catalogue

    whole = (
        *(f"{DIAGNOSED}{name}" for name in scenarios.names()),
        *(f"{CARRIED_OUT}{fix}" for fix in catalogue()),
        *(f"{READS} {action}" for actions in STATEMENTS.values() for action in actions),
        *(f"{CHANGES} {action}" for spec in catalogue().values() for action in spec.calls),
    )
    return frozenset(f"{WANTED}{one}" for one in whole)


def heard(seen: Iterable[str]) -> None:
    """What another process of this run has noted."""
    _used.update(seen)


def used() -> list[str]:
    """What was noted so far."""
    return sorted(_used)


def complaints(seen: Iterable[str]) -> list[str]:
    """One line for each action that the policies allow and nobody used, or that `UNUSED` names although it was used;
    nothing after a run of only some of the tests."""
    found = set(seen)
    wanted = {one.removeprefix(WANTED) for one in found if one.startswith(WANTED)}
    whole = {one for one in wanted if one.startswith((DIAGNOSED, CARRIED_OUT))}
    if not whole or not whole <= found:
        return []
    allowed = wanted - whole
    in_vain = sorted(allowed - found - UNUSED.keys())
    stale = sorted(UNUSED.keys() & found) + sorted(UNUSED.keys() - allowed)
    return [
        *(f"the policy of the role that {one} allows it and no scenario or fix uses it" for one in in_vain),
        *(f"tests/aws_use.py says that nobody uses it, which is wrong: {one}" for one in stale),
    ]
