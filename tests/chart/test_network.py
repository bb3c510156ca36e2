"""What is reachable from where: the public paths from outside, the ops port from inside, nothing else."""

from __future__ import annotations

from typing import Any

import urllib3
from slack_bolt import App
from slack_sdk.signature import SignatureVerifier

from bot.listener import Listener
from bot.server import Slack, make_web
from bot.settings import Settings
from tests.chart import value_sets
from tests.chart.rendering import Object, of_kind, rendered

PUBLIC = Settings().http_port
OPS = Settings().ops_port
POD_IDENTITY = {"169.254.170.23/32", "fd00:ec2::23/128"}


def paths(values: dict[str, Any]) -> list[str]:
    (ingress,) = of_kind("Ingress", rendered(values)).values()
    (rule,) = ingress["spec"]["rules"]
    assert {path["pathType"] for path in rule["http"]["paths"]} == {"Exact"}
    return [path["path"] for path in rule["http"]["paths"]]


def policy(role: str, values: dict[str, Any]) -> Object:
    found: Object = next(
        one["spec"]
        for one in of_kind("NetworkPolicy", rendered(values)).values()
        if one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == role
    )
    assert found["policyTypes"] == ["Ingress", "Egress"]
    return found


def ports(rules: list[Object]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_the_ingress_has_the_paths_that_the_bot_takes() -> None:
    assert paths(value_sets.PRODUCTION) == ["/slack/events", "/alarms/sns"]
    assert paths(value_sets.ALARMS_BY_SOCKET) == ["/alarms/sns"]
    without_topics = {key: value for key, value in value_sets.PRODUCTION.items() if key != "config"}
    assert paths(without_topics) == ["/slack/events"]


def test_the_ingress_leads_to_the_public_port() -> None:
    objects = rendered(value_sets.PRODUCTION)
    (ingress,) = of_kind("Ingress", objects).values()
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    service = of_kind("Service", objects)[backend["name"]]
    (port,) = service["spec"]["ports"]
    (container,) = of_kind("Deployment", objects)["alb502-web"]["spec"]["template"]["spec"]["containers"]

    assert backend["port"]["name"] == port["name"]
    assert {one["name"]: one["containerPort"] for one in container["ports"]}[port["targetPort"]] == PUBLIC
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "web"


def test_tls_can_end_at_the_ingress() -> None:
    (ingress,) = of_kind("Ingress", rendered(value_sets.ALARMS_BY_SOCKET)).values()

    assert ingress["spec"]["tls"] == [{"secretName": "alb502-tls", "hosts": ["alb502.example.com"]}]


def test_in_socket_mode_there_is_no_way_in() -> None:
    objects = rendered(value_sets.DEFAULTS)

    assert of_kind("Ingress", objects) == {}
    assert "alb502" not in of_kind("Service", objects)
    assert ports(policy("web", value_sets.DEFAULTS)["ingress"]) == {OPS}


def test_the_ops_port_is_in_no_service_with_an_address_and_in_no_ingress() -> None:
    for values in value_sets.ALL.values():
        for service in of_kind("Service", rendered(values)).values():
            targets = {port["targetPort"] for port in service["spec"]["ports"]}
            assert "ops" not in targets or service["spec"]["clusterIP"] == "None"
            assert service["spec"]["type"] == "ClusterIP"


def test_who_reaches_which_port() -> None:
    ingress = policy("web", value_sets.PRODUCTION)["ingress"]
    by_port = {port["port"]: rule.get("from") for rule in ingress for port in rule["ports"]}

    assert by_port.keys() == {PUBLIC, OPS}
    assert by_port[PUBLIC] is None
    assert [set(peer) for peer in by_port[OPS]] == [{"podSelector"}, {"namespaceSelector"}]
    assert ports(policy("worker", value_sets.PRODUCTION)["ingress"]) == {OPS}
    assert ports(policy("executor", value_sets.PRODUCTION)["ingress"]) == {OPS}
    narrowed = policy("web", value_sets.EVERYTHING)["ingress"][0]
    assert narrowed["from"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]


def test_the_test_may_ask_what_it_asks() -> None:
    objects = rendered(value_sets.DEFAULTS)
    (test,) = of_kind("Pod", objects).values()
    for role in ("web", "worker"):
        (rule,) = policy(role, value_sets.DEFAULTS)["ingress"]
        wanted = rule["from"][0]["podSelector"]["matchLabels"]
        assert wanted.items() <= test["metadata"]["labels"].items()
    asks = policy("test", value_sets.DEFAULTS)["egress"][-1]
    assert ports([asks]) == {OPS}
    asked = asks["to"][0]["podSelector"]["matchLabels"]
    for deployment in of_kind("Deployment", objects).values():
        assert asked.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_what_the_bot_may_call() -> None:
    assert ports(policy("web", value_sets.DEFAULTS)["egress"]) == {53, 443, 6379}
    assert ports(policy("worker", value_sets.DEFAULTS)["egress"]) == {53, 443, 6379, 80}
    assert ports(policy("web", value_sets.ALARMS_BY_SOCKET)["egress"]) == {53, 443, 6379, 26379}
    assert ports(policy("worker", value_sets.EVERYTHING)["egress"]) == {53, 443, 6379, 80, 4318}


def test_only_the_agent_of_pod_identity_is_reached_without_tls() -> None:
    """Not the node's metadata, whose role would be everybody's."""
    for role in ("worker", "executor"):
        (rule,) = [rule for rule in policy(role, value_sets.PRODUCTION)["egress"] if ports([rule]) == {80}]
        assert {peer["ipBlock"]["cidr"] for peer in rule["to"]} == POD_IDENTITY


def test_redis_lets_in_the_bot_and_calls_nobody() -> None:
    redis = policy("redis", value_sets.EVERYTHING)
    (rule,) = redis["ingress"]
    peers = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]}

    assert peers == {"web", "worker", "executor"}
    assert redis["egress"] == []


def test_a_load_balancer_is_answered_405_at_the_path_that_it_asks() -> None:
    """examples/production.yaml and the docs rely on it."""
    annotations = value_sets.PRODUCTION["ingress"]["annotations"]
    app = App(token="xoxb-1", signing_secret="s" * 8, token_verification_enabled=False)

    class Never:
        def is_new(self, signature: str) -> bool:
            raise AssertionError(signature)

        def forget(self, signature: str) -> None:
            raise AssertionError(signature)

    listener = Listener(make_web(Slack(app, SignatureVerifier("s" * 8), Never())), "127.0.0.1", 0, "ALB502_HTTP_PORT")
    listener.start()
    path = annotations["alb.ingress.kubernetes.io/healthcheck-path"]
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", f"http://127.0.0.1:{listener.port}{path}", timeout=10)
    listener.stop()

    assert str(answer.status) == annotations["alb.ingress.kubernetes.io/success-codes"]
