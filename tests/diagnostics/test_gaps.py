"""Which of the things that could not be read is told first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from diagnostics.aws_access.read_policy import LOG_KEYS
from diagnostics.causes import catalogue
from diagnostics.causes.cause import CauseSpec
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, Changes, SecurityGroups, TargetHealth
from diagnostics.facts.fact import Fact, Gap
from diagnostics.gaps import MAX_GAPS, Undecided, report_gaps
from diagnostics.report import ReportGap
from tests.incidents.building import Incident

ANY = next(iter(catalogue().values()))


def spec(code: str, *needs: type[Fact], uses: tuple[type[Fact], ...] = ()) -> CauseSpec:
    return replace(ANY, code=code, needs=needs, uses=uses, clear_needs=())


SPECS = {
    one.code: one
    for one in (
        spec("sick", TargetHealth, uses=(AccessLogs,)),
        spec("sick-too", TargetHealth, uses=(AccessLogs,)),
        spec("blocked", SecurityGroups, uses=(AccessLogs,)),
        spec("shown-by-logs", uses=(AccessLogs,)),
    )
}


def denied(kind: type[Fact]) -> Gap:
    return Gap(action=f"read:{kind.name}", resource="*", error="AccessDenied", kind="denied")


def first(*unknown: str, fitting: Iterable[str] = (), reported: tuple[str, ...] = ()) -> str:
    """What is told first where health, rules and logs could not be read and these causes are unknown."""
    facts = {kind.name: denied(kind) for kind in (AccessLogs, SecurityGroups, TargetHealth)}
    snapshot = Incident().snapshot().model_copy(update={"facts": facts})
    return told(report_gaps(snapshot, SPECS, Undecided(frozenset(unknown), frozenset(fitting), reported)))[0]


def told(gaps: Iterable[ReportGap]) -> list[str]:
    return [gap.action.removeprefix("read:") for gap in gaps]


def test_the_gap_that_keeps_the_most_causes_from_being_judged_is_first() -> None:
    assert first("sick", "sick-too", "blocked") == TargetHealth.name
    assert first("blocked") == SecurityGroups.name


def test_a_cause_that_fits_the_symptom_counts_before_any_number_that_does_not() -> None:
    assert first("sick", "sick-too", "blocked", fitting=["blocked"]) == SecurityGroups.name


def test_where_nothing_is_open_the_gap_of_the_best_cause_is_first() -> None:
    assert first(reported=("blocked", "sick")) == AccessLogs.name, "it concerns both of them, and most others"
    assert first() == AccessLogs.name
    specs = {"blocked": spec("blocked", uses=(SecurityGroups,)), "sick": spec("sick", uses=(TargetHealth,))}
    facts = {kind.name: denied(kind) for kind in (SecurityGroups, TargetHealth)}
    snapshot = Incident().snapshot().model_copy(update={"facts": facts})
    for reported, best in ((("blocked", "sick"), SecurityGroups), (("sick", "blocked"), TargetHealth)):
        assert told(report_gaps(snapshot, specs, Undecided(reported=reported)))[0] == best.name


def test_a_report_tells_what_leaves_its_symptom_open_before_what_would_only_make_it_surer() -> None:
    incident = Incident().denied(AccessLogs, "s3:ListBucket").denied(Changes, "cloudtrail:LookupEvents")
    report = diagnose(incident.denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth").snapshot())
    assert report.gaps[0].action == "elasticloadbalancing:DescribeTargetHealth"


KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b"
BUCKET, ROLE = "arn:aws:s3:::shop-logs", "arn:aws:iam::111122223333:role/alb502-read"


@pytest.mark.parametrize(
    ("action", "resource", "message", "allowed"),
    [
        ("ecs:ListClusters", "arn:aws:ecs:eu-central-1:1:cluster/x", "", "*"),
        ("s3:GetObject", f"{BUCKET}/alb/AWSLogs/1/*", "", f"{BUCKET}/alb/AWSLogs/1/*"),
        ("s3:GetObject", "*", "", "arn:aws:s3:::*/*AWSLogs/{account}/elasticloadbalancing/*"),
        ("logs:FilterLogEvents", "/ecs/checkout", "", "arn:aws:logs:*:{account}:log-group:*:*"),
        ("kms:Decrypt", f"{BUCKET}/*", f"not authorized to perform: kms:Decrypt on resource: {KEY} because", KEY),
        ("sts:AssumeRole", ROLE, "", ROLE),
    ],
)
def test_what_is_pasted_allows_no_more_than_the_published_policy(
    action: str, resource: str, message: str, allowed: str
) -> None:
    gap = Gap(action=action, resource=resource, error="AccessDenied", kind="denied", message=message)
    snapshot = Incident().snapshot().model_copy(update={"facts": {Changes.name: gap}})
    (told_gap,) = report_gaps(snapshot, SPECS)
    statement = json.loads(told_gap.fix or "")
    assert (statement["Effect"], statement["Action"]) == ("Allow", action)
    assert statement["Resource"] == allowed.format(account=snapshot.subject.account)


def test_of_a_bucket_only_the_load_balancers_folders_may_be_listed() -> None:
    gap = Gap(action="s3:ListBucket", resource=BUCKET, error="AccessDenied", kind="denied")
    snapshot = Incident().snapshot().model_copy(update={"facts": {AccessLogs.name: gap}})
    statement = json.loads(report_gaps(snapshot, SPECS)[0].fix or "")
    assert statement["Resource"] == BUCKET
    assert statement["Condition"] == {"StringLike": {"s3:prefix": LOG_KEYS}}


def test_what_is_left_out_of_a_long_list_is_what_matters_least() -> None:
    many = tuple(denied(Changes).model_copy(update={"resource": f"trail-{number}"}) for number in range(MAX_GAPS + 5))
    facts = {Changes.name: Changes(items=(), gaps=many), TargetHealth.name: denied(TargetHealth)}
    snapshot = Incident().snapshot().model_copy(update={"facts": facts})
    found = report_gaps(snapshot, SPECS, Undecided(frozenset({"sick"}), frozenset({"sick"})))
    assert (len(found), told(found)[0]) == (MAX_GAPS, TargetHealth.name)
