"""A function's settings, limits and policy: one round of calls, for the qualifier that is registered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diagnostics.aws_access import Missing, Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.lambda_functions import lambda_targets
from diagnostics.facts import Gap, LambdaTargets, NotApplicable, Target, TargetGroups, TargetHealth
from diagnostics.snapshot import Subject
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.scripted import ACCOUNT, BALANCER, GROUP, answered, refused
from tests.incidents.building import TG, Incident

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:checkout"
LIVE = f"{FUNCTION}:live"
SUBJECT = Subject(
    query="checkout",
    kind="lambda",
    account=ACCOUNT,
    region="us-east-1",
    load_balancers=(BALANCER,),
    target_groups=(GROUP,),
    function=LIVE,
)
CONFIGURATION: dict[str, Any] = {
    "FunctionName": "checkout",
    "Version": "7",
    "Timeout": 10,
    "MemorySize": 512,
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "LastModified": "2026-11-20T03:10:42.000+0000",
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "Environment": {"Variables": {"DB_PASSWORD": "hunter2", "PORT": "8080"}},
}
STATEMENT: dict[str, Any] = {
    "Sid": "alb",
    "Effect": "Allow",
    "Principal": {"Service": "elasticloadbalancing.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": LIVE,
    "Condition": {"ArnLike": {"AWS:SourceArn": GROUP}, "StringEquals": {"AWS:SourceAccount": ACCOUNT}},
}
GONE = Pages(missing=Missing("ResourceNotFoundException"), calls=1)
ANSWERS: dict[str, Pages] = {
    "get_account_settings": answered({"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}),
    "get_function_configuration": answered(CONFIGURATION),
    "get_function_concurrency": answered({"ReservedConcurrentExecutions": 100}),
    "get_policy": answered(json.dumps({"Statement": [STATEMENT, {"Effect": "Allow", "Action": "lambda:GetLayer"}]})),
    "get_alias": answered({"Name": "live", "FunctionVersion": "7", "RoutingConfig": {}}),
}


def groups(kind: str = "lambda") -> TargetGroups:
    one = Incident().target_group(arn=GROUP, target_type=kind).known(TargetGroups)
    assert one.of(TG) is None
    return one


def health(target: str = LIVE) -> TargetHealth:
    return TargetHealth(by_group={GROUP: (Target(id=target, port=None, state="unavailable"),)})


def ask(outcome: Any = None, target: Any = LIVE, **answers: Any) -> Driven:
    by_name = ANSWERS | answers
    later = settled(TargetHealth, outcome or health(target))
    return drive(lambda_targets(SUBJECT, groups(), later), lambda read: by_name[read.operation])


def test_one_round_reads_everything_and_keeps_no_variable() -> None:
    driven = ask()
    assert len(driven.rounds) == 1
    assert len(driven.asked) == 6
    fact = driven.outcome
    assert isinstance(fact, LambdaTargets)
    (one,) = fact.items
    assert (one.name, one.qualifier, one.label, one.target_exists) == ("checkout", "live", "checkout:live", True)
    assert (one.reserved_concurrency, fact.account_limit, fact.unreserved_limit) == (100, 1000, 900)
    assert one.configuration is not None
    assert (one.configuration.timeout_s, one.configuration.memory_mib, one.configuration.in_vpc) == (10, 512, False)
    assert one.alias is not None
    assert one.alias.version == "7"
    assert one.policy is not None
    assert [(s.source_arns, s.source_accounts) for s in one.policy] == [((GROUP,), (ACCOUNT,))]
    assert "hunter2" not in fact.model_dump_json()
    assert LambdaTargets.model_validate_json(fact.model_dump_json()) == fact


def test_each_question_is_about_the_registered_qualifier() -> None:
    asked = [(read.operation, read.params.get("Qualifier") or read.params.get("Name")) for read in ask().asked]
    assert ("get_policy", "live") in asked
    assert ("get_policy", None) in asked
    plain = [read.operation for read in ask(target=FUNCTION).asked]
    assert plain.count("get_policy") == 1
    assert "get_alias" not in plain
    assert "get_alias" not in [read.operation for read in ask(target=f"{FUNCTION}:7").asked]


def test_not_found_on_a_function_that_exists_means_no_policy() -> None:
    (one,) = ask(get_policy=GONE).outcome.items
    assert one.policy == ()
    (gone,) = ask(get_policy=GONE, get_function_configuration=GONE, get_function_concurrency=GONE).outcome.items
    assert (gone.policy, gone.target_exists, gone.function_exists) == (None, False, False)


def test_the_version_behind_an_alias_is_gone() -> None:
    (one,) = ask(get_function_configuration=GONE).outcome.items
    assert (one.target_exists, one.function_exists, one.alias_exists) == (False, True, True)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("get_policy", "lambda:GetPolicy"),
        ("get_function_configuration", "lambda:GetFunctionConfiguration"),
        ("get_function_concurrency", "lambda:GetFunctionConcurrency"),
        ("get_alias", "lambda:GetAlias"),
        ("get_account_settings", "lambda:GetAccountSettings"),
    ],
)
def test_a_denied_call_is_a_gap_and_the_rest_is_kept(operation: str, action: str) -> None:
    fact = ask(**{operation: refused(action)}).outcome
    assert isinstance(fact, LambdaTargets)
    assert {gap.action for gap in fact.gaps} == {action}
    assert len(fact.items) == 1
    assert operation != "get_policy" or fact.items[0].policy is None


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": "none"}', '{"Statement": [7]}', "9" * 200_000])
def test_a_strange_policy_is_no_policy_that_was_read(text: str) -> None:
    (one,) = ask(get_policy=answered(text)).outcome.items
    assert one.policy in (None, ())


def test_without_a_function_nothing_is_asked() -> None:
    def nothing(read: Read) -> Pages:
        raise AssertionError(read)

    driven = drive(lambda_targets(SUBJECT, groups("ip"), settled(TargetHealth, health())), nothing)
    assert isinstance(driven.outcome, NotApplicable)
    empty = TargetHealth(by_group={GROUP: ()})
    assert drive(lambda_targets(SUBJECT, groups(), settled(TargetHealth, empty)), nothing).outcome.items == ()


def test_where_targets_are_denied_the_function_that_was_asked_about_is_read() -> None:
    gap = Gap(action="elasticloadbalancing:DescribeTargetHealth", resource=GROUP, error="AccessDenied", kind="denied")
    assert [one.target for one in ask(gap).outcome.items] == [LIVE]
