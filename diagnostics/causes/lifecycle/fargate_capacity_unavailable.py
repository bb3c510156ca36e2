from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, Metrics, StoppedTasks
from diagnostics.rules import start_failures
from diagnostics.rules.missing_tasks import failed_lately, lacks_tasks, said_lately

WORDS = (
    "capacity is unavailable at this time",
    "number of vcpus you can run concurrently",
    "number of tasks you can run concurrently",
    "configuration is above your limit",
    "resource:fargate",
)
_KINDS = (
    start_failures.Kind(
        "the account's quota is reached",
        ("you can run concurrently", "above your limit"),
        "Ask for a higher quota of Fargate vCPUs (Service Quotas) or stop what is not needed; fewer vCPUs a task help"
        " at once.",
    ),
    start_failures.Kind(
        "Fargate has no capacity in these zones",
        ("capacity is unavailable", "resource:fargate"),
        "Give the service subnets in more zones, and FARGATE beside FARGATE_SPOT in its capacity provider strategy;"
        " ECS tries again by itself.",
    ),
)


@cause(
    code="fargate-capacity-unavailable",
    title="Fargate has no room for more tasks",
    needs=(EcsService,),
    uses=(StoppedTasks, Metrics),
    clear_needs=(StoppedTasks, Metrics),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",),
    replaces=("task-placement-failed",),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low", "insufficient-task-count"),
)
def fargate_capacity_unavailable(facts: Facts) -> Iterator[Finding]:
    """Decided by the service event or stop reason that Fargate's capacity is unavailable or that a quota of tasks or
    vCPUs is reached, while fewer tasks run than wanted. Refuted when the service has its tasks: it was overcome.
    """
    events, failed = said_lately(facts, WORDS), failed_lately(facts, WORDS)
    found = start_failures.finding(
        facts, failed, events, words=WORDS, kinds=_KINDS, what="cannot be started on Fargate"
    )
    if found is not None and lacks_tasks(facts, failed, events):
        yield found
