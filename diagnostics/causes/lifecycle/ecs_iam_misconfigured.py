from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, Metrics, ServiceEvent, StoppedTasks
from diagnostics.rules import start_failures
from diagnostics.rules.missing_tasks import failed_lately, lacks_tasks, said_lately

_ROLE_WORDS = (
    "iam permissions policies",
    "iam trust relationship",
    "unable to assume the role",
    "unable to assume role",
    "unable to assume the service linked role",
    "unable to assume the service-linked role",
    "unable to assume service linked role",
    "not authorized to perform: sts:assumerole",
)
_REGISTER_WORDS = ("failed to register targets", "failed to deregister targets")
_DENIED = ("not authorized", "accessdenied", "access denied", "unauthorizedoperation")
_KINDS = (
    start_failures.Kind(
        "ECS's own role is missing or was changed",
        ("service linked role", "service-linked role", "iam permissions policies"),
        "Create the role again: `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`; or give the"
        " service's role back what AmazonECSServiceRolePolicy allows.",
    ),
    start_failures.Kind(
        "ECS may not register targets",
        _REGISTER_WORDS,
        "Let the service's role register and deregister targets again (elasticloadbalancing:RegisterTargets).",
    ),
    start_failures.Kind(
        "a role cannot be assumed",
        ("assume", "trust relationship"),
        "Let the role that the message names exist and its trust policy name ecs-tasks.amazonaws.com (for a service"
        " role ecs.amazonaws.com).",
    ),
)


@cause(
    code="ecs-iam-misconfigured",
    title="ECS lacks a role that it needs",
    needs=(EcsService,),
    uses=(StoppedTasks, Metrics),
    clear_needs=(StoppedTasks, Metrics),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html",),
    replaces=("resource-initialization-failed", "task-placement-failed"),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def ecs_iam_misconfigured(facts: Facts) -> Iterator[Finding]:
    """Decided by service events or stop reasons that say that a role is absent or cannot be assumed, or that ECS may
    not register targets. Refuted when the service has its tasks. A role that can be assumed and lacks one permission
    (a secret, an image) is a failed initialisation and not this.
    """
    failed = failed_lately(facts, _ROLE_WORDS)
    refused = tuple(event for event in said_lately(facts, _REGISTER_WORDS) if _is_denied(event))
    events = (*said_lately(facts, _ROLE_WORDS), *refused)
    found = start_failures.finding(
        facts,
        failed,
        events,
        words=(*_ROLE_WORDS, *_REGISTER_WORDS),
        kinds=_KINDS,
        what="cannot be started or registered",
    )
    if found is not None and (lacks_tasks(facts, failed, events) or (refused and _nobody(facts))):
        yield found


def _is_denied(event: ServiceEvent) -> bool:
    return any(words in event.message.lower() for words in _DENIED)


def _nobody(facts: Facts) -> bool:
    """Tasks may all run and still have no place in the target group."""
    return facts.observed.saw("no-targets", "elb_503", "unused")
