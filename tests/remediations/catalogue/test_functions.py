"""Functions: what is set is what a record or a limit says, and published versions are left as they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.facts import Change, Changes, FunctionAlias, InvokeStatement, LambdaTargets
from remediations.catalogue import catalogue
from remediations.fix import CannotPrepareError
from remediations.plan import FROM, PLAN
from tests.incidents.building import ACCOUNT, TG, Incident
from tests.incidents.cases import Case
from tests.incidents.functions import (
    ALLOWED,
    FUNCTION,
    LISTS,
    LIVE,
    NAME,
    done,
    function,
    of_function,
    settings,
    with_rows,
)
from tests.incidents.lambda_target import lambda_multi_value_header_mismatch as headers
from tests.incidents.lambda_target import lambda_out_of_memory as memory
from tests.incidents.lambda_target import lambda_permission_missing as permission
from tests.incidents.lambda_target import lambda_throttled as throttled
from tests.incidents.lambda_target import lambda_timeout as timeouts
from tests.incidents.lambda_target import lambda_unhandled_error as unhandled
from tests.remediations.catalogue.proposing import holds, only, plans

ALLOW, AT_ONCE, LONGER, MEMORY, BACK, SHAPE = (
    "lambda-permission",
    "lambda-concurrency",
    "lambda-timeout-raise",
    "lambda-more-memory",
    "lambda-alias-back",
    "lambda-multi-value-headers",
)


def case_of(module: Any, title: str) -> Incident:
    cases: tuple[Case, ...] = module.CASES
    return next(case for case in cases if case.title == title).build()


def changed(incident: Incident, **changes: Any) -> Incident:
    """The function's own settings in an incident, changed."""

    def edit(fact: LambdaTargets) -> LambdaTargets:
        return fact.model_copy(update={"items": tuple(one.model_copy(update=changes) for one in fact.items)})

    return incident.edit(LambdaTargets, edit)


def refused_by_policy(**changes: Any) -> Incident:
    incident = permission._not_run(function(**{"policy": (), **changes}))
    return with_rows(incident, permission.ROWS)


def test_the_permission_goes_to_the_alias_that_is_registered() -> None:
    plan = only(ALLOW, refused_by_policy(function_policy=(ALLOWED,)))
    given = plan.writes[0].call.parameters
    assert {name: given[name] for name in ("FunctionName", "Qualifier", "Action", "Principal")} == {
        "FunctionName": NAME,
        "Qualifier": "live",
        "Action": "lambda:InvokeFunction",
        "Principal": "elasticloadbalancing.amazonaws.com",
    }
    assert (given["SourceArn"], given["SourceAccount"]) == (TG, ACCOUNT)
    assert plan.writes[0].resources == (FUNCTION, LIVE)
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters == {
        "FunctionName": NAME,
        "Qualifier": "live",
        "StatementId": given["StatementId"],
    }
    unnamed, absent = plan.guards
    assert holds(unnamed, {})
    assert not holds(unnamed, {"Policy": f'{{"Statement":[{{"Sid":"x","Condition":"{TG}"}}]}}'})
    assert not holds(absent, {"Policy": f'{{"Sid":"{given["StatementId"]}"}}'})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"policy": None}, id="the policy was not read"),
        pytest.param({"policy": (permission.PUZZLING,)}, id="a condition that is not understood"),
        pytest.param({"policy": (InvokeStatement(allows=False),)}, id="somebody forbids it"),
        pytest.param({"target_exists": None}, id="whether it exists was not read"),
        pytest.param({"qualifier": "$LATEST", "target": f"{FUNCTION}:$LATEST"}, id="no policy can be put there"),
    ],
)
def test_no_permission_is_given(changes: dict[str, Any]) -> None:
    assert plans(ALLOW, refused_by_policy(**changes)) == ()


