from diagnostics.facts import SecurityGroup
from tests.incidents.building import (
    LB_SG,
    TASK_SG,
    Incident,
    allow_all,
    allow_from,
    change,
    definition,
    deployment,
    task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.lifecycle.task_crash_exit import new_revision_crashes_at_start

IPS = ("10.0.1.21", "10.0.1.22", "10.0.2.21", "10.0.2.22")


def rolled_out(created: float, onset: float) -> Incident:
    new = deployment(8, created=created)
    return (
        Incident()
        .service(deployments=(new,), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(*(task(n, ip, revision=8, started=created - 1) for n, ip in enumerate(IPS, 1)))
        .target_errors(60, onset)
    )


def a_group_rule_was_revoked_after_an_innocent_deployment() -> Incident:
    return (
        rolled_out(created=14, onset=0)
        .security_group(
            SecurityGroup(id=TASK_SG, name="checkout", ingress=(allow_from("sg-other"),), egress=(allow_all(),))
        )
        .unhealthy("Target.Timeout", "Request timed out")
        .elb_errors(504, 40, 10)
        .connection_errors(40, 10)
        .changed(change("RevokeSecurityGroupIngress", minutes_ago=12, resources=(TASK_SG, LB_SG)))
    )


CASES = (
    finds(
        "deployment-regression",
        "the targets answer 5xx since the new revision runs",
        lambda: rolled_out(created=22, onset=20),
        also=("target-generated-5xx",),
        band="likely",
    ),
    finds(
        "deployment-regression",
        "a crash of the new revision is the root, the deployment helps",
        new_revision_crashes_at_start,
        first="task-crash-exit",
        role="contributing",
        also=("deployment-failing-loop",),
    ),
    look_alike(
        "deployment-regression",
        "errors were there before it",
        lambda: rolled_out(created=20, onset=45),
        first="target-generated-5xx",
    ),
    look_alike(
        "deployment-regression",
        "it was over an hour before",
        lambda: rolled_out(created=90, onset=15),
        first="target-generated-5xx",
    ),
    look_alike(
        "deployment-regression",
        "a security group rule was revoked two minutes after an innocent deployment",
        a_group_rule_was_revoked_after_an_innocent_deployment,
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
)
