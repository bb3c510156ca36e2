from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, StoppedTasks
from diagnostics.rules import start_failures, task_stops

WORDS = ("CannotPullContainerError", "CannotPullImageManifestError", "can't pull the image", "cannot pull the image")
_KINDS = (
    start_failures.Kind("rate limit", ("toomanyrequests", "rate limit"), "Pull through ECR or log in to the registry."),
    start_failures.Kind(
        "image or tag not found",
        ("manifest unknown", "not found", "does not exist", "failed to resolve ref", "no such image"),
        "Push the tag that the task definition names, or deploy a revision whose image exists.",
    ),
    start_failures.Kind(
        "no permission",
        ("access denied", "accessdenied", "denied:", "403", "no basic auth", "unauthorized", "not authorized"),
        "Let the execution role pull: ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer.",
    ),
    start_failures.Kind("disk full", ("no space left",), "Free space on the host or raise ephemeral storage."),
    start_failures.Kind(
        "no way to the registry",
        ("i/o timeout", "dial tcp", "deadline exceeded", "tls handshake timeout", "connection refused", "timed out"),
        "Give the subnet a way out: NAT gateway, public address, or VPC endpoints for ECR and S3.",
    ),
)


@cause(
    code="image-pull-failed",
    family="lifecycle",
    title="Tasks cannot pull their image",
    needs=(StoppedTasks,),
    uses=(EcsService,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html",),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def image_pull_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by the stop reason CannotPullContainerError (or its newer sentences), or by a service event that quotes
    it. The rest of the reason tells which kind: tag, permission, rate limit, network, disk.
    """
    service = facts.maybe(EcsService)
    failed = task_stops.failed_starts(facts[StoppedTasks], facts.window.start, WORDS)
    events = start_failures.events_with(service, WORDS, facts.window.start)
    finding = start_failures.finding(
        facts, failed, events, words=WORDS, kinds=_KINDS, what="cannot pull the image", service=service
    )
    if finding is not None:
        yield finding
