"""Fixes for what no scenario holds: somebody breaks one thing after another in the same world, and each is mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.world.apps import Answer, App
from diagnostics.facts import ApplicationLogs, Change, Changes, Listeners, LoadBalancerAttributes, LogLine
from diagnostics.report import Report
from diagnostics.rules.observations import observe
from diagnostics.snapshot import Snapshot
from remediations.fix import Preferences
from remediations.plan import Plan
from remediations.reading import see
from tests.remediations.catalogue.proposing import NO_PREFERENCES, blamed, of_report
from tests.remediations.doing import Scene, scene

NOBODY = [{"Id": "10.20.1.233", "Port": 8080}]
Seen = tuple[Report, Snapshot]


@pytest.fixture(scope="module")
def there() -> Iterator[Scene]:
    """A service whose rule also names a group with weight 0."""
    with scene("resting-group") as found:
        yield found


@pytest.fixture(scope="module")
def seen(there: Scene) -> Seen:
    """Somebody gave the empty group a share, registered an address that nobody has, switched the access logs off, and
    made the health check hasty and the deregistration delay short."""
    group, balancer = places(there)
    share_of_the_other(there, 100)
    elb(there).register_targets(TargetGroupArn=group, Targets=NOBODY)
    off = [{"Key": "access_logs.s3.enabled", "Value": "false"}]
    elb(there).modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=off)
    short = [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    elb(there).modify_target_group_attributes(TargetGroupArn=group, Attributes=short)
    hasty = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "UnhealthyThresholdCount": 2}
    elb(there).modify_target_group(TargetGroupArn=group, **hasty)
    there.advance(420)
    return there.diagnose(logs=True)  # without a file in S3: where else they may go is looked up


def elb(there: Scene) -> Any:
    return there.running.world.account(there.account).client("elbv2")


def places(there: Scene) -> tuple[str, str]:
    """The service's target group and its load balancer."""
    ecs = there.running.world.account(there.account).client("ecs")
    service = ecs.describe_services(cluster="prod", services=["checkout"])["services"][0]
    balancer = elb(there).describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    return str(service["loadBalancers"][0]["targetGroupArn"]), str(balancer)


def share_of_the_other(there: Scene, weight: int) -> None:
    """In the rule that names two target groups, of the one that is empty."""
    own, balancer = places(there)
    listener = elb(there).describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    for rule in elb(there).describe_rules(ListenerArn=listener)["Rules"]:
        groups = rule["Actions"][0].get("ForwardConfig", {}).get("TargetGroups", [])
        if len(groups) == 2:
            shares = [{**one, "Weight": 100 if one["TargetGroupArn"] == own else weight} for one in groups]
            actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}]
            elb(there).modify_rule(RuleArn=rule["RuleArn"], Actions=actions)


def wishes(snapshot: Snapshot) -> Preferences:
    """Logs go where they went before."""
    known = snapshot.get(LoadBalancerAttributes)
    assert isinstance(known, LoadBalancerAttributes)
    return Preferences(access_log_bucket=next(iter(known.by_arn.values()))["access_logs.s3.bucket"])


def test_a_share_for_the_empty_group_is_taken_back(there: Scene, seen: Seen) -> None:
    assert "weighted-target-group-empty" in {cause.code for cause in seen[0].causes}
    (plan,) = of_report("rule-weight-zero", *seen)
    there.done_and_undone(plan)
    share_of_the_other(there, 0)


def test_an_address_that_nobody_has_is_taken_out(there: Scene, seen: Seen) -> None:
    assert "target-stale-registration" in {cause.code for cause in seen[0].causes}
    (plan,) = of_report("target-deregister", *seen)
    there.done_and_undone(plan)


def test_a_hasty_health_check_gets_more_patience(there: Scene, seen: Seen) -> None:
    group, _ = places(there)
    elb(there).deregister_targets(TargetGroupArn=group, Targets=NOBODY)
    (plan,) = of_report("health-check-thresholds", *blamed(*seen, "health-check-thresholds-too-aggressive", group))
    there.done_and_undone(plan)


def test_the_deregistration_delay_is_raised(there: Scene, seen: Seen) -> None:
    (plan,) = of_report(
        "deregistration-delay-raise", *blamed(*seen, "deregistration-delay-too-short", places(there)[0])
    )
    assert plan.changes[0].after == "20"
    there.done_and_undone(plan)


@pytest.mark.parametrize("fix", ["access-logs-enable", "health-check-logs-enable"])
def test_logs_are_switched_on(there: Scene, seen: Seen, fix: str) -> None:
    found = blamed(*seen, "insufficient-evidence", "checkout")
    (plan,) = of_report(fix, *found, wishes(seen[1]))
    there.done_and_undone(plan)
    assert of_report(fix, *found, NO_PREFERENCES) == ()


