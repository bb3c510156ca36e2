from diagnostics.facts import SecurityGroup, SecurityGroups
from tests.incidents.building import TASK_SG, TG, Incident, allow_all, change, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, mended
from tests.incidents.health_check.health_check_port_mismatch import SILENT
from tests.incidents.loading import Wrote, cpu, wrote

CODE = "health-check-timeout-too-short"
SLOWLY = Wrote("request", 40, since=22, details=(("path", "/healthz"), ("status", "200"), ("seconds", "6.2")))


def timeout_was_lowered() -> Incident:
    request = {"targetGroupArn": TG, "healthCheckTimeoutSeconds": 2}
    return (
        Incident()
        .health_check(timeout_s=2)
        .unhealthy(*SILENT, since=20)
        .changed(change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request))
    )


def security_group_revoked() -> Incident:
    return (
        Incident()
        .security_group(SecurityGroup(id=TASK_SG, name="checkout", vpc_id="vpc-01", ingress=(), egress=(allow_all(),)))
        .unhealthy(*SILENT, since=20)
        .connection_errors(60, 20)
        .elb_errors(504, 60, 20)
    )


def users_wait_as_well() -> Incident:
    return Incident().unhealthy(*SILENT, since=20).of_group("TargetResponseTime", 9.0, 180, statistic="p99")


def processor_is_full() -> Incident:
    return (
        Incident()
        .unhealthy(*SILENT, targets=("10.0.1.21",), since=20)
        .metric(
            "CPUUtilization",
            minutes_of(100.0, 180),
            "Maximum",
            namespace="AWS/ECS",
            ClusterName="prod",
            ServiceName="checkout",
        )
    )


CASES = (
    finds(
        CODE,
        "a time-out of 2 s was raised again",
        lambda: mended("Request timed out", "healthCheckTimeoutSeconds", (5, 2)),
        summary_says="time-out in seconds 2 got no answer in time; over since",
    ),
    finds(
        CODE,
        "the time-out was lowered to 2 s and the health path needs 3",
        timeout_was_lowered,
        also=(OPEN,),
        band="likely",
    ),
    finds(
        CODE,
        "a deep health path is slow on one target",
        lambda: Incident().unhealthy(*SILENT, targets=("10.0.1.21",), since=20),
        band="likely",
    ),
    finds(
        CODE,
        "the security groups may not be read",
        lambda: (
            Incident()
            .unhealthy(*SILENT, targets=("10.0.1.21",), since=20)
            .denied(SecurityGroups, "ec2:DescribeSecurityGroups")
        ),
        band="possible",
    ),
    look_alike(
        CODE, "the security group was revoked", security_group_revoked, first="sg-ingress-missing", also=(OPEN,)
    ),
    look_alike(
        CODE, "people wait as long as the checks", users_wait_as_well, first="insufficient-evidence", also=(OPEN,)
    ),
    finds(
        CODE,
        "a deep health path is slow on one target, and a job by the clock was busy for two minutes",
        lambda: cpu(Incident().unhealthy(*SILENT, targets=("10.0.1.21",), since=20), 100, 40, 9, 7),
        band="likely",
    ),
    finds(
        CODE,
        "the application's log shows that the health path needs six seconds",
        lambda: wrote(Incident().unhealthy(*SILENT, since=20), SLOWLY),
        also=(OPEN,),
        band="confirmed",
    ),
    look_alike(CODE, "the processor is at its limit", processor_is_full, first="insufficient-evidence"),
)
