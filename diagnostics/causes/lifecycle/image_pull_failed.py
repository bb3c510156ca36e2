from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import EcsService, StoppedTasks
from diagnostics.rules import start_failures, task_stops

WORDS = ("CannotPullContainerError", "CannotPullImageManifestError", "can't pull the image", "cannot pull the image")
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html,
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
_KINDS = (
    start_failures.Kind(
        "rate limit",
        ("toomanyrequests", "rate limit"),
        'Pull public.ecr.aws/docker/library/NAME; or log in, with "repositoryCredentials":'
        ' {"credentialsParameter": "SECRET_ARN"} in the container definition; or cache: aws ecr'
        " create-pull-through-cache-rule --ecr-repository-prefix docker-hub --upstream-registry-url"
        " registry-1.docker.io --credential-arn SECRET_ARN.",
    ),
    start_failures.Kind(
        "image for another processor",
        ("no matching manifest", "descriptor matching platform", "no match for platform"),
        "Build for the processor that the task asks for: `docker buildx build --platform linux/amd64,linux/arm64 -t"
        ' IMAGE --push .`; or let it ask for the one that the image has: "runtimePlatform": {"cpuArchitecture":'
        ' "ARM64", "operatingSystemFamily": "LINUX"} (X86_64 where it says nothing).',
    ),
    start_failures.Kind(
        "no permission, or no such repository",
        ("pull access denied",),
        "Registries answer the same to both: read the name of the image letter by letter; then for ECR the execution"
        " role needs ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, for another private"
        ' registry the container needs "repositoryCredentials": {"credentialsParameter": "SECRET_ARN"}.',
    ),
    start_failures.Kind(
        "image or tag not found",
        ("manifest unknown", "not found", "does not exist", "failed to resolve ref", "no such image"),
        "See whether it exists: `aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG` (a life cycle"
        " policy may have removed it). Push it again, or go back to a revision whose image exists: `aws ecs"
        " update-service --cluster CLUSTER --service SERVICE --task-definition REVISION`.",
    ),
    start_failures.Kind(
        "no permission",
        ("access denied", "accessdenied", "denied:", "403", "no basic auth", "unauthorized", "not authorized"),
        "The execution role (executionRoleArn) needs ecr:GetAuthorizationToken on *, ecr:BatchGetImage and"
        " ecr:GetDownloadUrlForLayer, as in AmazonECSTaskExecutionRolePolicy. Another account's repository needs a"
        " policy too; a 403 of a layer, an S3 endpoint whose policy allows"
        " arn:aws:s3:::prod-REGION-starport-layer-bucket/*.",
    ),
    start_failures.Kind(
        "certificate",
        ("x509", "certificate"),
        "The registry's certificate is not trusted: give it one of a public authority, or on your own hosts put its"
        " authority in /etc/docker/certs.d/REGISTRY/ca.crt. Fargate takes none of your own: copy the image to ECR.",
    ),
    start_failures.Kind(
        "disk full",
        ("no space left",),
        'Fargate: "ephemeralStorage": {"sizeInGiB": 50} in the task definition (20 by default, 200 at most). Hosts,'
        " to have room now: `docker system prune -a`; then ECS_IMAGE_CLEANUP_INTERVAL in /etc/ecs/ecs.config, or a"
        " larger volume.",
    ),
    start_failures.Kind(
        "no way to the registry",
        ("i/o timeout", "dial tcp", "deadline exceeded", "tls handshake timeout", "connection refused", "timed out"),
        "One of: a route 0.0.0.0/0 to a NAT gateway; assignPublicIp ENABLED in a public subnet; endpoints"
        " com.amazonaws.REGION.ecr.api and .ecr.dkr (private DNS, 443 from the tasks' security group), .s3 (gateway, in"
        " these subnets' route tables) and .logs. And egress on 443 in the tasks' security group.",
    ),
)


@cause(
    code="image-pull-failed",
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
    failed = task_stops.failed_starts(facts[StoppedTasks], facts.window.start, WORDS)
    events = start_failures.events_with(facts.maybe(EcsService), WORDS, facts.window.start)
    found = start_failures.finding(facts, failed, events, words=WORDS, kinds=_KINDS, what="cannot pull the image")
    if found is not None:
        yield found
