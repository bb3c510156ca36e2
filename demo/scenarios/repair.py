"""The one AWS CLI line that repairs a scenario, with the ids of the world that was built.

A scenario's ``REPAIR`` is such a line with names in braces: `places` says which there are and what they stand for.
"""

from __future__ import annotations

from typing import Any

from demo.scenarios.scenario import Scenario
from demo.world.builder import AccountBuilder
from demo.world.world import World

CLUSTER = "prod"
LET_LOAD_BALANCER_IN = (
    "aws ec2 authorize-security-group-ingress --group-id {task_security_group}"
    " --protocol tcp --port {port} --source-group {load_balancer_security_group}"
)


def repair_line(scenario: Scenario, world: World, account: str) -> str | None:
    """None where one line does not repair it."""
    if scenario.repair is None or "{" not in scenario.repair:
        return scenario.repair
    return scenario.repair.format(**places(scenario, world, account))


def places(scenario: Scenario, world: World, account: str) -> dict[str, str]:
    """The names that a ``REPAIR`` may use, for what the scenario built and the load balancer in front of it.

    `rule` is the first listener rule that answers by itself, `service_rule` the first that forwards, both empty when
    there is none; `stopped_instance` is the first instance that does not run, `function_group` the first target group
    of a function.
    """
    acct = world.account(account)
    elb = acct.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]
    listener = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0]["ListenerArn"]
    rules = [rule for rule in elb.describe_rules(ListenerArn=listener)["Rules"] if not rule["IsDefault"]]
    return {
        "load_balancer_security_group": balancer["SecurityGroups"][0],
        "listener": listener,
        "rule": _first_rule(rules, "fixed-response"),
        "service_rule": _first_rule(rules, "forward"),
        "stopped_instance": _stopped_instance(acct),
        "function_group": _function_group(elb),
        **_of_service(scenario, acct),
    }


def _first_rule(rules: list[dict[str, Any]], kind: str) -> str:
    return next((str(rule["RuleArn"]) for rule in rules if rule["Actions"][0]["Type"] == kind), "")


def _function_group(elb: Any) -> str:
    groups = elb.describe_target_groups()["TargetGroups"]
    return next((str(group["TargetGroupArn"]) for group in groups if group["TargetType"] == "lambda"), "")


def _stopped_instance(acct: AccountBuilder) -> str:
    reservations = acct.client("ec2").describe_instances()["Reservations"]
    instances = [instance for one in reservations for instance in one["Instances"]]
    return next((str(one["InstanceId"]) for one in instances if one["State"]["Name"] != "running"), "")


def _of_service(scenario: Scenario, acct: AccountBuilder) -> dict[str, str]:
    """Empty for what is no ECS service."""
    ecs = acct.client("ecs")
    if not ecs.list_clusters()["clusterArns"]:
        return {}
    service = ecs.describe_services(cluster=CLUSTER, services=[scenario.target])["services"][0]
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return {
        "service": f"--cluster {CLUSTER} --service {scenario.target}",
        "definition": f"{scenario.target}:1",
        "target_group": service["loadBalancers"][0]["targetGroupArn"],
        "task_security_group": next(iter(network.get("securityGroups", ())), ""),
        "port": str(service["loadBalancers"][0]["containerPort"]),
    }
