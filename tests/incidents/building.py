"""A pure builder of snapshots: a healthy service named checkout, and the ways in which it breaks.

Everything is at a fixed time, so that an incident reads as "ten minutes ago": `NOW` is the moment of the diagnosis.
The world: an application load balancer in two zones, one listener with one rule, one target group of type ip with
four Fargate tasks on port 8080, a health check on ``/healthz`` every 30 s, an hour of 600 requests a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from diagnostics.facts import (
    Change,
    Changes,
    CodeDeployments,
    Container,
    ContainerDefinition,
    ContainerInstances,
    Deployment,
    EcsCluster,
    EcsService,
    Fact,
    ForwardTarget,
    Gap,
    GroupReference,
    HealthCheck,
    HealthEvents,
    HostMetrics,
    Hosts,
    LambdaTargets,
    Listener,
    Listeners,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancers,
    Metrics,
    NetworkAcl,
    NetworkAclEntry,
    NetworkAcls,
    NetworkInterface,
    NetworkInterfaces,
    NotApplicable,
    Permission,
    Point,
    PortMapping,
    PrefixLists,
    RouteTables,
    Rule,
    RuleAction,
    RuleCondition,
    RunningTasks,
    ScalingActivities,
    SecurityGroup,
    SecurityGroups,
    Series,
    ServiceEvent,
    ServiceHistory,
    ServiceLoadBalancer,
    SiblingHealth,
    StoppedTasks,
    Subnet,
    Subnets,
    Tags,
    Target,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
    Task,
    TaskDefinition,
    TaskDefinitions,
    ZoneMapping,
)
from diagnostics.snapshot import Snapshot, Subject, Window

F = TypeVar("F", bound=Fact)

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
ACCOUNT = "111122223333"
REGION = "us-east-1"
_ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
_ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
LB = f"{_ELB}:loadbalancer/app/shop/50dc6c495c0c9188"
TG = f"{_ELB}:targetgroup/checkout/73e2d6bc24d8a067"
OTHER_TG = f"{_ELB}:targetgroup/search/8a1b2c3d4e5f6071"
LISTENER = f"{_ELB}:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
SERVICE = f"{_ECS}:service/prod/checkout"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod"
LB_SG, TASK_SG = "sg-0a1b", "sg-0c2d"
VPC = "vpc-01"
SUBNETS = {"subnet-0a": ("us-east-1a", "10.0.1.0/24"), "subnet-0b": ("us-east-1b", "10.0.2.0/24")}
TARGETS = {"10.0.1.21": "subnet-0a", "10.0.1.22": "subnet-0a", "10.0.2.21": "subnet-0b", "10.0.2.22": "subnet-0b"}
NODES = {"10.0.1.10": "subnet-0a", "10.0.2.10": "subnet-0b"}
PORT = 8080
LB_DIMENSION = LB.split(":loadbalancer/")[1]
TG_DIMENSION = TG.rsplit(":", 1)[1]


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def task_definition_arn(revision: int) -> str:
    return f"{_ECS}:task-definition/checkout:{revision}"


@cache
def minutes_of(value: float, since: float, until: float = 0) -> tuple[Point, ...]:
    """One point a minute with this value, from `since` minutes ago to `until` minutes ago."""
    return tuple(Point(at=ago(m), value=value) for m in range(round(since), round(until), -1))


def task(number: int, ip: str, *, revision: int = 7, started: float = 600, **changes: Any) -> Task:
    base = Task(
        arn=f"{_ECS}:task/prod/{number:08x}{0:024x}",
        task_definition=task_definition_arn(revision),
        last_status="RUNNING",
        desired_status="RUNNING",
        started_by=f"ecs-svc/{revision}",
        group="service:checkout",
        zone=SUBNETS[TARGETS.get(ip, "subnet-0a")][0],
        launch_type="FARGATE",
        private_ips=(ip,),
        subnet_id=TARGETS.get(ip, "subnet-0a"),
        network_interface_id=f"eni-{number:04x}",
        cpu="512",
        memory="1024",
        created_at=ago(started + 1),
        started_at=ago(started),
        containers=(Container(name="web", image="checkout:7", last_status="RUNNING", health_status="UNKNOWN"),),
    )
    return base.model_copy(update=changes)


def stopped_task(
    number: int,
    *,
    minutes_ago: float,
    exit_code: int | None = None,
    reason: str | None = None,
    stop_code: str = "EssentialContainerExited",
    stopped_reason: str = "Essential container in task exited",
    revision: int = 7,
    ran_minutes: float = 5,
    ip: str = "10.0.1.50",
) -> Task:
    return task(
        number,
        ip,
        revision=revision,
        started=minutes_ago + ran_minutes,
        last_status="STOPPED",
        desired_status="STOPPED",
        stop_code=stop_code,
        stopped_reason=stopped_reason,
        stopping_at=ago(minutes_ago + 0.2),
        stopped_at=ago(minutes_ago),
        containers=(
            Container(
                name="web", image=f"checkout:{revision}", last_status="STOPPED", exit_code=exit_code, reason=reason
            ),
        ),
    )


def deployment(revision: int = 7, *, created: float = 2000, **changes: Any) -> Deployment:
    base = Deployment(
        id=f"ecs-svc/{revision}",
        status="PRIMARY",
        task_definition=task_definition_arn(revision),
        desired=4,
        running=4,
        pending=0,
        rollout_state="COMPLETED",
        rollout_state_reason=f"ECS deployment ecs-svc/{revision} completed.",
        created_at=ago(created),
        updated_at=ago(max(created - 5, 0)),
    )
    return base.model_copy(update=changes)


def definition(revision: int = 7, **changes: Any) -> TaskDefinition:
    base = TaskDefinition(
        arn=task_definition_arn(revision),
        family="checkout",
        revision=revision,
        network_mode="awsvpc",
        cpu="512",
        memory="1024",
        containers=(
            ContainerDefinition(
                name="web",
                image=f"checkout:{revision}",
                memory_mib=1024,
                port_mappings=(PortMapping(container_port=PORT, host_port=PORT),),
                environment={"PORT": str(PORT)},
                environment_names=("PORT", "DATABASE_URL"),
            ),
        ),
        registered_at=ago(2000 if revision <= 7 else 30),
    )
    return base.model_copy(update=changes)


def allow_all_entries() -> tuple[NetworkAclEntry, ...]:
    return tuple(
        NetworkAclEntry(rule_number=number, egress=egress, protocol="-1", allow=allow, cidr="0.0.0.0/0")
        for egress in (False, True)
        for number, allow in ((100, True), (32767, False))
    )


def change(name: str, *, minutes_ago: float, resources: Iterable[str], **changes: Any) -> Change:
    base = Change(
        id=f"event-{name}-{minutes_ago}",
        at=ago(minutes_ago),
        name=name,
        source="ec2.amazonaws.com"
        if "SecurityGroup" in name or "Acl" in name
        else "elasticloadbalancing.amazonaws.com",
        actor="role/ops-admin",
        user_agent="console.amazonaws.com",
        resources=tuple(resources),
    )
    return base.model_copy(update=changes)


@dataclass
class Incident:
    """A healthy service to break. Each method changes one part and returns self; `snapshot()` freezes it."""

    facts: dict[type[Fact], Fact | Gap | NotApplicable] = field(default_factory=dict)
    subject: Subject = field(
        default_factory=lambda: Subject(
            query="checkout",
            kind="ecs-service",
            account=ACCOUNT,
            region=REGION,
            load_balancers=(LB,),
            target_groups=(TG,),
            cluster="prod",
            service="checkout",
        )
    )
    _series: dict[tuple[str, str, tuple[tuple[str, str], ...]], Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fact in _healthy_facts():
            self.facts[type(fact)] = fact
        self.facts[SiblingHealth] = NotApplicable(reason="requests go to its own target groups, or to none")
        self.facts[HealthEvents] = NotApplicable(reason="nothing is observed that an issue of AWS could explain")
        self.facts[LambdaTargets] = NotApplicable(reason="no target group has functions as targets")
        self.facts[CodeDeployments] = NotApplicable(reason="CodeDeploy does not deploy it")
        for kind in (ContainerInstances, HostMetrics, Hosts, RouteTables, ScalingActivities):
            self.facts[kind] = NotApplicable(reason="its tasks run on Fargate, in the load balancer's VPC")
        for metric in (
            "HTTPCode_ELB_500_Count",
            "HTTPCode_ELB_502_Count",
            "HTTPCode_ELB_503_Count",
            "HTTPCode_ELB_504_Count",
            "HTTPCode_ELB_5XX_Count",
            "HTTPCode_ELB_4XX_Count",
            "HTTPCode_Target_5XX_Count",
            "TargetConnectionErrorCount",
            "TargetTLSNegotiationErrorCount",
            "HTTP_Fixed_Response_Count",
            "RejectedConnectionCount",
        ):
            self.metric(metric, (), LoadBalancer=LB_DIMENSION)
        for metric in (
            "HTTPCode_Target_5XX_Count",
            "HTTPCode_Target_4XX_Count",
            "TargetConnectionErrorCount",
            "TargetTLSNegotiationErrorCount",
            "UnhealthyRoutingRequestCount",
        ):
            self.metric(metric, (), LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
        both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
        self.metric("RequestCount", minutes_of(600, 180), LoadBalancer=LB_DIMENSION)
        self.metric("RequestCount", minutes_of(600, 180), **both)
        self.metric("HTTPCode_Target_2XX_Count", minutes_of(600, 180), **both)
        for statistic, value in (("p50", 0.02), ("p99", 0.2), ("Maximum", 0.6)):
            self.metric("TargetResponseTime", minutes_of(value, 180), statistic, **both)
        for metric, value in (("HealthyHostCount", 4.0), ("UnHealthyHostCount", 0.0)):
            for statistic in ("Minimum", "Maximum"):
                self.metric(metric, minutes_of(value, 180), statistic, **both)
        for metric, value in (("CPUUtilization", 30.0), ("MemoryUtilization", 45.0)):
            for statistic in ("Average", "Maximum"):
                self.metric(
                    metric,
                    minutes_of(value, 180),
                    statistic,
                    namespace="AWS/ECS",
                    ClusterName="prod",
                    ServiceName="checkout",
                )

    # -- general

    def replace(self, fact: Fact) -> Incident:
        self.facts[type(fact)] = fact
        return self

    def edit(self, kind: type[F], change_it: Callable[[F], F]) -> Incident:
        """Replaces one fact by a changed copy: ``incident.edit(EcsService, lambda s: s.model_copy(update={…}))``."""
        found = self.facts[kind]
        assert isinstance(found, kind)
        self.facts[kind] = change_it(found)
        return self

    def known(self, kind: type[F]) -> F:
        found = self.facts[kind]
        assert isinstance(found, kind)
        return found

    def denied(self, kind: type[Fact], action: str) -> Incident:
        self.facts[kind] = Gap(action=action, resource="*", error="AccessDenied", kind="denied")
        return self

    def not_applicable(self, kind: type[Fact], reason: str) -> Incident:
        self.facts[kind] = NotApplicable(reason=reason)
        return self

    # -- metrics

    def metric(
        self,
        metric: str,
        points: Iterable[Point],
        statistic: str = "Sum",
        namespace: str = "AWS/ApplicationELB",
        **dimensions: str,
    ) -> Incident:
        pairs = tuple(sorted(dimensions.items()))
        self._series[metric, statistic, pairs] = Series(
            namespace=namespace, metric=metric, statistic=statistic, dimensions=pairs, period_s=60, points=tuple(points)
        )
        return self

    def of_group(self, metric: str, value: float, since: float, until: float = 0, statistic: str = "Sum") -> Incident:
        """A series of this target group: `value` a minute from `since` to `until` minutes ago."""
        return self.metric(
            metric, minutes_of(value, since, until), statistic, LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION
        )

    def of_balancer(self, metric: str, value: float, since: float, until: float = 0) -> Incident:
        return self.metric(metric, minutes_of(value, since, until), LoadBalancer=LB_DIMENSION)

    def elb_errors(self, code: int, per_minute: float, since: float, until: float = 0) -> Incident:
        """Errors that the load balancer made itself."""
        return self.of_balancer(f"HTTPCode_ELB_{code}_Count", per_minute, since, until)

    def target_errors(self, per_minute: float, since: float, until: float = 0) -> Incident:
        """5xx answers of the targets."""
        return self.of_group("HTTPCode_Target_5XX_Count", per_minute, since, until).of_balancer(
            "HTTPCode_Target_5XX_Count", per_minute, since, until
        )

    def connection_errors(self, per_minute: float, since: float, until: float = 0) -> Incident:
        return self.of_group("TargetConnectionErrorCount", per_minute, since, until).of_balancer(
            "TargetConnectionErrorCount", per_minute, since, until
        )

    # -- health

    def unhealthy(
        self, reason: str, description: str, *, targets: Iterable[str] | None = None, since: float = 10
    ) -> Incident:
        """These targets (default all) are unhealthy for this reason since so many minutes; metrics follow."""
        return self.health("unhealthy", reason, description, targets=targets, since=since)

    def health(
        self,
        state: str,
        reason: str | None,
        description: str | None,
        *,
        targets: Iterable[str] | None = None,
        since: float = 10,
    ) -> Incident:
        chosen = set(targets if targets is not None else TARGETS)
        now = self.known(TargetHealth).by_group[TG]
        update = {"state": state, "reason": reason, "description": description}
        changed = tuple(t.model_copy(update=update) if t.id in chosen else t for t in now)
        self.targets(changed)
        sick = sum(t.state == "unhealthy" for t in changed)
        well = sum(t.state == "healthy" for t in changed)
        for statistic in ("Minimum", "Maximum"):
            both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
            before = minutes_of(4, 180, since), minutes_of(0, 180, since)
            self.metric("HealthyHostCount", before[0] + minutes_of(well, since), statistic, **both)
            self.metric("UnHealthyHostCount", before[1] + minutes_of(sick, since), statistic, **both)
        return self

    def targets(self, targets: Iterable[Target], group: str = TG) -> Incident:
        return self.edit(
            TargetHealth, lambda fact: fact.model_copy(update={"by_group": {**fact.by_group, group: tuple(targets)}})
        )

    def health_check(self, **changes: Any) -> Incident:
        def edit(fact: TargetGroups) -> TargetGroups:
            groups = tuple(
                group.model_copy(update={"health_check": group.health_check.model_copy(update=changes)})
                if group.arn == TG
                else group
                for group in fact.items
            )
            return fact.model_copy(update={"items": groups})

        return self.edit(TargetGroups, edit)

    def target_group(self, **changes: Any) -> Incident:
        def edit(fact: TargetGroups) -> TargetGroups:
            groups = tuple(g.model_copy(update=changes) if g.arn == TG else g for g in fact.items)
            return fact.model_copy(update={"items": groups})

        return self.edit(TargetGroups, edit)

    # -- ECS

    def service(self, **changes: Any) -> Incident:
        return self.edit(EcsService, lambda fact: fact.model_copy(update=changes))

    def event(self, message: str, minutes_ago: float) -> Incident:
        def edit(fact: EcsService) -> EcsService:
            event = ServiceEvent(
                id=f"e{len(fact.events)}", at=ago(minutes_ago), message=f"(service checkout) {message}"
            )
            events = sorted((*fact.events, event), key=lambda e: e.at, reverse=True)
            return fact.model_copy(update={"events": tuple(events)})

        return self.edit(EcsService, edit)

    def stopped(self, *tasks: Task) -> Incident:
        return self.edit(
            StoppedTasks,
            lambda fact: fact.model_copy(
                update={"items": tuple(sorted((*fact.items, *tasks), key=lambda t: t.stopped_at or NOW, reverse=True))}
            ),
        )

    def running(self, *tasks: Task) -> Incident:
        return self.edit(RunningTasks, lambda fact: fact.model_copy(update={"items": tasks}))

    def definitions(self, *definitions: TaskDefinition, previous: int | None = None) -> Incident:
        return self.replace(
            TaskDefinitions(
                by_arn={d.arn: d for d in definitions},
                previous_arn=task_definition_arn(previous) if previous is not None else None,
            )
        )

    # -- network

    def security_group(self, group: SecurityGroup) -> Incident:
        return self.edit(
            SecurityGroups, lambda fact: fact.model_copy(update={"by_id": {**fact.by_id, group.id: group}})
        )

    def network_acl(self, acl: NetworkAcl) -> Incident:
        """Puts a network ACL in front of its subnets; the default one keeps the others."""

        def edit(fact: NetworkAcls) -> NetworkAcls:
            rest = tuple(
                old.model_copy(update={"subnet_ids": tuple(s for s in old.subnet_ids if s not in acl.subnet_ids)})
                for old in fact.items
            )
            return fact.model_copy(update={"items": (*rest, acl)})

        return self.edit(NetworkAcls, edit)

    # -- changes and routing

    def changed(self, *changes: Change) -> Incident:
        return self.edit(Changes, lambda fact: fact.model_copy(update={"items": (*changes, *fact.items)}))

    def rules(self, *rules: Rule) -> Incident:
        return self.replace(
            Listeners(items=(Listener(arn=LISTENER, load_balancer_arn=LB, port=443, protocol="HTTPS", rules=rules),))
        )

    def shared_with_search(self) -> Incident:
        """Another service, search, has a rule on the same load balancer."""
        self.rules(
            Rule(
                arn=f"{LISTENER}/1",
                priority=10,
                conditions=(RuleCondition(field="path-pattern", values=("/search*",)),),
                actions=(RuleAction(type="forward", forward=(ForwardTarget(target_group_arn=OTHER_TG),)),),
            ),
            forward_rule(),
        )
        other = self.known(TargetGroups).items[0].model_copy(update={"arn": OTHER_TG, "name": "search"})
        self.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))
        both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": OTHER_TG.rsplit(":", 1)[1]}
        for metric in ("TargetConnectionErrorCount", "TargetTLSNegotiationErrorCount", "HTTPCode_Target_5XX_Count"):
            self.metric(metric, (), **both)
        self.metric("UnHealthyHostCount", minutes_of(0, 180), "Minimum", **both)
        return self

    # -- the result

    def snapshot(self) -> Snapshot:
        metrics = Metrics(covered_from=ago(180), covered_to=NOW, series=tuple(self._series.values()))
        everything: dict[type[Fact], Fact | Gap | NotApplicable] = {Metrics: metrics}
        everything.update(self.facts)
        facts = [fact for fact in everything.values() if isinstance(fact, Fact)]
        missing = {kind: fact for kind, fact in everything.items() if isinstance(fact, Gap | NotApplicable)}
        return Snapshot.of(
            *facts, subject=self.subject, window=Window(start=ago(60), end=NOW), taken_at=NOW, missing=missing
        )


def forward_rule(target_group: str = TG) -> Rule:
    """The default rule that sends everything to this target group."""
    forward = RuleAction(type="forward", forward=(ForwardTarget(target_group_arn=target_group),))
    return Rule(arn=f"{LISTENER}/default", priority=None, actions=(forward,))


def allow_from(*groups: str, port: int = PORT) -> Permission:
    return Permission(
        protocol="tcp", from_port=port, to_port=port, groups=tuple(GroupReference(group_id=group) for group in groups)
    )


def allow_all() -> Permission:
    return Permission(protocol="-1", cidrs=("0.0.0.0/0",))


@cache
def _healthy_facts() -> tuple[Fact, ...]:
    balancer = LoadBalancer(
        arn=LB,
        name="shop",
        dns_name="shop-1234567890.us-east-1.elb.amazonaws.com",
        scheme="internet-facing",
        type="application",
        state="active",
        vpc_id=VPC,
        security_groups=(LB_SG,),
        zones=tuple(ZoneMapping(zone=zone, subnet_id=subnet) for subnet, (zone, _) in SUBNETS.items()),
    )
    group = TargetGroup(
        arn=TG,
        name="checkout",
        target_type="ip",
        protocol="HTTP",
        protocol_version="HTTP1",
        port=80,
        vpc_id=VPC,
        load_balancer_arns=(LB,),
        health_check=HealthCheck(
            protocol="HTTP",
            port="traffic-port",
            path="/healthz",
            interval_s=30,
            timeout_s=5,
            healthy_threshold=5,
            unhealthy_threshold=2,
            matcher="200",
        ),
    )
    interfaces = [
        NetworkInterface(
            id=f"eni-{number:04x}",
            subnet_id=subnet,
            vpc_id=VPC,
            zone=SUBNETS[subnet][0],
            private_ips=(ip,),
            security_groups=(TASK_SG,),
            description=f"{_ECS}:attachment/{number}",
            status="in-use",
        )
        for number, (ip, subnet) in enumerate(TARGETS.items(), 1)
    ] + [
        NetworkInterface(
            id=f"eni-node{number}",
            subnet_id=subnet,
            vpc_id=VPC,
            zone=SUBNETS[subnet][0],
            private_ips=(ip,),
            security_groups=(LB_SG,),
            description=f"ELB {LB_DIMENSION}",
            status="in-use",
        )
        for number, (ip, subnet) in enumerate(NODES.items(), 1)
    ]
    return (
        LoadBalancers(items=(balancer,)),
        LoadBalancerAttributes(by_arn={LB: {"idle_timeout.timeout_seconds": "60", "access_logs.s3.enabled": "false"}}),
        Listeners(
            items=(Listener(arn=LISTENER, load_balancer_arn=LB, port=443, protocol="HTTPS", rules=(forward_rule(),)),)
        ),
        TargetGroups(items=(group,)),
        TargetGroupAttributes(by_arn={TG: {"deregistration_delay.timeout_seconds": "300"}}),
        TargetHealth(
            by_group={
                TG: tuple(
                    Target(id=ip, port=PORT, zone=SUBNETS[subnet][0], state="healthy", health_check_port=str(PORT))
                    for ip, subnet in TARGETS.items()
                )
            }
        ),
        Tags(by_arn={}),
        EcsCluster(arn=CLUSTER, cluster="prod", container_insights="disabled", services=3, running=12),
        EcsService(
            arn=SERVICE,
            service="checkout",
            cluster="prod",
            status="ACTIVE",
            desired=4,
            running=4,
            pending=0,
            task_definition=task_definition_arn(7),
            launch_type="FARGATE",
            load_balancers=(ServiceLoadBalancer(target_group_arn=TG, container_name="web", container_port=PORT),),
            deployments=(deployment(),),
            events=(ServiceEvent(id="e0", at=ago(120), message="(service checkout) has reached a steady state."),),
            grace_period_s=60,
            subnets=tuple(SUBNETS),
            security_groups=(TASK_SG,),
            assign_public_ip=False,
            created_at=ago(100_000),
        ),
        ServiceHistory(),
        RunningTasks(items=tuple(task(number, ip) for number, ip in enumerate(TARGETS, 1))),
        StoppedTasks(items=()),
        TaskDefinitions(by_arn={task_definition_arn(7): definition(7)}),
        SecurityGroups(
            by_id={
                LB_SG: SecurityGroup(
                    id=LB_SG,
                    name="shop-lb",
                    vpc_id=VPC,
                    ingress=(Permission(protocol="tcp", from_port=443, to_port=443, cidrs=("0.0.0.0/0",)),),
                    egress=(allow_all(),),
                ),
                TASK_SG: SecurityGroup(
                    id=TASK_SG, name="checkout", vpc_id=VPC, ingress=(allow_from(LB_SG),), egress=(allow_all(),)
                ),
            }
        ),
        PrefixLists(cidrs={}),
        NetworkInterfaces(items=tuple(interfaces)),
        Subnets(
            by_id={
                subnet: Subnet(id=subnet, vpc_id=VPC, zone=zone, cidr=cidr, available_ips=200)
                for subnet, (zone, cidr) in SUBNETS.items()
            }
        ),
        NetworkAcls(
            items=(
                NetworkAcl(
                    id="acl-01", vpc_id=VPC, is_default=True, subnet_ids=tuple(SUBNETS), entries=allow_all_entries()
                ),
            )
        ),
        Changes(items=(), looked_up=(TASK_SG, TG)),
    )
