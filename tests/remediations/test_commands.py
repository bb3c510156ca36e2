"""Calls as lines that a shell and the AWS command line interface take."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from remediations.commands import aws_cli, lines_of
from remediations.plan import FROM, PLAN, Call
from tests.remediations.test_permission import plan


def line(operation: str, parameters: dict[str, JsonValue], service: str = "elbv2") -> str:
    return aws_cli(Call.of(service, operation, **parameters), "us-east-1")


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "elbv2",
            "modify_target_group",
            {"TargetGroupArn": "arn:x", "HealthCheckPath": "/a b", "HealthCheckIntervalSeconds": 10},
            "--target-group-arn arn:x --health-check-path '/a b' --health-check-interval-seconds 10",
        ),
        ("elbv2", "modify_target_group", {"Matcher": {"HttpCode": "200-299"}}, "--matcher HttpCode=200-299"),
        (
            "elbv2",
            "modify_target_group",
            {"Matcher": {"HttpCode": "200,302"}},
            """--matcher '{"HttpCode":"200,302"}'""",
        ),
        ("elbv2", "set_subnets", {"Subnets": ["subnet-1", "subnet-2"]}, "--subnets subnet-1 subnet-2"),
        (
            "elbv2",
            "modify_target_group_attributes",
            {"Attributes": [{"Key": "slow_start.duration_seconds", "Value": "0"}, {"Key": "a", "Value": "b"}]},
            "--attributes Key=slow_start.duration_seconds,Value=0 Key=a,Value=b",
        ),
        ("elbv2", "modify_rule", {"Actions": []}, "--actions '[]'"),
        ("ecs", "update_service", {"forceNewDeployment": True}, "--force-new-deployment"),
        ("elbv2", "modify_target_group", {"HealthCheckEnabled": False}, "--no-health-check-enabled"),
        ("ec2", "create_network_acl_entry", {"Egress": False, "RuleNumber": 90}, "--ingress --rule-number 90"),
        ("ec2", "create_network_acl_entry", {"Egress": True}, "--egress"),
        ("ec2", "create_tags", {"Tags": [{FROM: "rule"}, {FROM: PLAN}]}, "--tags '<rule>' by-hand"),
    ],
)
def test_a_call_as_a_command(service: str, operation: str, parameters: dict[str, JsonValue], expected: str) -> None:
    start = f"aws {service} {operation.replace('_', '-')} --region us-east-1"
    assert line(operation, parameters, service) == f"{start} {expected}"


def test_codedeploy_has_another_name_there() -> None:
    assert line("stop_deployment", {}, "codedeploy").startswith("aws deploy stop-deployment --region ")


@pytest.mark.parametrize(
    "value", ["-x", "--region", "file:///etc/passwd", "fileb://x", "https://x", "a\nb", "a\u202eb", ""]
)
def test_what_the_command_would_misread_goes_as_json(value: str) -> None:
    words = shlex.split(line("modify_target_group", {"HealthCheckPath": value}))
    assert words[-2] == "--cli-input-json"
    assert json.loads(words[-1]) == {"HealthCheckPath": value}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["Name", "Values", "cluster"]), VALUES, max_size=3))
def test_whatever_the_values_are_it_is_one_line_that_a_shell_takes_apart(parameters: dict[str, JsonValue]) -> None:
    made = line("modify_rule", parameters)
    words = shlex.split(made)
    assert words[:5] == ["aws", "elbv2", "modify-rule", "--region", "us-east-1"]
    assert made.isprintable()
    assert all(word != ";" for word in words[5:] if word not in str(parameters))


def test_what_is_made_of_a_live_answer_is_read_first() -> None:
    write = plan().writes[0]
    live = Call.of("ecs", "describe_task_definition", taskDefinition="checkout:7")
    call = Call.of("ecs", "register_task_definition", family="checkout")
    prepared = write.model_copy(update={"call": call, "reads": {"live": live}, "prepared_by": "prepare"})
    assert lines_of((prepared,), "us-east-1") == (
        "aws ecs describe-task-definition --region us-east-1 --task-definition checkout:7",
        (
            "aws ecs register-task-definition --region us-east-1 --family checkout"
            " --cli-input-json file://register-task-definition.json"
        ),
    )
