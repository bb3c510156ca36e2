"""A scenario starts behind an HTTP endpoint, and a repair through plain boto3 mends it."""

from __future__ import annotations

import shlex
import threading
from typing import Any

import boto3
import pytest
from botocore import xform_name

from demo import scenarios
from demo.running import RunningWorld, run
from demo.scenarios.repair import repair_line

PRESENT = 1_800_000_000.0


def client(running: RunningWorld, service: str) -> Any:
    given = running.environment()
    return boto3.Session().client(
        service,
        endpoint_url=running.endpoint_url,
        region_name=given["AWS_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


def states(elb: Any) -> set[str]:
    group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    rows = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {row["TargetHealth"]["State"] for row in rows}


def test_a_repair_over_http_mends_the_world() -> None:
    with run("wrong-health-path", live=False, account="700000000001", present=PRESENT) as running:
        elb = client(running, "elbv2")
        assert running.world.now() == PRESENT
        assert "healthy" not in states(elb)
        group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/healthz")
        running.world.advance(300)
        assert states(elb) == {"healthy"}


def pasted(running: RunningWorld, line: str) -> None:
    """What the AWS CLI does with a line of plain options."""
    aws, service, command, *options = shlex.split(line)
    assert aws == "aws"
    api = client(running, service)
    operation = command.replace("-", "_")
    shape = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation]).input_shape
    members = {xform_name(name).replace("_", "-"): (name, member) for name, member in shape.members.items()}
    parameters: dict[str, Any] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        name, member = members[option.removeprefix("--")]
        parameters[name] = int(value) if member.type_name == "integer" else value
    getattr(api, operation)(**parameters)


@pytest.mark.parametrize(
    ("name", "account"), [("scaled-to-zero", "700000000003"), ("health-check-redirect", "700000000004")]
)
def test_the_line_that_the_demo_prints_repairs_it(name: str, account: str) -> None:
    with run(name, live=False, account=account, present=PRESENT) as running:
        assert "healthy" not in states(client(running, "elbv2"))
        line = repair_line(running.scenario, running.world, account)
        assert line
        pasted(running, line)
        running.world.advance(300)
        assert states(client(running, "elbv2")) == {"healthy"}


def test_a_live_world_moves_by_itself() -> None:
    with run("all-well", live=True, account="700000000002") as running:
        before, passed = running.world.now(), threading.Event()
        for _ in range(50):
            if running.world.now() > before + 0.05:
                passed.set()
                break
            passed.wait(0.02)
        assert passed.is_set()
        assert states(client(running, "elbv2")) == {"healthy"}


def test_an_unknown_scenario_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="all-well"):
        run("no-such-thing", live=False)
    assert scenarios.load("all-well").target == "checkout"
