"""Advice carries the lines of the case at hand: the server that was recognised, the revision, the region."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import ContainerDefinition, NetworkAcls
from tests.incidents.building import LB, Incident, definition, deployment, stopped_task
from tests.incidents.connection.keepalive_race import running
from tests.incidents.lifecycle.image_pull_failed import new_tag_missing
from tests.incidents.residual.insufficient_evidence import nobody_may_read_the_rules
from tests.incidents.rows import ALL_TARGETS, logged, slow
from tests.incidents.stopping import leaving, lost_at, with_delay


def advice(incident: Incident, code: str) -> str:
    """Its words and its commands, line by line."""
    report = diagnose(incident.snapshot())
    found = next(cause for cause in report.causes if cause.code == code)
    return "\n".join((found.advice or "", *found.advice_commands))


def drops_requests(image: str, *command: str) -> Incident:
    return logged(with_delay(running(image, *command).stopped(leaving(took_s=3)), 5), lost_at())


def test_a_missing_shutdown_is_told_in_the_servers_own_lines() -> None:
    text = advice(drops_requests("node:20", "node", "server.js"), "graceful-shutdown-missing")
    assert text.startswith("For Node.js: process.on('SIGTERM'")
    assert '"stopTimeout": 60' in text
    assert "linuxParameters.initProcessEnabled" in text


def test_a_server_that_nobody_recognises_gets_the_general_rule() -> None:
    text = advice(drops_requests("checkout:7"), "graceful-shutdown-missing")
    assert text.startswith("On SIGTERM go on answering for 20 s")
    assert "COMMAND & p=$!" in text


def test_a_stop_timeout_that_is_long_enough_is_left_alone() -> None:
    web = ContainerDefinition(name="web", image="api:7", command=("uvicorn", "main:app"), stop_timeout_s=90)
    incident = drops_requests("api:7").definitions(definition(7, containers=(web,)))
    assert "stopTimeout 90 s is long enough" in advice(incident, "graceful-shutdown-missing")


def test_who_stops_a_task_by_hand_hears_of_the_command_that_drains() -> None:
    incident = logged(
        running("api:7", "gunicorn", "-k", "gthread", "app").stopped(leaving(by="UserInitiated", took_s=3)), lost_at()
    )
    text = advice(incident, "manual-stop-task")
    assert "aws ecs update-service --cluster prod --service checkout --force-new-deployment" in text
    assert "For gunicorn: entryPoint" in text


def test_a_zone_that_fails_can_be_left_for_a_while() -> None:
    text = advice(logged(Incident(), slow(200, since=20, targets=ALL_TARGETS[:2])), "single-az-fault")
    assert "zonal_shift.config.enabled" in text
    assert f"aws arc-zonal-shift start-zonal-shift --resource-identifier {LB} --away-from" in text
    assert "--zone-names us-east-1a " in text
    assert "--expires-in 2h" in text


def test_a_regression_names_the_revision_to_go_back_to() -> None:
    text = advice(new_tag_missing(), "deployment-regression")
    assert "aws ecs update-service --cluster prod --service checkout --task-definition checkout:7" in text


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("dial tcp 10.0.0.9:443: i/o timeout", "com.amazonaws.us-east-1.ecr.api"),
        ("toomanyrequests: You have reached your pull rate limit", "create-pull-through-cache-rule"),
        ("no matching manifest for linux/arm64 in the manifest list entries", "docker buildx build --platform"),
        ("pull access denied for shop/web, repository does not exist or may require login", "repositoryCredentials"),
        ("image manifest: not found", "aws ecr describe-images"),
        ("unexpected status code 403 Forbidden", "prod-us-east-1-starport-layer-bucket"),
        ("x509: certificate signed by unknown authority", "/etc/docker/certs.d"),
        ("write /layer: no space left on device", '"ephemeralStorage": {"sizeInGiB": 50}'),
    ],
)
def test_each_kind_of_a_failed_pull_has_its_own_remedy(reason: str, says: str) -> None:
    assert says in advice(new_tag_missing(f"CannotPullContainerError: {reason}"), "image-pull-failed")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("failed to invoke EFS utils commands: mount.nfs4: Connection timed out", "lets 2049 in"),
        ("unable to pull secrets: retrieved secret did not contain json key password", "NAME-SUFFIX:KEY::"),
        ("unable to pull secrets: AccessDeniedException: not authorized", "secretsmanager:GetSecretValue"),
        (
            "failed to create log stream: ResourceNotFoundException: The specified log group",
            "aws logs create-log-group",
        ),
        ("unable to pull secrets: dial tcp 10.0.0.9:443: i/o timeout", "com.amazonaws.us-east-1.secretsmanager"),
    ],
)
def test_each_kind_of_a_failed_preparation_has_its_own_remedy(reason: str, says: str) -> None:
    incident = new_tag_missing(f"ResourceInitializationError: {reason}")
    assert says in advice(incident, "resource-initialization-failed")


@pytest.mark.parametrize(
    ("asked", "platform", "other"),
    [("ARM64", "linux/arm64", '"cpuArchitecture": "X86_64"'), (None, "linux/amd64", '"cpuArchitecture": "ARM64"')],
)
def test_an_image_for_another_processor(asked: str | None, platform: str, other: str) -> None:
    reason = "CannotStartContainerError: failed to create task: exec format error"
    stop = stopped_task(1, minutes_ago=5, stop_code="TaskFailedToStart", stopped_reason=reason, revision=8)
    new = deployment(8, created=20, rollout_state="IN_PROGRESS", running=0)
    incident = (
        Incident()
        .service(deployments=(new, deployment(7, status="ACTIVE")), task_definition=new.task_definition)
        .definitions(definition(7), definition(8, cpu_architecture=asked), previous=7)
        .stopped(stop)
    )
    text = advice(incident, "task-entrypoint-failed")
    assert f"docker buildx build --platform {platform}" in text
    assert other in text


def test_a_slow_answer_hears_of_the_silence_that_counts() -> None:
    text = advice(logged(Incident(), slow(60)), "target-slow-response")
    assert "waits 60 s for the next byte" in text
    assert "then one every 30 s" in text
    assert "202 with Location and Retry-After" in text


def test_a_shell_before_the_server_is_named() -> None:
    shell = ContainerDefinition(name="web", image="shop:7", command=("sh", "-c", "node server.js"))
    incident = Incident().definitions(definition(7, containers=(shell,))).stopped(leaving(exit_code=137, took_s=331))
    report = diagnose(incident.snapshot())
    text = next(one.advice or "" for one in (*report.causes, *report.risks) if one.code == "task-sigkill-on-stop")
    assert text.startswith("Let SIGTERM reach the process: its command begins with a shell")
    assert "For Node.js" in text


def test_what_would_tell_names_the_rules_that_may_not_be_read_first() -> None:
    incident = nobody_may_read_the_rules().denied(NetworkAcls, "ec2:DescribeNetworkAcls")
    text = advice(incident, "insufficient-evidence")
    assert text.startswith("What would tell: security groups and network ACLs, which could not be read; ")
