"""Another target group where the targets speak the other one of HTTP and HTTPS."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import (
    EcsService,
    HealthCheck,
    Hosts,
    Listeners,
    Metrics,
    Tags,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
)
from remediations.fix import CannotPrepareError
from remediations.plan import FROM, PLAN
from remediations.steps.listener_rules import PREPARES
from remediations.steps.new_target_groups import ARN
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident, forward_rule
from tests.incidents.connection.target_protocol_mismatch import everything_closes, on_port
from tests.incidents.connection.target_tls_handshake_failure import over_tls
from tests.incidents.on_hosts import SCALING_GROUP, host, plain_instances
from tests.incidents.rows import logged, refused
from tests.incidents.weighted import weighted_rule
from tests.incidents.written import Said, said
from tests.remediations.catalogue.on_groups import asks_itself, beside, in_two_rules, nobody_is_served
from tests.remediations.catalogue.proposing import holds, only, plans
from tests.remediations.catalogue.test_rule_forwards import in_deployment

TLS, PLAIN = "target-group-tls", "target-group-plain"
TLS_ON_PLAIN = Said("code 400, message Bad request version ('\\x16\\x03\\x01')", count=40)
PLAIN_ON_TLS = Said(
    "2026/11/21 03:12:00 [info] 7#7: *3 client sent plain HTTP request to HTTPS port while reading client request"
    ' headers, client: 10.0.1.10, server: _, request: "GET /cart HTTP/1.1", host: "shop.example.com"',
    count=40,
)


def closes(incident: Incident) -> Incident:
    """Targets that speak TLS, behind a group of HTTP."""
    return nobody_is_served(everything_closes(incident))


def in_vain(incident: Incident | None = None) -> Incident:
    """Targets that speak plain HTTP, behind a group of HTTPS whose health check passes over HTTP."""
    found = incident or over_tls().health_check(protocol="HTTP")
    return nobody_is_served(logged(found, refused(600, since=59), tls=True, per_minute=1))


def on_another_port() -> Incident:
    """Its health check says nothing of the port of the requests."""
    return over_tls().health_check(port="8081")


def refuses() -> Incident:
    """Its health check speaks TLS, too, and fails."""
    return over_tls().unhealthy("Target.FailedHealthChecks", "Health checks failed", since=60)


def by_hand(**hosts: Any) -> Incident:
    """Instances that nobody keeps."""
    incident = plain_instances().target_group(protocol="HTTPS", target_type="instance")
    incident.replace(Hosts(items=tuple(host(one, scaling_group=None, **hosts) for one in ("i-0a", "i-0b"))))
    return in_vain(incident)


def test_a_group_of_https_takes_the_place_of_the_other() -> None:
    incident = closes(Incident().health_check(protocol="HTTPS")).replace(
        TargetGroupAttributes(
            by_arn={TG: {"deregistration_delay.timeout_seconds": "30", "stickiness.enabled": "false"}}
        )
    )
    plan = only(TLS, incident)
    create, attributes, rule, service = plan.writes
    given = create.call.parameters
    assert (given["Name"], given["Protocol"], given["TargetType"]) == ("checkout-https", "HTTPS", "ip")
    assert (given["HealthCheckPort"], given["HealthCheckProtocol"]) == ("traffic-port", "HTTPS")
    assert given["Tags"] == [{"Key": "alb502:plan", "Value": {FROM: PLAN}}]
    assert attributes.call.parameters["Attributes"] == [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    assert (rule.call.operation, rule.arguments) == (
        "modify_listener",
        {"ListenerArn": LISTENER, "group": TG, "to": ARN},
    )
    assert service.call.parameters["loadBalancers"] == [
        {"targetGroupArn": ARN, "containerName": "web", "containerPort": 8080}
    ]
    assert (plan.risk, plan.undo.kind) == ("high", "compensating")
    assert [write.call.operation for write in plan.undo.writes] == ["modify_listener", "update_service"]
    assert "asks the same port over HTTPS, and all targets pass it" in plan.warnings[0]
    free, version, forwards, _, registers, *_ = plan.guards
    assert holds(free, {})
    assert not holds(free, {"TargetGroups": [{"TargetGroupName": "checkout-https"}]})
    assert holds(version, {"TargetGroups": [{"TargetGroupArn": TG}]})
    assert not holds(version, {"TargetGroups": [{"TargetGroupArn": TG, "IpAddressType": "ipv6"}]})
    config = {"TargetGroups": [{"TargetGroupArn": TG, "Weight": 1}]}
    assert holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "ForwardConfig": config}]}]})
    assert holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "TargetGroupArn": TG}]}]})
    two = {"TargetGroups": [{"TargetGroupArn": TG}, {"TargetGroupArn": OTHER_TG}]}
    assert not holds(forwards, {"Rules": [{"Actions": [{"Type": "forward", "ForwardConfig": two}]}]})
    live = {"targetGroupArn": TG, "containerName": "web", "containerPort": 8080, "advancedConfiguration": None}
    assert holds(registers, {"services": [{"loadBalancers": [live]}]})


def test_a_group_of_http_takes_the_place_of_the_other() -> None:
    plan = only(PLAIN, in_vain())
    given = plan.writes[0].call.parameters
    assert (given["Name"], given["Protocol"], given["HealthCheckProtocol"]) == ("checkout-http", "HTTP", "HTTP")
    assert any("unencrypted" in warning for warning in plan.warnings)
    assert [write.call.operation for write in plan.writes] == [
        "create_target_group",
        "modify_listener",
        "update_service",
    ]


def test_weights_stickiness_and_other_actions_stay() -> None:
    incident = in_vain().rules(weighted_rule(80, 20))
    plan = only(PLAIN, incident)
    write = next(one for one in plan.writes if one.call.operation == "modify_listener")
    config = {
        "TargetGroups": [{"TargetGroupArn": TG, "Weight": 80}, {"TargetGroupArn": OTHER_TG, "Weight": 20}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    live = {"Rules": [{"Actions": [{"Type": "authenticate-oidc"}, {"Type": "forward", "ForwardConfig": config}]}]}
    sent = PREPARES["group"]({"rule": live}, {**write.arguments, "to": "new"})["DefaultActions"]
    assert sent[0] == {"Type": "authenticate-oidc"}
    assert sent[1]["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": "new", "Weight": 80}, {"TargetGroupArn": OTHER_TG, "Weight": 20}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    assert write.done_when.expected == [["forward"], [[ARN, 80], [OTHER_TG, 20]]]
    with pytest.raises(CannotPrepareError):
        PREPARES["group"]({"rule": {"Rules": []}}, {**write.arguments, "to": "new"})


def test_all_rules_that_lead_there_are_moved_and_moved_back() -> None:
    plan = only(PLAIN, in_two_rules(in_vain()))
    moved = [write for write in plan.writes if write.call.operation == "modify_listener"]
    back = [write for write in plan.undo.writes if write.call.operation == "modify_listener"]
    assert len(moved) == len(back) == len({write.resources for write in moved}) == 2
    assert [guard.look.call.operation for guard in plan.undo.guards] == ["describe_rules"] * 2 + ["describe_services"]


def test_a_group_that_is_there_gets_the_requests_and_nothing_is_made() -> None:
    plan = only(PLAIN, beside(in_vain(on_another_port()), protocol="HTTP", health_check=healthy_over("HTTP")))
    (write,) = plan.writes
    assert (write.call.operation, write.arguments["to"]) == ("modify_listener", OTHER_TG)
    assert (plan.risk, plan.undo.kind, plan.not_now) == ("high", "exact", None)
    assert plan.undo.writes[0].arguments == {"ListenerArn": LISTENER, "group": OTHER_TG, "to": TG}
    assert plan.guards[-1].text == "all targets of search are healthy"


def test_targets_that_somebody_mended_in_the_meantime_stay_where_they_are() -> None:
    for incident in (in_vain(), by_hand(), beside(by_hand(), protocol="HTTP", is_kept=False)):
        (guard,) = (one for one in only(PLAIN, incident).guards if "a good answer" in one.text)
        asked = guard.look.call.parameters
        assert asked["StartTime"] == incident.snapshot().window.end.isoformat()
        assert holds(guard, {"MetricDataResults": [{"Values": []}, {"Values": [0.0]}]})
        assert not holds(guard, {"MetricDataResults": [{"Values": []}, {"Values": [0.0, 3.0]}]})
        assert not holds(guard, {"MetricDataResults": []})


def test_of_targets_that_nobody_keeps_no_group_is_left_alone() -> None:
    (write,) = only(PLAIN, beside(by_hand(), protocol="HTTP", is_kept=False)).writes
    assert write.call.operation == "modify_listener"


def healthy_over(protocol: str) -> HealthCheck:
    own = Incident().known(TargetGroups).items[0].health_check
    return own.model_copy(update={"protocol": protocol})


def test_targets_that_nobody_keeps_are_registered_and_the_undo_deletes_the_group() -> None:
    plan = only(PLAIN, by_hand())
    assert [write.call.operation for write in plan.writes] == [
        "create_target_group",
        "register_targets",
        "modify_listener",
    ]
    assert plan.writes[1].call.parameters == {
        "TargetGroupArn": ARN,
        "Targets": [{"Id": "i-0a", "Port": 8080}, {"Id": "i-0b", "Port": 8080}],
    }
    back, delete = plan.undo.writes  # AWS refuses to delete what somebody uses, who then keeps the targets
    assert back.call.operation == "modify_listener"
    assert (delete.call.operation, delete.call.parameters) == ("delete_target_group", {"TargetGroupArn": ARN})
    assert (plan.undo.kind, delete.after_s) == ("exact", 90)
    assert plan.undo.guards[0].expected == {FROM: PLAN}
    mine = {"TagDescriptions": [{"Tags": [{"Key": "alb502:plan", "Value": "p-1"}]}]}
    assert holds(plan.undo.guards[0].model_copy(update={"expected": "p-1"}), mine)
    assert sum("belongs to no Auto Scaling group" in guard.text for guard in plan.guards) == 2


PROOFS = [
    pytest.param(PLAIN, in_vain, "all targets pass it", id="the group's health check"),
    pytest.param(
        PLAIN,
        lambda: asks_itself(in_vain(on_another_port()), "curl -f http://localhost:8080/up"),
        "the container's own health check",
        id="the container's health check",
    ),
    pytest.param(
        PLAIN,
        lambda: said(in_vain(refuses()), TLS_ON_PLAIN),
        "no health check has shown it yet",
        id="the application's word",
    ),
    pytest.param(
        TLS, lambda: said(closes(on_port(8080)), PLAIN_ON_TLS), "no health check has shown it yet", id="nginx"
    ),
    pytest.param(
        TLS,
        lambda: asks_itself(closes(on_port(8080)), "curl -fk https://localhost:8080/up"),
        "the container's own health check",
        id="curl over TLS",
    ),
]


@pytest.mark.parametrize(("fix", "incident", "why"), PROOFS)
def test_it_takes_a_proof(fix: str, incident: Any, why: str) -> None:
    assert why in only(fix, incident()).warnings[0]


def test_a_health_check_that_the_container_passes_is_repeated() -> None:
    incident = in_vain(refuses())
    given = only(PLAIN, asks_itself(incident, "curl -f http://localhost:8080/up || exit 1")).writes[0].call.parameters
    assert (given["HealthCheckPath"], given["Matcher"]) == ("/up", {"HttpCode": "200-399"})


def test_a_health_check_on_a_port_of_its_own_stays() -> None:
    own = over_tls().health_check(protocol="HTTP", port="8081")
    given = only(PLAIN, asks_itself(in_vain(own), "curl -f http://localhost:8080/up")).writes[0].call.parameters
    assert (given["HealthCheckPath"], given["HealthCheckPort"]) == ("/healthz", "8081")


@pytest.mark.parametrize(
    ("fix", "incident"),
    [
        pytest.param(TLS, lambda: nobody_is_served(everything_closes(on_port(8443), 8443)), id="a port proves nothing"),
        pytest.param(TLS, lambda: closes(Incident()), id="nothing tells the protocol"),
        pytest.param(PLAIN, lambda: in_vain(over_tls()), id="the check over HTTPS passes"),
        pytest.param(
            PLAIN, lambda: said(in_vain(over_tls()), TLS_ON_PLAIN), id="the check over HTTPS passes, whatever is said"
        ),
        pytest.param(
            PLAIN,
            lambda: logged(over_tls().health_check(protocol="HTTP"), refused(300, since=20), tls=True),
            id="others are served",
        ),
        pytest.param(
            PLAIN,
            lambda: asks_itself(in_vain(on_another_port()), "curl http://localhost:8080/up || true"),
            id="a check that cannot fail",
        ),
        pytest.param(
            PLAIN,
            lambda: asks_itself(in_vain(on_another_port()), "curl -f http://localhost:9090/up"),
            id="another port",
        ),
        pytest.param(
            PLAIN,
            lambda: asks_itself(in_vain(on_another_port()), "curl -f http://localhost:8080/a || curl http://[::1]:1/"),
            id="two URLs",
        ),
        pytest.param(
            PLAIN,
            lambda: asks_itself(in_vain(on_another_port()), "curl -f http://localhost:8080/up", health="UNHEALTHY"),
            id="a check that fails",
        ),
        pytest.param(
            PLAIN,
            lambda: beside(
                in_vain(on_another_port()), protocol="HTTP", health_check=healthy_over("HTTP"), state="unhealthy"
            ),
            id="the other group is unhealthy",
        ),
        pytest.param(
            PLAIN,
            lambda: beside(
                in_vain(on_another_port()), protocol="HTTP", health_check=healthy_over("HTTP"), is_kept=False
            ),
            id="nobody registers new tasks in the other group",
        ),
        pytest.param(
            PLAIN,
            lambda: beside(by_hand(), protocol="HTTP", is_kept=False).replace(
                Tags(by_arn={TG: {}, OTHER_TG: {"elbv2.k8s.aws/cluster": "shop"}})
            ),
            id="a controller keeps the other group",
        ),
        pytest.param(
            PLAIN,
            lambda: in_vain().edit(
                TargetHealth,
                lambda f: f.model_copy(
                    update={
                        "by_group": {
                            TG: (f.by_group[TG][0].model_copy(update={"state": "unhealthy"}), *f.by_group[TG][1:])
                        }
                    }
                ),
            ),
            id="one target fails the check",
        ),
        pytest.param(PLAIN, lambda: in_vain().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"),
        pytest.param(PLAIN, lambda: in_vain().service(deployment_controller="EXTERNAL"), id="external"),
        pytest.param(PLAIN, lambda: in_vain().service(deployment_strategy="BLUE_GREEN"), id="blue/green"),
        pytest.param(PLAIN, lambda: in_vain().target_group(control_port=9000), id="target optimizer"),
        pytest.param(PLAIN, lambda: in_vain().denied(Listeners, "elasticloadbalancing:DescribeRules"), id="no rules"),
        pytest.param(PLAIN, lambda: in_vain().denied(EcsService, "ecs:DescribeServices"), id="service not read"),
        pytest.param(PLAIN, lambda: in_vain().denied(Metrics, "cloudwatch:GetMetricData"), id="metrics not read"),
        pytest.param(PLAIN, lambda: in_vain().rules(forward_rule(OTHER_TG)), id="no rule"),
        pytest.param(PLAIN, lambda: by_hand().denied(Tags, "elasticloadbalancing:DescribeTags"), id="tags not read"),
        pytest.param(
            PLAIN,
            lambda: by_hand().replace(Tags(by_arn={TG: {"elbv2.k8s.aws/cluster": "shop"}})),
            id="a controller keeps it",
        ),
        pytest.param(
            PLAIN,
            lambda: by_hand().replace(Hosts(items=(host("i-0a", scaling_group=SCALING_GROUP),))),
            id="an Auto Scaling group keeps them",
        ),
    ],
)
def test_it_is_not_offered(fix: str, incident: Any) -> None:
    assert plans(fix, incident()) == ()


def test_a_deployment_is_waited_for() -> None:
    assert only(PLAIN, in_deployment(in_vain())).not_now is not None
