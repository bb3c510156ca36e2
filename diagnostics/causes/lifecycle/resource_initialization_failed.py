from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, StoppedTasks
from diagnostics.rules import start_failures, task_stops

WORDS = ("ResourceInitializationError", "cannot pull registry authentication", "unable to pull secrets")
_OF_THE_CONTAINER = ("oci runtime", "exec format error", "container runtime task")
"""Fargate puts the same word before errors of the container's own start: a wrong architecture, a missing command."""
_FILE_SYSTEM = (
    "A mount target in each subnet's zone, whose security group lets 2049 in from the tasks' one;"
    " elasticfilesystem:ClientMount and ClientWrite for the task role (taskRoleArn) where IAM is used, with"
    ' "transitEncryption": "ENABLED"; rootDirectory must exist; DNS hostnames on in the VPC.'
)
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html,
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
_KINDS = (
    start_failures.Kind("file system", ("efs utils", "mount.nfs", "elasticfilesystem"), _FILE_SYSTEM),
    start_failures.Kind(
        "no such key in the secret",
        ("json key",),
        "The secret has no such key. See which it has: `aws secretsmanager get-secret-value --secret-id NAME`;"
        " valueFrom is arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX:KEY:: with both colons at its end.",
    ),
    start_failures.Kind(
        "no permission",
        ("accessdenied", "access denied", "not authorized", "unauthorized"),
        "The execution role (executionRoleArn, not taskRoleArn) needs what the reason names:"
        " secretsmanager:GetSecretValue, ssm:GetParameters, kms:Decrypt of the secret's own key,"
        " ecr:GetAuthorizationToken on *, logs:CreateLogStream and logs:PutLogEvents, with awslogs-create-group also"
        " logs:CreateLogGroup.",
    ),
    start_failures.Kind(
        "something named does not exist",
        ("resourcenotfound", "not found", "does not exist", "can't find"),
        "Create what the reason names, or correct its name and region in the task definition: valueFrom is the whole"
        " ARN of a secret in another region. A log group is made by hand (`aws logs create-log-group --log-group-name"
        ' NAME`) or by "awslogs-create-group": "true" in the options of the log driver.',
    ),
    start_failures.Kind(
        "no way to an AWS endpoint",
        ("i/o timeout", "dial tcp", "deadline exceeded", "tls handshake timeout", "connection", "timed out", "timeout"),
        "One of: a route 0.0.0.0/0 to a NAT gateway; assignPublicIp ENABLED in a public subnet; endpoints"
        " com.amazonaws.REGION.secretsmanager, .ssm, .kms, .ecr.api, .ecr.dkr, .logs (private DNS, 443 from the tasks'"
        " security group) and .s3 (gateway). And egress on 443 in the tasks' security group.",
    ),
    start_failures.Kind(
        "log driver",
        ("logging driver", "log group", "awslogs"),
        'logConfiguration needs "awslogs-group", "awslogs-region": "REGION" and, on Fargate, "awslogs-stream-prefix";'
        " the execution role logs:CreateLogStream and logs:PutLogEvents.",
    ),
    start_failures.Kind("file system", ("efs", "mount"), _FILE_SYSTEM),
)


@cause(
    code="resource-initialization-failed",
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
    failed = tuple(
        task
        for task in task_stops.failed_starts(facts[StoppedTasks], facts.window.start, WORDS)
        if not any(_is_of_the_container(reason) for reason in task_stops.reasons(task))
    )
    events = tuple(
        event
        for event in start_failures.events_with(facts.maybe(EcsService), WORDS, facts.window.start)
        if not _is_of_the_container(event.message)
    )
    found = start_failures.finding(facts, failed, events, words=WORDS, kinds=_KINDS, what="fail before they start")
    if found is not None:
        yield found


def _is_of_the_container(reason: str) -> bool:
    return any(word in reason.lower() for word in _OF_THE_CONTAINER)