def test_a_reservation_is_doubled_or_half_as_much_more() -> None:
    plan = only(AT_ONCE, case_of(throttled, "the reserved concurrency is used up"))
    assert plan.writes[0].call.parameters == {"FunctionName": NAME, "ReservedConcurrentExecutions": 40}
    assert [one.label for one in plan.narrower] == ["30 at once"]
    assert plan.undo.writes[0].call.parameters["ReservedConcurrentExecutions"] == 20
    as_read, room = plan.guards
    assert holds(as_read, {"ReservedConcurrentExecutions": 20})
    assert not holds(as_read, {})
    assert holds(room, {"AccountLimit": {"UnreservedConcurrentExecutions": 120}})
    assert not holds(room, {"AccountLimit": {"UnreservedConcurrentExecutions": 119}})


def lowered(now: int, before: int, incident: Incident) -> Incident:
    name, key = "PutFunctionConcurrency20171031", "reservedConcurrentExecutions"
    done(incident, name, 600, request={"functionName": NAME, key: before})
    return done(incident, name, 41, request={"functionName": NAME, key: now})


def test_a_reservation_that_somebody_lowered_is_set_again() -> None:
    plan = only(AT_ONCE, lowered(20, 50, case_of(throttled, "the reserved concurrency is used up")))
    assert plan.writes[0].call.parameters["ReservedConcurrentExecutions"] == 50
    assert plan.warnings[0].startswith("it was 50 until")
    assert [one.label for one in plan.narrower] == ["40 at once", "30 at once"]


def test_a_function_that_was_switched_off_gets_what_it_had() -> None:
    off = case_of(throttled, "somebody switched the function off")
    (plan,) = plans(AT_ONCE, off)
    assert plan.writes[0].call.operation == "delete_function_concurrency"
    assert plan.undo.writes[0].call.parameters["ReservedConcurrentExecutions"] == 0
    assert plan.changes[0].after is None
    assert "switched it off at" in plan.warnings[0]
    assert plan.warnings[1] == "no record tells what was reserved before"
    before = only(
        AT_ONCE, done(off, "PutFunctionConcurrency20171031", 600, request={"reservedConcurrentExecutions": 7})
    )
    assert before.writes[0].call.parameters["ReservedConcurrentExecutions"] == 7
    lifted = done(off, "DeleteFunctionConcurrency20171031", 300, request={"functionName": NAME})
    assert only(AT_ONCE, lifted).writes[0].call.operation == "delete_function_concurrency"


def recorded(incident: Incident, *changes: Change) -> Incident:
    """CloudTrail has just these."""
    return incident.edit(Changes, lambda fact: fact.model_copy(update={"items": changes}))


def test_a_function_that_may_be_switched_off_on_purpose_stays_off() -> None:
    off = case_of(throttled, "somebody switched the function off")
    was = off.known(Changes).items
    assert plans(AT_ONCE, off)
    for incident in (
        recorded(off),
        recorded(off, *(one.model_copy(update={"at": one.at - timedelta(hours=2)}) for one in was)),
        off.denied(Changes, "cloudtrail:LookupEvents"),
    ):
        assert plans(AT_ONCE, incident) == ()


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(
            lambda: case_of(throttled, "other functions have used up the account's concurrency"), id="account"
        ),
        pytest.param(lambda: case_of(throttled, "rows alone, the function's settings were denied"), id="not read"),
        pytest.param(
            lambda: case_of(throttled, "the reserved concurrency is used up").edit(
                LambdaTargets, lambda fact: fact.model_copy(update={"unreserved_limit": 105})
            ),
            id="nothing is left to reserve",
        ),
    ],
)
def test_no_concurrency_is_set(incident: Any) -> None:
    assert plans(AT_ONCE, incident()) == ()


def slow_at_work() -> Incident:
    """Good runs took 6 s and more of 10 s before they took too long."""
    incident = case_of(timeouts, "requests end after the function's Timeout")
    of_function(incident, "Duration", 6_200, 180, 41, statistic="Maximum")
    return incident


def shortened(incident: Incident) -> Incident:
    name = "UpdateFunctionConfiguration20150331v2"
    done(incident, name, 600, request={"functionName": NAME, "timeout": 30})
    return done(incident, name, 44, request={"functionName": NAME, "timeout": 10})


