"""The one AWS CLI line that repairs a scenario, with the ids of the world that was built.

A scenario's ``REPAIR`` is such a line with names in braces: `places` says which there are and what they stand for.
"""

from __future__ import annotations

from demo.scenarios.scenario import Scenario
from demo.world.world import World

CLUSTER = "prod"


def repair_line(scenario: Scenario, world: World, account: str) -> str | None:
    """None where one line does not repair it."""
    if scenario.repair is None or "{" not in scenario.repair:
        return scenario.repair
    return scenario.repair.format(**places(scenario, world, account))


def places(scenario: Scenario, world: World, account: str) -> dict[str, str]:
    """The names that a ``REPAIR`` may use, for the scenario's ECS service and the load balancer in front of it.

    `rule` is the first listener rule that answers by itself, empty when there is none.
    """
    acct = world.account(account)
    ecs, elb = acct.client("ecs"), acct.client("elbv2")
    service = ecs.describe_services(cluster=CLUSTER, services=[scenario.target])["services"][0]
    group = service["loadBalancers"][0]["targetGroupArn"]
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]
    listener = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0]["ListenerArn"]
    fixed = [
        rule["RuleArn"]
        for rule in elb.describe_rules(ListenerArn=listener)["Rules"]
        if not rule["IsDefault"] and rule["Actions"][0]["Type"] == "fixed-response"
    ]
    return {
        "service": f"--cluster {CLUSTER} --service {scenario.target}",
        "definition": f"{scenario.target}:1",
        "target_group": group,
        "task_security_group": next(iter(network.get("securityGroups", ())), ""),
        "load_balancer_security_group": balancer["SecurityGroups"][0],
        "port": str(service["loadBalancers"][0]["containerPort"]),
        "rule": next(iter(fixed), ""),
    }
