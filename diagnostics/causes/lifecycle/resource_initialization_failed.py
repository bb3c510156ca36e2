from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, StoppedTasks
from diagnostics.rules import start_failures, task_stops

WORDS = ("ResourceInitializationError", "cannot pull registry authentication", "unable to pull secrets")
_OF_THE_CONTAINER = ("oci runtime", "exec format error", "container runtime task")
"""Fargate puts the same word before errors of the container's own start: a wrong architecture, a missing command."""
_KINDS = (
    start_failures.Kind(
        "no permission",
        ("accessdenied", "access denied", "not authorized", "unauthorized"),
        "Let the execution role read it: the secret, parameter, key, registry or log group that the reason names.",
    ),
    start_failures.Kind(
        "something named does not exist",
        ("resourcenotfound", "not found", "does not exist", "can't find"),
        "Create what the reason names (secret, parameter, log group, file system) or correct the task definition.",
    ),
    start_failures.Kind(
        "no way to an AWS endpoint",
        ("i/o timeout", "dial tcp", "deadline exceeded", "tls handshake timeout", "connection", "timed out", "timeout"),
        "Give the task a way out: NAT gateway, public address or VPC endpoints, and egress on port 443 in its group.",
    ),
    start_failures.Kind(
        "log driver", ("logging driver", "log group", "awslogs"), "Correct the log configuration or its permission."
    ),
    start_failures.Kind("file system", ("efs", "mount"), "Check the file system's mount targets and security group."),
)


@cause(
    code="resource-initialization-failed",
    family="lifecycle",
    title="Tasks cannot prepare what they need before they start",
    needs=(StoppedTasks,),
    uses=(EcsService,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html",),
    replaces=("image-pull-failed",),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def resource_initialization_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by the stop reason ResourceInitializationError, or by a service event that quotes it. The rest of the
    reason tells whether a permission, a missing resource, the network, the log driver or a file system is to blame.
    Refuted where the reason goes on to say that the container itself could not be started.
    """
    service = facts.maybe(EcsService)
    failed = tuple(
        task
        for task in task_stops.failed_starts(facts[StoppedTasks], facts.window.start, WORDS)
        if not any(_is_of_the_container(reason) for reason in task_stops.reasons(task))
    )
    events = tuple(
        event
        for event in start_failures.events_with(service, WORDS, facts.window.start)
        if not _is_of_the_container(event.message)
    )
    finding = start_failures.finding(
        facts, failed, events, words=WORDS, kinds=_KINDS, what="fail before they start", service=service
    )
    if finding is not None:
        yield finding


def _is_of_the_container(reason: str) -> bool:
    return any(word in reason.lower() for word in _OF_THE_CONTAINER)