def test_container_insights_are_switched_on(there: Scene, seen: Seen) -> None:
    (plan,) = of_report("container-insights-enable", *blamed(*seen, "insufficient-evidence", "checkout"))
    assert (plan.changes[0].before, plan.changes[0].after) == ("disabled", "enhanced")
    there.done_and_undone(plan)


def test_a_bucket_that_is_not_there_is_refused_by_aws(there: Scene, seen: Seen) -> None:
    found = blamed(*seen, "insufficient-evidence", "checkout")
    (plan,) = of_report("access-logs-enable", *found, Preferences(access_log_bucket="nobody-made-this"))
    execution = there.carry_out(plan)
    assert execution.status == "failed"
    assert "Access Denied for bucket" in execution.text


def test_the_load_balancer_waits_longer(there: Scene, seen: Seen) -> None:
    report, snapshot = seen
    found = blamed(report, telling(snapshot, "/report", 90.0), "target-slow-response", "checkout")
    (plan,) = of_report("idle-timeout-raise", *found)
    assert plan.changes[0].after == "110"
    there.done_and_undone(plan)


def test_a_code_of_success_is_accepted(there: Scene) -> None:
    there.running.world.account(there.account).service(
        "tiny", path="/tiny/*", client_path="/tiny/x", app=App(routes={"*": 204}), grace_s=7200, rpm=0
    )
    there.advance(120)
    report, snapshot = there.diagnose("tiny")
    assert report.causes[0].code == "health-check-path-mismatch"
    (plan,) = of_report("health-check-matcher", report, snapshot)
    assert plan.changes[0].after == "200,204"
    mended_and_undone(there, plan)


def test_a_health_check_goes_back_to_port_and_protocol(there: Scene) -> None:
    """The container's own check passes on the port of the requests, and users are answered there."""
    moved = there.running.world.account(there.account).service(
        "moved", path="/moved/*", client_path="/moved/x", container_health=True, grace_s=7200
    )
    there.advance(120)
    moved.set_health_check(HealthCheckPort="8081")
    there.advance(60)
    (plan,) = of_report("health-check-port", *there.diagnose("moved"))
    assert plan.changes[0].after == "traffic-port"
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    there.watch(plan)
    moved.set_health_check(HealthCheckProtocol="HTTPS")
    there.advance(60)
    (plan,) = of_report("health-check-protocol", *there.diagnose("moved"))
    assert plan.changes[0].after == "HTTP"
    mended_and_undone(there, plan)


def test_a_slow_health_path_gets_its_time(there: Scene) -> None:
    there.running.world.account(there.account).service(
        "slow", path="/slow/*", client_path="/slow/x", app=App(routes={"*": Answer(200, 7.0)}), grace_s=7200, rpm=0
    )
    there.advance(120)
    report, snapshot = there.diagnose("slow")
    group = snapshot.subject.target_groups[0]
    found = blamed(report, telling(snapshot, "/healthz", 7.0), "health-check-timeout-too-short", group)
    (plan,) = of_report("health-check-timeout", *found)
    assert [change.after for change in plan.changes] == [15, 20]
    mended_and_undone(there, plan)


def test_the_load_balancer_closes_first(there: Scene) -> None:
    """nginx keeps connections for 75 s, the load balancer for two minutes."""
    edge = there.running.world.account(there.account).service(
        "edge", image="nginx:1.29", port=80, path="/edge/*", client_path="/edge/x", app=App(port=80)
    )
    long = [{"Key": "idle_timeout.timeout_seconds", "Value": "120"}]
    elb(there).modify_load_balancer_attributes(LoadBalancerArn=edge.load_balancer.arn, Attributes=long)
    there.advance(120)
    (plan,) = of_report("idle-timeout-lower", *blamed(*there.diagnose("edge"), "keepalive-race", "edge"))
    assert plan.changes[0].after == "70"
    there.done_and_undone(plan)


def test_what_stands_before_the_default_rule_gets_a_stand_in(there: Scene) -> None:
    group, balancer = places(there)
    listener = elb(there).describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb(there).modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=forward)
    page = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "Down for maintenance"}
    everything = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": page}]
    made = elb(there).create_rule(
        ListenerArn=listener["ListenerArn"], Priority=1, Conditions=everything, Actions=answer
    )["Rules"][0]["RuleArn"]
    report, snapshot = there.diagnose()
    by_default = snapshot.model_copy(update={"facts": {**snapshot.facts, "listeners": only_default(snapshot)}})
    (plan,) = of_report("fixed-response-last", *blamed(report, by_default, "fixed-response-5xx", made))
    assert [write.call.operation for write in plan.writes] == ["set_rule_priorities", "create_rule"]
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    rules = elb(there).describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    *_, stand_in, last, default = rules
    assert (last["RuleArn"], default["IsDefault"]) == (made, True)
    assert stand_in["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"] == group
    there.watch(plan)
    assert there.undo(plan, execution).status == "done"
    rules = elb(there).describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    assert rules[0]["RuleArn"] == made
    assert stand_in["RuleArn"] not in {rule["RuleArn"] for rule in rules}
    elb(there).delete_rule(RuleArn=made)


