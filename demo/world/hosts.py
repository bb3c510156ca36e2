"""EC2 container instances for services in bridge network mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.world.ecs.model import ContainerInstance

if TYPE_CHECKING:
    from demo.world.builder import AccountBuilder, Vpc

DEFAULT_CPU_UNITS = 2048
DEFAULT_MEMORY_MIB = 3840
FIRST_HOST_NUMBER = 10
ECS_OPTIMISED_IMAGE = "ami-0c2b0d3fb02824d92"


@dataclass(frozen=True, slots=True)
class Host:
    """A container instance and the EC2 instance that it is."""

    container_instance_arn: str
    instance_id: str
    address: str


def add_host(
    account: AccountBuilder,
    cluster: str,
    vpc: Vpc,
    zone: str,
    security_group: str,
    cpu_units: int = DEFAULT_CPU_UNITS,
    memory_mib: int = DEFAULT_MEMORY_MIB,
) -> Host:
    """Starts an instance and registers it with the cluster, as the ECS agent would."""
    region = account.world.region(account.account, account.region)
    ec2, subnet = account.client("ec2"), vpc.subnets[zone]
    held = region.store.cluster(cluster).instances
    network, _, _ = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"].rpartition(".")
    address = f"{network}.{FIRST_HOST_NUMBER + len(held)}"
    instance = ec2.run_instances(
        ImageId=ECS_OPTIMISED_IMAGE,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.medium",
        SubnetId=subnet,
        PrivateIpAddress=address,
        SecurityGroupIds=[security_group],
    )["Instances"][0]
    instance_id = str(instance["InstanceId"])
    address = str(instance["PrivateIpAddress"])
    arn = region.store.arn(f"container-instance/{cluster}/{region.store.new_id()}")
    held[arn.rsplit("/", 1)[-1]] = ContainerInstance(
        arn=arn,
        instance_id=instance_id,
        address=address,
        subnet=subnet,
        zone=f"{account.region}{zone}",
        cpu_units=cpu_units,
        memory_mib=memory_mib,
        registered=account.world.now(),
    )
    region.forget()
    return Host(arn, instance_id, address)