def test_a_timeout_is_doubled_where_the_work_takes_long() -> None:
    plan = only(LONGER, changed(slow_at_work(), qualifier=None, target=FUNCTION, alias=None))
    (write,) = plan.writes
    assert write.call.parameters == {"FunctionName": NAME, "Timeout": 20}
    assert plan.undo.writes[0].call.parameters == {"FunctionName": NAME, "Timeout": 10}
    assert "6.2 s of 10 s" in plan.warnings[0]
    as_read, settled = plan.guards
    assert holds(as_read, {"Timeout": 10})
    assert not holds(as_read, {"Timeout": 15})
    assert holds(settled, {})
    assert not holds(settled, {"LastUpdateStatus": "InProgress"})


def test_a_timeout_that_somebody_shortened_is_set_again() -> None:
    plan = only(LONGER, shortened(case_of(timeouts, "requests end after the function's Timeout")))
    assert plan.changes[0].after == 30
    assert plan.warnings[0].startswith("it was 30 s until")


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: case_of(timeouts, "requests end after the function's Timeout"), id="it hangs"),
        pytest.param(lambda: changed(slow_at_work(), configuration=None), id="its Timeout was not read"),
        pytest.param(
            lambda: changed(slow_at_work(), qualifier="7", target=f"{FUNCTION}:7", alias=None), id="a published version"
        ),
        pytest.param(
            lambda: changed(slow_at_work(), alias=FunctionAlias(name="live", version="7", weights={"8": 0.1})),
            id="a release is under way",
        ),
    ],
)
def test_a_timeout_stays(incident: Any) -> None:
    assert plans(LONGER, incident()) == ()


def test_an_alias_gets_a_new_version_with_more_memory_and_nothing_else() -> None:
    plan = only(MEMORY, case_of(memory, "killed, with all of its memory in use"))
    update, publish, move = plan.writes
    assert [write.call.operation for write in plan.writes] == [
        "update_function_configuration",
        "publish_version",
        "update_alias",
    ]
    assert update.call.parameters == {"FunctionName": NAME, "MemorySize": 1024}
    assert move.call.parameters == {"FunctionName": NAME, "Name": "live", "FunctionVersion": {FROM: "function version"}}
    assert publish.keeps[0].name == "function version"
    assert publish.done_when.expected == {FROM: PLAN}
    assert [one.label for one in plan.narrower] == ["768 MB"]
    assert [write.call.parameters for write in plan.undo.writes] == [
        {"FunctionName": NAME, "Name": "live", "FunctionVersion": "7"},
        {"FunctionName": NAME, "MemorySize": 512},
    ]
    versions = [{"Version": "$LATEST", "Description": "x"}, {"Version": "9"}, {"Version": "10", "Description": "p-1"}]
    done_when = publish.done_when.model_copy(update={"expected": "p-1"})
    assert holds(done_when, {"Versions": versions})
    assert not holds(done_when, {"Versions": versions[:2]})
    alias = move.done_when.model_copy(update={"expected": ["8", {}]})
    assert holds(alias, {"FunctionVersion": "8"})
    assert not holds(alias, {"FunctionVersion": "8", "RoutingConfig": {"AdditionalVersionWeights": {"9": 0.5}}})


def test_no_more_memory_than_there_can_be() -> None:
    incident = case_of(memory, "killed, with all of its memory in use")
    (plan,) = plans(MEMORY, changed(incident, configuration=settings(memory_mib=6_000)))
    assert (plan.changes[0].after, plan.narrower) == (9_000, ())
    assert plans(MEMORY, changed(incident, configuration=settings(memory_mib=10_240))) == ()


LATEST = {"MemorySize": 512, "Timeout": 10, "CodeSha256": "abc", "Version": "$LATEST", "RevisionId": "r-1"}
SERVING = {**LATEST, "Version": "7", "RevisionId": "r-0", "FunctionArn": f"{FUNCTION}:7"}
ARGUMENTS = {"function": NAME, "setting": "MemorySize", "before": 512, "after": 1024, "plan": "p-1"}


