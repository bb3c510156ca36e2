"""Puts web servers on EC2 instances of their own behind a load balancer, through the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends

from demo.world.apps import App
from demo.world.balancers import Request

if TYPE_CHECKING:
    from demo.world.builder import AccountBuilder

IMAGE = "ami-0c2b0d3fb02824d92"
PORT = 8080


def add_servers(acct: AccountBuilder, name: str, *, app: App, zones: Sequence[str], rpm: float) -> tuple[str, ...]:
    """An instance in each zone, their target group as the listener's default, and clients. Returns the instance ids."""
    from demo.world.builder import HealthCheck

    balancer, ec2, elb = acct.load_balancer(), acct.client("ec2"), acct.client("elbv2")
    group = acct.security_group(f"{name}-servers", balancer.vpc)
    acct.allow(group, PORT, PORT, source=balancer.security_group)
    made = [
        ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small",
            SubnetId=balancer.vpc.subnets[zone],
            SecurityGroupIds=[group],
        )["Instances"][0]["InstanceId"]
        for zone in zones
    ]
    region = acct.world.region(acct.account, acct.region)
    region.prober.servers.update(dict.fromkeys(made, app))
    region.forget()
    target_group = acct.target_group(name, balancer, PORT, HealthCheck(), "instance")
    elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": one} for one in made])
    action = {"Type": "forward", "TargetGroupArn": target_group}
    elb.modify_listener(ListenerArn=balancer.listener, DefaultActions=[action])
    acct.clients_of(balancer, Request(balancer.dns_name, "/", balancer.port), rpm)
    return tuple(made)


def stop_server(acct: AccountBuilder, instance_id: str, *, by: str) -> None:
    """A person stops an instance; moto would tell the machine's time as the moment of it."""
    acct.client("ec2", by).stop_instances(InstanceIds=[instance_id])
    instance: Any = ec2_backends[acct.account][acct.region].get_instance_by_id(instance_id)
    at = datetime.fromtimestamp(acct.world.now(), UTC)
    instance._reason = f"User initiated ({at:%Y-%m-%d %H:%M:%S} UTC)"  # noqa: SLF001