def test_a_rule_that_hides_the_service_goes_behind_it(there: Scene) -> None:
    _, balancer = places(there)
    listener = elb(there).describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    groups = elb(there).describe_target_groups()["TargetGroups"]
    other = next(one["TargetGroupArn"] for one in groups if one["TargetGroupName"] == "checkout-v2")
    wider = elb(there).create_rule(
        ListenerArn=listener,
        Priority=2,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": other}],
    )["Rules"][0]["RuleArn"]
    there.advance(60)
    report, snapshot = there.diagnose()
    record = Change(
        id="1",
        at=there.now(),
        name="CreateRule",
        source="elasticloadbalancing.amazonaws.com",
        actor="role/x",
        resources=(listener,),
        request={"priority": 2},
    )
    changes = {Changes.name: Changes(items=(record,))}
    seen = observe(snapshot).model_copy(update={"onset": there.now()})
    known = snapshot.model_copy(update={"facts": {**snapshot.facts, **changes}})
    found = blamed(report, known, "target-group-not-in-rule", wider)
    (plan,) = of_report("rule-behind-service", *found, observed=seen)
    there.done_and_undone(plan)
    elb(there).delete_rule(RuleArn=wider)


def only_default(snapshot: Snapshot) -> Listeners:
    """As if no rule but the default one forwarded."""
    found = snapshot.get(Listeners)
    assert isinstance(found, Listeners)
    (listener,) = found.items
    rules = tuple(rule for rule in listener.rules if rule.is_default or not rule.forwards_to)
    high = max(rule.priority or 0 for rule in listener.rules)
    keeper = rules[-1].model_copy(update={"arn": "other", "priority": high, "actions": ()})
    return found.model_copy(
        update={"items": (listener.model_copy(update={"rules": (*rules[:-1], keeper, rules[-1])}),)}
    )


def test_an_instance_that_somebody_took_out_is_put_back(there: Scene) -> None:
    acct = there.running.world.account(there.account)
    _, balancer = places(there)
    subnet = acct.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["AvailabilityZones"][0]["SubnetId"]
    vpc = acct.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["VpcId"]
    image = acct.client("ec2").describe_images(Owners=["amazon"])["Images"]
    run = {"ImageId": image[0]["ImageId"] if image else "ami-12c6146b", "SubnetId": subnet, "InstanceType": "t3.micro"}
    instance = acct.client("ec2").run_instances(MinCount=1, MaxCount=1, **run)["Instances"][0]["InstanceId"]
    kind = {"Protocol": "HTTP", "Port": 8080, "VpcId": vpc, "TargetType": "instance"}
    group = elb(there).create_target_group(Name="hand", **kind)["TargetGroups"][0]["TargetGroupArn"]
    listener = elb(there).describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb(there).create_rule(
        ListenerArn=listener,
        Priority=300,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/hand/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    short = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    elb(there).modify_target_group_attributes(TargetGroupArn=group, Attributes=short)
    targets = [{"Id": instance, "Port": 8080}]
    elb(there).register_targets(TargetGroupArn=group, Targets=targets)
    elb(there).deregister_targets(TargetGroupArn=group, Targets=targets)
    there.advance(320)
    report, snapshot = there.diagnose("hand")
    errors = observe(snapshot).model_copy(update={"onset": there.now()})
    (plan,) = of_report("targets-register", *blamed(report, snapshot, "no-registered-targets", group), observed=errors)
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    assert see(there.reads, plan.success.guards[0]).holds
    assert there.undo(plan, execution).status == "done"


def mended_and_undone(there: Scene, plan: Plan) -> None:
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    there.watch(plan)
    assert there.undo(plan, execution).status == "done"
    assert all(see(there.reads, guard).holds for guard in plan.guards[:1])


def telling(snapshot: Snapshot, path: str, seconds: float) -> Snapshot:
    """As if the application had written how long it took to answer."""
    line = LogLine(
        at=snapshot.taken_at,
        text=f'"GET {path} HTTP/1.1" 200',
        log_group="/ecs/x",
        signature="request",
        details={"method": "GET", "path": path, "status": "200", "seconds": f"{seconds:g}"},
    )
    logs = ApplicationLogs(
        source="filter",
        covered_from=snapshot.window.start,
        covered_to=snapshot.window.end,
        log_groups=("/ecs/x",),
        lines_read=1,
        lines=(line,),
    )
    return snapshot.model_copy(update={"facts": {**snapshot.facts, ApplicationLogs.name: logs}})