def test_what_is_published_differs_in_one_setting_alone() -> None:
    prepare = catalogue()[MEMORY].prepare
    answers: dict[str, Any] = {"latest": LATEST, "serving": SERVING}
    assert prepare["prepare_setting"](answers, ARGUMENTS) == {
        "FunctionName": NAME,
        "MemorySize": 1024,
        "RevisionId": "r-1",
    }
    after = {"latest": {**LATEST, "MemorySize": 1024}, "serving": SERVING}
    assert prepare["prepare_version"](after, ARGUMENTS) == {
        "FunctionName": NAME,
        "CodeSha256": "abc",
        "Description": "p-1",
    }
    for other in ({"CodeSha256": "def"}, {"Environment": {"Variables": {"A": "1"}}}, {"Timeout": 3}):
        for name, known in (("prepare_setting", answers), ("prepare_version", after)):
            with pytest.raises(CannotPrepareError):
                prepare[name]({**known, "latest": {**known["latest"], **other}}, ARGUMENTS)
    same = {"MemorySize": 2048}
    with pytest.raises(CannotPrepareError):
        prepare["prepare_setting"]({"latest": LATEST | same, "serving": SERVING | same}, ARGUMENTS)


def moved(minutes_ago: float = 41, version: str = "7", before: str = "6") -> Incident:
    incident = case_of(unhandled, "a stack trace in its log")
    request = {"functionName": NAME, "name": "live"}
    done(incident, "UpdateAlias20150331", 6_000, request={**request, "functionVersion": before})
    return done(incident, "UpdateAlias20150331", minutes_ago, request={**request, "functionVersion": version})


def test_an_alias_goes_back_to_the_version_that_it_led_to() -> None:
    plan = only(BACK, moved())
    assert plan.writes[0].call.parameters == {"FunctionName": NAME, "Name": "live", "FunctionVersion": "6"}
    assert plan.undo.writes[0].call.parameters["FunctionVersion"] == "7"
    as_read, can_run = plan.guards
    assert holds(as_read, {"FunctionVersion": "7"})
    assert not holds(as_read, {"FunctionVersion": "8"})
    assert holds(can_run, {"Version": "6", "State": "Inactive"})
    assert not holds(can_run, {"Version": "6", "State": "Failed"})
    assert not holds(can_run, {})


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: moved(minutes_ago=300), id="the move came long before"),
        pytest.param(lambda: moved(version="8"), id="it was moved again"),
        pytest.param(lambda: moved(before="7"), id="to the same version"),
        pytest.param(lambda: moved().denied(Changes, "cloudtrail:LookupEvents"), id="no records"),
        pytest.param(lambda: case_of(unhandled, "a bad code update"), id="no record of the version before"),
        pytest.param(
            lambda: changed(moved(), alias=FunctionAlias(name="live", version="7", weights={"6": 0.5})),
            id="a release is under way",
        ),
    ],
)
def test_an_alias_stays(incident: Any) -> None:
    assert plans(BACK, incident()) == ()


def test_the_shape_of_headers_goes_back_to_what_worked() -> None:
    plan = only(SHAPE, case_of(headers, "somebody switched the attribute on, and the answers are refused since"))
    assert plan.writes[0].call.parameters == {"TargetGroupArn": TG, "Attributes": [{"Key": LISTS, "Value": "false"}]}
    assert plan.undo.writes[0].call.parameters["Attributes"] == [{"Key": LISTS, "Value": "true"}]
    assert holds(plan.guards[0], {"Attributes": [{"Key": LISTS, "Value": "true"}]})
    assert not holds(plan.guards[0], {"Attributes": [{"Key": LISTS, "Value": "false"}]})


@pytest.mark.parametrize(
    "title",
    ["the handler wants lists and gets single values", "new code came after the switch", "the changes were denied"],
)
def test_the_shape_of_headers_stays(title: str) -> None:
    assert plans(SHAPE, case_of(headers, title)) == ()
