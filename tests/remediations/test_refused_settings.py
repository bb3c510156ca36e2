"""What a call that fixes make could set besides, and never does."""

from __future__ import annotations

from typing import Any

import pytest

from remediations.plan import Call, Write
from remediations.refusals import INVOKER, refusal, refusal_of_prepared
from tests.remediations.cloud import ACCOUNT, ARN, REACH, REGION, SERVICE_ARN, path_is, plan

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:cart"
OWN = REACH.model_copy(update={"writable": REACH.writable | {FUNCTION, "cart"}})


def write(service: str, operation: str, given: dict[str, Any]) -> Write:
    arn = {"ecs": SERVICE_ARN, "lambda": FUNCTION}.get(service, ARN)
    call = Call(service=service, operation=operation, parameters=given)
    return Write(call=call, resources=(arn,), done_when=path_is("/x"))


def refused(one: Write) -> str:
    undo = plan().undo.model_copy(update={"writes": ()})
    return str(refusal(plan(writes=(one,), guards=(), undo=undo), OWN))


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "update_service", {"service": "checkout", "enableExecuteCommand": True}),
        ("ecs", "update_service", {"service": "checkout", "networkConfiguration": {}}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Handler": "evil.main"}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Environment": {"Variables": {}}}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "deletion_protection.enabled"}]}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "waf.fail_open.enabled"}]}),
    ],
)
def test_a_call_sets_only_what_fixes_set(service: str, operation: str, given: dict[str, Any]) -> None:
    assert "it sets" in refused(write(service, operation, given))
    assert "it sets" in str(refusal_of_prepared(write(service, operation, {}), given, OWN))


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "update_service", {"cluster": "prod", "service": "checkout", "desiredCount": 3}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Timeout": 30}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "idle_timeout.timeout_seconds"}]}),
    ],
)
def test_and_that_it_sets(service: str, operation: str, given: dict[str, Any]) -> None:
    assert refused(write(service, operation, given)) == "None"


def test_a_function_is_opened_to_invocations_for_an_own_target_group_alone() -> None:
    given: dict[str, Any] = {
        "FunctionName": "cart",
        "Principal": INVOKER,
        "Action": "lambda:InvokeFunction",
        "SourceArn": ARN,
    }
    other = ARN.replace("checkout", "payments")
    changed: tuple[dict[str, Any], ...] = (
        {"Action": "lambda:*"},
        {"SourceArn": other},
        {"SourceArn": None},
        {"Principal": "*"},
    )
    for more in changed:
        assert refused(write("lambda", "add_permission", given | more)) != "None"
    assert refused(write("lambda", "add_permission", given)) == "None"
