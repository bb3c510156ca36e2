"""Target groups that take the place of others: made, filled, put into the rules, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.elbv2.models import elbv2_backends

from demo.world.apps import App
from demo.world.builder import HealthCheck
from diagnostics.rules.observations import Observations, observe
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.snapshot import Snapshot
from remediations.execute import Execution
from remediations.filling import as_done
from remediations.plan import FROM, Plan
from remediations.reading import see
from tests.incidents.rows import by_balancer
from tests.remediations.catalogue.proposing import blamed, of_report
from tests.remediations.catalogue.test_by_hand_over_http import elb
from tests.remediations.doing import REGION, Scene, scene


@pytest.fixture(scope="module")
def there() -> Iterator[Scene]:
    """Two web servers on instances of their own, one of which was stopped."""
    with scene("instance-stopped") as found:
        yield found


def done(there: Scene, plan: Plan) -> Execution:
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    there.watch(as_done(plan, execution.kept))
    return execution


def undone(there: Scene, plan: Plan, execution: Execution) -> list[float]:
    """Returns for how long it waited in between."""
    waited: list[float] = []
    back = there.undo(plan, execution, pause=waited.append)
    assert back.status == "done", back.text
    lasting = tuple(guard for guard in plan.success.guards if FROM not in str(guard))
    there.watch(plan.model_copy(update={"success": plan.success.model_copy(update={"guards": lasting, "quiet": ()})}))
    return waited


def names(there: Scene) -> set[str]:
    return {one["TargetGroupName"] for one in elb(there).describe_target_groups()["TargetGroups"]}


def made(there: Scene, name: str) -> Any:
    """The group as moto keeps it."""
    group = elb(there).describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"]
    return elbv2_backends[there.account][REGION].target_groups[group]


def test_tasks_that_speak_plain_http_get_a_group_that_does(there: Scene) -> None:
    """Every request fails, as the group speaks TLS to them; the health check speaks plain HTTP."""
    there.running.world.account(there.account).service("pay", path="/pay/*", client_path="/pay/x")
    group = made(there, "pay")
    group.protocol = "HTTPS"
    there.advance(480)
    (plan,) = of_report(
        "target-group-plain", *blamed(*there.diagnose("pay"), "target-tls-handshake-failure", group.arn)
    )
    execution = done(there, plan)
    undone(there, plan, execution)
    assert all(see(there.reads, guard).holds for guard in plan.guards[1:])
    assert "pay-http" in names(there)


def test_targets_that_nobody_keeps_are_registered_in_the_new_group_and_the_undo_deletes_it(there: Scene) -> None:
    servers = there.running.world.region(there.account, REGION).prober.servers
    group = made(there, "storefront").arn
    targets = elb(there).describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    stopped = [{"Id": one["Target"]["Id"]} for one in targets if one["TargetHealth"]["State"] != "healthy"]
    elb(there).deregister_targets(TargetGroupArn=group, Targets=stopped)
    servers.update(dict.fromkeys(servers, App(tls=True)))
    elb(there).modify_target_group(TargetGroupArn=group, HealthCheckProtocol="HTTPS")
    began = there.now()
    there.advance(480)
    report, snapshot = there.diagnose("storefront")
    errors = observe(snapshot).model_copy(update={"onset": began})
    found = blamed(report, snapshot, "target-protocol-mismatch", group)
    (plan,) = of_report("target-group-tls", *found, observed=errors)
    execution = done(there, plan)
    assert max(undone(there, plan, execution)) == plan.undo.writes[-1].after_s > 0
    assert "storefront-https" not in names(there)
    assert all(see(there.reads, guard).holds for guard in plan.guards)


def test_browsers_get_a_group_of_their_version(there: Scene) -> None:
    """The simulated world speaks HTTP/1 alone, so that the version and the refusals are only told."""
    acct = there.running.world.account(there.account)
    acct.service("rpc", path="/rpc/*", client_path="/rpc/x", container_health=True, rpm=0)
    made(there, "rpc").protocol_version = "GRPC"
    there.advance(120)
    report, snapshot = there.diagnose("rpc")
    group = snapshot.subject.target_groups[0]
    found = blamed(report, snapshot, "protocol-version-mismatch", group)
    (plan,) = of_report("target-group-version", *found, observed=refusing(snapshot, group))
    execution = done(there, plan)
    described = elb(there).describe_target_groups(Names=["rpc-http1"])["TargetGroups"][0]
    assert (described["ProtocolVersion"], described["Matcher"]) == ("HTTP1", {"HttpCode": "200-399"})
    undone(there, plan, execution)
    assert all(see(there.reads, guard).holds for guard in plan.guards[1:])


def refusing(snapshot: Snapshot, group: str) -> Observations:
    """As if every request had been refused with 464."""
    rows = tuple(by_balancer(20, 464, group=group, fields={"protocol": "https"}).each())
    cluster = RowCluster(
        key="464",
        family="refused-by-lb",
        elb_status=464,
        target_status=None,
        error_reason=None,
        target_group=group,
        population="whole",
        rows=rows,
        count=len(rows),
        of_kind=len(rows),
        first=snapshot.window.start,
        last=snapshot.window.end,
    )
    return observe(snapshot).model_copy(update={"clusters": (cluster,)})


def test_a_service_gets_the_group_that_was_made_in_the_place_of_the_deleted_one(there: Scene) -> None:
    """Somebody deleted the group and made it again under its name, and the service names the old one."""
    acct = there.running.world.account(there.account)
    lost = acct.service("lost", path="/lost/*", client_path="/lost/x")
    there.advance(120)
    closed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    elb(there).modify_rule(RuleArn=lost.rule, Actions=[closed])
    elb(there).delete_target_group(TargetGroupArn=lost.target_group)
    again = acct.target_group("lost", lost.load_balancer, 8080, HealthCheck())
    elb(there).modify_rule(RuleArn=lost.rule, Actions=[{"Type": "forward", "TargetGroupArn": again}])
    there.advance(420)
    report, snapshot = there.diagnose("prod/lost")
    assert "target-group-missing" in {cause.code for cause in report.causes}
    (plan,) = of_report("ecs-target-group", report, snapshot)
    done(there, plan)
