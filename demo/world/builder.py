"""Builds accounts in a few readable calls; everything goes through the API, so CloudTrail knows who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.world.apps import App
from demo.world.balancers import Request, dimension
from demo.world.hosts import Host, add_host
from demo.world.people import BUILDER
from demo.world.service_handle import ServiceHandle, ServiceSpec, register_definition
from demo.world.traffic import Source

if TYPE_CHECKING:
    from demo.world.world import World

DEFAULT_CLUSTER = "prod"
DEFAULT_VPC = "main"
DEFAULT_LOAD_BALANCER = "public"
FIRST_RULE_PRIORITY = 10
LOAD_BALANCER_AGE_S = 40 * 24 * 3600
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A network with one subnet in each zone."""

    id: str
    name: str
    subnets: Mapping[str, str]
    """Zone letter to subnet id."""
    zones: tuple[str, ...]

    def pick(self, zones: Sequence[str] | None) -> list[str]:
        """Subnet ids of those zones, or of all."""
        return [self.subnets[zone] for zone in zones or self.zones]


@dataclass(slots=True)
class LoadBalancer:
    """An internet-facing application load balancer with one listener."""

    name: str
    arn: str
    dns_name: str
    security_group: str
    listener: str
    port: int
    vpc: Vpc
    bucket: str | None
    next_priority: int = FIRST_RULE_PRIORITY

    @property
    def dimension(self) -> str:
        """How CloudWatch names it."""
        return dimension(self.arn)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Health check settings of a target group; durations in seconds."""

    path: str = "/healthz"
    interval_s: int = 15
    timeout_s: int = 5
    healthy: int = 3
    unhealthy: int = 2
    port: str = "traffic-port"
    protocol: str = "HTTP"
    codes: str = "200"


@dataclass(slots=True)
class AccountBuilder:
    """One account and region under construction."""

    world: World
    account: str
    region: str
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    clusters: set[str] = field(default_factory=set)

    def client(self, service: str, by: str = BUILDER) -> Any:
        """A boto3 client acting as `role/session` in this account."""
        return self.world.people.client(service, self.account, self.region, by)

    def image(self, name: str) -> str:
        """`checkout:1` in this account's registry."""
        return name if "/" in name else f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{name}"

    def app(self, image: str, behaviour: App) -> None:
        """Says how an image behaves."""
        self.world.apps[self.image(image)] = behaviour

    def vpc(self, name: str = DEFAULT_VPC, zones: Sequence[str] = ("a", "b")) -> Vpc:
        """A VPC 10.n.0.0/16 with a /24 subnet in each zone; made once for each name."""
        if name not in self.vpcs:
            ec2, second = self.client("ec2"), 20 + len(self.vpcs)
            vpc_id = ec2.create_vpc(CidrBlock=f"10.{second}.0.0/16")["Vpc"]["VpcId"]
            ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
            subnets = {}
            for number, zone in enumerate(zones, start=1):
                answer = ec2.create_subnet(
                    VpcId=vpc_id, CidrBlock=f"10.{second}.{number}.0/24", AvailabilityZone=f"{self.region}{zone}"
                )
                subnets[zone] = answer["Subnet"]["SubnetId"]
            ec2.create_tags(Resources=[vpc_id], Tags=[{"Key": "Name", "Value": name}])
            self.vpcs[name] = Vpc(vpc_id, name, subnets, tuple(zones))
        return self.vpcs[name]

    def security_group(self, name: str, vpc: Vpc) -> str:
        """An empty security group; traffic out is allowed, as AWS creates it."""
        answer = self.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc.id)
        return str(answer["GroupId"])

    def allow(self, group: str, low: int, high: int, *, source: str, by: str = BUILDER) -> None:
        """Lets TCP in from another group or a CIDR."""
        self.client("ec2", by).authorize_security_group_ingress(
            GroupId=group, IpPermissions=[permission(low, high, source)]
        )

    def revoke(self, group: str, low: int, high: int, *, source: str, by: str) -> None:
        """Takes such a rule away."""
        self.client("ec2", by).revoke_security_group_ingress(
            GroupId=group, IpPermissions=[permission(low, high, source)]
        )

    def load_balancer(
        self,
        name: str = DEFAULT_LOAD_BALANCER,
        *,
        vpc: Vpc | None = None,
        zones: Sequence[str] | None = None,
        logs: bool = True,
        port: int = 80,
    ) -> LoadBalancer:
        """A load balancer whose listener answers 404 until services add rules; made once for each name."""
        if name in self.balancers:
            return self.balancers[name]
        vpc = vpc or self.vpc()
        group = self.security_group(f"{name}-alb", vpc)
        self.allow(group, port, port, source=ANYWHERE)
        elb = self.client("elbv2")
        made = elb.create_load_balancer(Name=name, Subnets=vpc.pick(zones), SecurityGroups=[group])["LoadBalancers"][0]
        default = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}
        listener = elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=[default]
        )["Listeners"][0]["ListenerArn"]
        elb.describe_load_balancers(LoadBalancerArns=[made["LoadBalancerArn"]])  # moto ends provisioning when asked
        self._backdate(made["LoadBalancerArn"])
        bucket = self._keep_logs(made["LoadBalancerArn"], name) if logs else None
        self.balancers[name] = LoadBalancer(
            name, made["LoadBalancerArn"], made["DNSName"], group, listener, port, vpc, bucket
        )
        return self.balancers[name]

    def cluster(self, name: str = DEFAULT_CLUSTER) -> str:
        """An ECS cluster; made once for each name."""
        if name not in self.clusters:
            self.client("ecs").create_cluster(clusterName=name)
            self.clusters.add(name)
        return name

    def host(self, cluster: str = DEFAULT_CLUSTER, *, security_group: str, zone: str = "a", **room: int) -> Host:
        """An EC2 container instance in a cluster; `room` is cpu_units and memory_mib."""
        self.cluster(cluster)
        return add_host(self, cluster, self.vpc(), zone, security_group, **room)

    def service(self, name: str, *, app: App | None = None, **given: Any) -> ServiceHandle:
        """A load-balanced ECS service: target group, rule, task definition, security group, service, clients.

        `given` are the fields of ServiceSpec, all with defaults. `app` is the behaviour of its image.
        """
        spec = ServiceSpec(name=name, **given)
        spec = replace(spec, image=self.image(spec.image or f"{name}:1"))
        if app is not None:
            self.world.apps[spec.image] = app
        balancer = spec.load_balancer or self.load_balancer()
        group = self._target_group(spec, balancer)
        rule = self._rule(spec, balancer, group)
        own_group = spec.security_group or self.security_group(f"{name}-tasks", balancer.vpc)
        if spec.security_group is None and spec.open_port:
            self.allow(own_group, spec.port, spec.port, source=balancer.security_group)
        definition = register_definition(self, spec, by=BUILDER)
        self._create(spec, balancer, group, own_group, definition)
        if spec.code_deploy:
            self._blue_green(spec, balancer)
        request = Request(spec.host or balancer.dns_name, spec.client_path, balancer.port)
        if spec.rpm:
            self.clients_of(balancer, request, spec.rpm)
        return ServiceHandle(self, spec, balancer, group, rule, own_group)

    def clients_of(self, balancer: LoadBalancer, request: Request, per_minute: float) -> None:
        """Clients that send a request so often."""
        region = self.world.region(self.account, self.region)
        region.traffic.sources.append(Source(balancer.arn, request, per_minute))

    def target_group(self, name: str, balancer: LoadBalancer, port: int, check: HealthCheck, kind: str = "ip") -> str:
        """A target group in the load balancer's network, with a deregistration delay of 30 seconds."""
        elb = self.client("elbv2")
        arn = elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=port,
            VpcId=balancer.vpc.id,
            TargetType=kind,
            HealthCheckProtocol=check.protocol,
            HealthCheckPort=check.port,
            HealthCheckPath=check.path,
            HealthCheckIntervalSeconds=check.interval_s,
            HealthCheckTimeoutSeconds=check.timeout_s,
            HealthyThresholdCount=check.healthy,
            UnhealthyThresholdCount=check.unhealthy,
            Matcher={"HttpCode": check.codes},
        )["TargetGroups"][0]["TargetGroupArn"]
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[attribute])
        return str(arn)

    def _target_group(self, spec: ServiceSpec, balancer: LoadBalancer) -> str:
        check = spec.health or HealthCheck(path=spec.health_path)
        kind = "instance" if spec.is_bridge else "ip"
        return self.target_group(spec.name[:32], balancer, spec.port, check, kind)

    def _rule(self, spec: ServiceSpec, balancer: LoadBalancer, group: str) -> str:
        """By host and path when given, else as the listener's default action."""
        elb, conditions = self.client("elbv2"), []
        action = {"Type": "forward", "TargetGroupArn": group}
        if spec.host:
            conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": [spec.host]}})
        if spec.path:
            conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": [spec.path]}})
        if not conditions:
            elb.modify_listener(ListenerArn=balancer.listener, DefaultActions=[action])
            answer = elb.describe_rules(ListenerArn=balancer.listener)
            return str(next(rule["RuleArn"] for rule in answer["Rules"] if rule["IsDefault"]))
        priority, balancer.next_priority = balancer.next_priority, balancer.next_priority + 10
        answer = elb.create_rule(
            ListenerArn=balancer.listener, Priority=priority, Conditions=conditions, Actions=[action]
        )
        return str(answer["Rules"][0]["RuleArn"])

    def _create(self, spec: ServiceSpec, balancer: LoadBalancer, group: str, own_group: str, definition: str) -> None:
        network = {
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": balancer.vpc.pick(spec.zones),
                    "securityGroups": [own_group],
                    "assignPublicIp": "DISABLED",
                }
            }
        }
        self.client("ecs").create_service(
            cluster=self.cluster(spec.cluster),
            serviceName=spec.name,
            taskDefinition=definition,
            desiredCount=spec.desired,
            launchType="EC2" if spec.is_bridge else "FARGATE",
            loadBalancers=[{"targetGroupArn": group, "containerName": spec.name, "containerPort": spec.port}],
            healthCheckGracePeriodSeconds=spec.grace_s,
            deploymentConfiguration={
                "minimumHealthyPercent": spec.minimum_percent,
                "maximumPercent": spec.maximum_percent,
                "deploymentCircuitBreaker": {"enable": spec.breaker, "rollback": spec.rollback},
            },
            tags=[{"key": "team", "value": spec.team}],
            **({"deploymentController": {"type": "CODE_DEPLOY"}} if spec.code_deploy else {}),
            **({} if spec.is_bridge else network),
        )

    def _blue_green(self, spec: ServiceSpec, balancer: LoadBalancer) -> None:
        """A second target group, and CodeDeploy's deployment group of the service's name."""
        second = f"{spec.name[:26]}-green"
        self.target_group(second, balancer, spec.port, spec.health or HealthCheck(path=spec.health_path))
        pair = {
            "targetGroups": [{"name": spec.name[:32]}, {"name": second}],
            "prodTrafficRoute": {"listenerArns": [balancer.listener]},
        }
        self.client("codedeploy").create_deployment_group(
            applicationName=spec.name,
            deploymentGroupName=spec.name,
            serviceRoleArn=f"arn:aws:iam::{self.account}:role/ecsCodeDeployRole",
            ecsServices=[{"clusterName": spec.cluster, "serviceName": spec.name}],
            loadBalancerInfo={"targetGroupPairInfoList": [pair]},
        )

    def _backdate(self, arn: str) -> None:
        """A load balancer is older than the history that is simulated; moto takes the machine's time."""
        held = self.world.region(self.account, self.region).balancers.load_balancer(arn)
        created = datetime.fromtimestamp(self.world.now() - LOAD_BALANCER_AGE_S, UTC)
        if held is not None:
            held.created_time = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def _keep_logs(self, arn: str, name: str) -> str:
        bucket = f"alb-logs-{self.account}-{name}"
        placed = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
        self.client("s3").create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": placed} if placed else {}))
        attributes = {"enabled": "true", "bucket": bucket, "prefix": name}
        self.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[{"Key": f"access_logs.s3.{key}", "Value": value} for key, value in attributes.items()],
        )
        return bucket


def permission(low: int, high: int, source: str) -> dict[str, Any]:
    """One TCP rule for a port range, from (or to) a security group or a CIDR."""
    peer = (
        {"UserIdGroupPairs": [{"GroupId": source}]} if source.startswith("sg-") else {"IpRanges": [{"CidrIp": source}]}
    )
    return {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, **peer}
