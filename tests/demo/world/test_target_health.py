"""Target health follows from the network, the containers and the health check settings, check by check."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from demo.world.apps import Answer, App
from demo.world.builder import HealthCheck
from demo.world.network_acls import associate, deny_port
from demo.world.service_handle import ServiceHandle
from tests.demo.world.conftest import Incident

Settled = Callable[..., ServiceHandle]
CHECK = HealthCheck(interval_s=30, timeout_s=5, healthy=5, unhealthy=2)


def test_a_new_target_needs_one_pass(incident: Incident) -> None:
    checkout = incident.acct.service("checkout", app=App(pull_s=8, boot_s=5), health=CHECK)
    incident.world.advance(17)
    assert incident.health(checkout) == []
    incident.world.advance(1)
    assert {row["TargetHealth"]["Reason"] for row in incident.health(checkout)} == {"Elb.RegistrationInProgress"}
    incident.world.advance(4)
    assert {row["TargetHealth"]["Reason"] for row in incident.health(checkout)} == {"Elb.InitialHealthChecking"}
    incident.world.advance(28)
    assert incident.states(checkout) == ["initial"] * 2
    incident.world.advance(1)
    assert [row["TargetHealth"] for row in incident.health(checkout)] == [{"State": "healthy"}] * 2


def test_a_revoked_rule_shows_after_the_unhealthy_threshold_and_mends_after_the_healthy_one(
    incident: Incident, settled: Settled
) -> None:
    checkout = settled(health=CHECK, grace_s=3600)
    checkout.revoke_ingress()
    incident.world.advance(30)
    assert incident.states(checkout) == ["healthy"] * 2, "one failed check is not enough"
    incident.world.advance(30)
    assert incident.reasons(checkout) == {("Target.Timeout", "Request timed out")}

    checkout.allow_ingress()
    incident.world.advance(4 * 30)
    assert incident.states(checkout) == ["unhealthy"] * 2, "four passes are not enough"
    incident.world.advance(30)
    assert incident.states(checkout) == ["healthy"] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"routes": {"/": 200}}, ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")),
        ({"routes": {"*": 302}}, ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [302]")),
        ({"status_for_ip_host": 400}, ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [400]")),
        ({"routes": {"*": Answer(200, 7.0)}}, ("Target.Timeout", "Request timed out")),
        ({"port": 9090}, ("Target.FailedHealthChecks", "Health checks failed")),
        ({"loopback_only": True}, ("Target.FailedHealthChecks", "Health checks failed")),
        ({"tls": True}, ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [400]")),
    ],
)
def test_each_misbehaviour_has_its_reason(
    incident: Incident, settled: Settled, change: dict[str, object], reason: tuple[str, str]
) -> None:
    checkout = settled(grace_s=3600)
    checkout.change_app(**change)
    incident.world.advance(60)
    assert incident.reasons(checkout) == {reason}


def test_an_https_check_of_a_plain_application_fails_without_a_code(incident: Incident, settled: Settled) -> None:
    checkout = settled(grace_s=3600)
    checkout.set_health_check(HealthCheckProtocol="HTTPS")
    incident.world.advance(60)
    assert incident.reasons(checkout) == {("Target.FailedHealthChecks", "Health checks failed")}


def test_a_matcher_with_a_range_accepts_what_it_names(incident: Incident, settled: Settled) -> None:
    checkout = settled(app=App(routes={"*": 302}), health=HealthCheck(codes="200,300-399"))
    assert incident.states(checkout) == ["healthy"] * 2


def test_a_separate_health_check_port_is_what_is_asked(incident: Incident, settled: Settled) -> None:
    checkout = settled(grace_s=3600)
    checkout.set_health_check(HealthCheckPort="8081")
    incident.world.advance(60)
    assert incident.reasons(checkout) == {("Target.Timeout", "Request timed out")}, "8081 is not open"
    checkout.allow_ingress(low=8081)
    incident.world.advance(30)
    assert incident.reasons(checkout) == {("Target.FailedHealthChecks", "Health checks failed")}
    assert {row["HealthCheckPort"] for row in incident.health(checkout)} == {"8081"}


def test_a_zone_that_the_load_balancer_lacks_makes_targets_unused(incident: Incident) -> None:
    acct = incident.acct
    vpc = acct.vpc(zones=("a", "b", "c"))
    checkout = acct.service("checkout", desired=3, grace_s=3600)
    incident.world.advance(120)
    acct.client("elbv2").set_subnets(LoadBalancerArn=checkout.load_balancer.arn, Subnets=vpc.pick(("a", "b")))
    unused = [row["TargetHealth"] for row in incident.health(checkout) if row["TargetHealth"]["State"] == "unused"]
    assert unused == [
        {
            "State": "unused",
            "Reason": "Target.NotInUse",
            "Description": "Target is in an Availability Zone that is not enabled for the load balancer",
        }
    ]


def test_a_target_that_half_of_the_nodes_cannot_reach_is_unhealthy(incident: Incident, settled: Settled) -> None:
    checkout = settled(grace_s=7200)
    deny_port(incident.acct.client("ec2"), checkout.load_balancer.vpc.subnets["a"], checkout.spec.port)
    incident.world.advance(60)
    assert incident.states(checkout) == ["healthy", "unhealthy"]
    assert incident.reasons(checkout) == {("Target.Timeout", "Request timed out")}


def test_one_node_of_three_that_cannot_reach_targets_does_not_decide(incident: Incident, settled: Settled) -> None:
    vpc = incident.acct.vpc(zones=("a", "b", "c"))
    checkout, ec2 = settled(desired=3, grace_s=7200), incident.acct.client("ec2")
    filters = [{"Name": "association.subnet-id", "Values": [vpc.subnets["a"]]}]
    held = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]
    lets_nothing_through = ec2.create_network_acl(VpcId=vpc.id)["NetworkAcl"]["NetworkAclId"]
    associate(ec2, held, lets_nothing_through, vpc.subnets["a"])
    incident.world.advance(60)
    assert incident.states(checkout) == ["healthy", "healthy", "unhealthy"]


def test_a_group_that_no_rule_names_is_not_in_use(incident: Incident, settled: Settled) -> None:
    checkout = settled(path="/shop/*")
    incident.acct.client("elbv2").delete_rule(RuleArn=checkout.rule)
    assert {row["TargetHealth"]["Reason"] for row in incident.health(checkout)} == {"Target.NotInUse"}
    incident.world.advance(120)
    assert len(incident.tasks(checkout)) == 2, "ECS does not kill what has no rule"


def test_a_deregistered_target_drains_for_the_delay(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    target = incident.health(checkout)[0]["Target"]
    asked = [{"Id": target["Id"], "Port": target["Port"]}]
    incident.acct.client("elbv2").deregister_targets(TargetGroupArn=checkout.target_group, Targets=asked)
    assert incident.states(checkout) == ["draining", "healthy"]
    incident.world.advance(30)
    assert incident.states(checkout) == ["healthy"]


def test_asking_for_a_stranger_and_for_a_group_that_is_gone(incident: Incident, settled: Settled) -> None:
    checkout, elb = settled(), incident.acct.client("elbv2")
    rows = elb.describe_target_health(TargetGroupArn=checkout.target_group, Targets=[{"Id": "10.20.1.99"}])
    assert rows["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"] == "Target.NotRegistered"
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        elb.describe_target_health(TargetGroupArn=checkout.target_group + "0")


def test_fifteen_minutes_pass_in_well_under_a_second(incident: Incident, settled: Settled) -> None:
    from time import process_time

    settled(desired=4)
    before = process_time()
    incident.world.advance(15 * 60)
    assert process_time() - before < 1.0
