"""Rules, network ACLs, functions and alarms, mended in the simulated world: the fault goes, and each undo is exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.world.function_handle import ALIAS
from diagnostics.report import Cause, Report
from diagnostics.snapshot import Snapshot
from remediations.fix import Preferences
from remediations.plan import Plan
from remediations.reading import see
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import REGION, Scene, scene

REPAIRS = (
    ("egress-missing", "sg-allow-lb-egress"),
    ("ephemeral-range-missing", "sg-allow-dynamic-ports"),
    ("nacl-blocked", "nacl-allow"),
    ("traffic-port-blocked", "sg-allow-lb-ingress"),
)
NAME = "price-quotes"


@pytest.mark.parametrize(("scenario", "fix"), REPAIRS, ids=[fix for _, fix in REPAIRS])
def test_the_way_is_opened_and_closed_again(scenario: str, fix: str) -> None:
    with scene(scenario) as there:
        (plan,) = of_report(fix, *there.diagnose())
        execution = there.carry_out(plan)
        assert execution.status == "done", execution.text
        there.watch(plan)
        undone = there.undo(plan, execution)
        assert undone.status == "done", undone.text
        assert all(see(there.reads, guard).holds for guard in plan.guards)


@pytest.fixture(scope="module")
def there() -> Iterator[Scene]:
    """A function behind a load balancer that Lambda throttles."""
    with scene("lambda-throttled") as found:
        yield found


@pytest.fixture(scope="module")
def seen(there: Scene) -> tuple[Report, Snapshot]:
    return there.diagnose()


def lambdas(there: Scene) -> Any:
    return there.running.world.account(there.account).client("lambda")


def done_and_undone(there: Scene, plan: Plan, *, recovers: bool = False) -> None:
    """`recovers`: the plan is for what is wrong here, so that the watch has to see the errors end."""
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    if recovers:
        there.watch(plan)
    assert all(see(there.reads, guard).holds for guard in plan.success.guards)
    undone = there.undo(plan, execution)
    assert undone.status == "done", undone.text
    assert all(see(there.reads, guard).holds for guard in plan.guards)


def blamed(seen: tuple[Report, Snapshot], code: str) -> tuple[Report, Snapshot]:
    """The report as if this cause had been found, of the function."""
    report, snapshot = seen
    cause = report.causes[0].model_copy(update={"code": code, "band": "confirmed"})
    assert isinstance(cause, Cause)
    return report.model_copy(update={"causes": (cause,)}), snapshot


def test_more_may_run_at_once(there: Scene, seen: tuple[Report, Snapshot]) -> None:
    (plan,) = of_report("lambda-concurrency", *seen)
    assert plan.writes[0].call.parameters["ReservedConcurrentExecutions"] == 4
    done_and_undone(there, plan, recovers=True)


def test_more_memory_comes_with_a_new_version(there: Scene, seen: tuple[Report, Snapshot]) -> None:
    (plan,) = of_report("lambda-more-memory", *blamed(seen, "lambda-out-of-memory"))
    done_and_undone(there, plan)
    assert lambdas(there).get_alias(FunctionName=NAME, Name=ALIAS)["FunctionVersion"] == "1"


def test_a_function_with_other_changes_is_not_published(there: Scene, seen: tuple[Report, Snapshot]) -> None:
    (plan,) = of_report("lambda-more-memory", *blamed(seen, "lambda-out-of-memory"))
    lambdas(there).update_function_configuration(FunctionName=NAME, Timeout=3)
    execution = there.carry_out(plan)
    assert execution.status == "refused"
    assert "Timeout" in execution.text
    lambdas(there).update_function_configuration(FunctionName=NAME, Timeout=10)


def test_the_load_balancer_may_invoke_it_again(there: Scene) -> None:
    lambdas(there).remove_permission(FunctionName=NAME, StatementId="alb", Qualifier=ALIAS)
    (plan,) = of_report("lambda-permission", *blamed(there.diagnose(), "lambda-permission-missing"))
    done_and_undone(there, plan)


def test_alarms_are_made_and_only_ours_deleted(there: Scene, seen: tuple[Report, Snapshot]) -> None:
    wishes = Preferences(alarm_topic=f"arn:aws:sns:{REGION}:{there.account}:alarms")
    found = blamed(seen, "insufficient-evidence")
    (plan,) = of_report("alarms-create", *found, wishes)
    done_and_undone(there, plan)
    (name, *_) = [write.call.parameters["AlarmName"] for write in plan.writes]
    cloudwatch = there.running.world.account(there.account).client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName="RequestCount",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    assert there.carry_out(plan).status == "refused"
