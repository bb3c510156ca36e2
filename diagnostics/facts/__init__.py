"""Frozen, typed facts about one service's path. What could not be read is a Gap, never None."""

from diagnostics.facts.access_logs import (
    AccessLogs,
    ErrorCount,
    GeneratedBy,
    HealthCheckLogs,
    HealthCheckRow,
    KeyCount,
    Latency,
    LoggedRow,
    RowFamily,
)
from diagnostics.facts.alarms import Alarm, Alarms
from diagnostics.facts.application_logs import ApplicationLogs, LogLine, LogSignature, SignatureCount
from diagnostics.facts.changes import Change, Changes, DeletedRule, DeletedRules, EarlierChanges, FormerRule
from diagnostics.facts.code_deploy import CodeDeployment, CodeDeployments
from diagnostics.facts.containers import (
    Container,
    ContainerDefinition,
    ContainerHealthCheck,
    ContainerInstance,
    ContainerInstances,
    Deployment,
    DeploymentHook,
    EcsCluster,
    EcsService,
    PortBinding,
    PortMapping,
    RunningTasks,
    ServiceDeployment,
    ServiceEvent,
    ServiceHistory,
    ServiceLoadBalancer,
    ServiceRevision,
    StoppedTasks,
    Task,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.facts.fact import Fact, Frozen, Gap, GapKind, NotApplicable, Read, Unread, known
from diagnostics.facts.hosts import (
    FormerHosts,
    Host,
    Hosts,
    LifecycleHook,
    RouteTable,
    RouteTables,
    ScalingActivities,
    ScalingActivity,
    ScheduledEvent,
    TableRoute,
)
from diagnostics.facts.lambda_targets import (
    FunctionAlias,
    FunctionConfiguration,
    InvokeStatement,
    LambdaTarget,
    LambdaTargets,
)
from diagnostics.facts.load_balancing import (
    ForwardTarget,
    HealthCheck,
    Listener,
    Listeners,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancers,
    Rule,
    RuleAction,
    RuleCondition,
    SiblingHealth,
    Tags,
    Target,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
    ZoneMapping,
)
from diagnostics.facts.metrics import Metrics, Point, Series
from diagnostics.facts.network import (
    GroupReference,
    NetworkAcl,
    NetworkAclEntry,
    NetworkAcls,
    NetworkInterface,
    NetworkInterfaces,
    Permission,
    PrefixLists,
    SecurityGroup,
    SecurityGroups,
    Subnet,
    Subnets,
)
from diagnostics.facts.own_changes import OwnChange, OwnChanges, OwnSetting
from diagnostics.facts.scaling import (
    HostMetrics,
    ScalingLimits,
    ScalingPolicy,
    ServiceScaling,
    ServiceScalingActivity,
    UsualLoad,
)
from diagnostics.facts.service_health import HealthEvent, HealthEvents
