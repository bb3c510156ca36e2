"""Which fixes a report offers, under which ids, and which it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import EcsService, Hosts
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from remediations import offers
from remediations.fix import Case, FixSpec
from remediations.offers import MAX_A_CAUSE, Offered, offer
from remediations.permission import Policy
from remediations.plan import Call, Plan
from tests.incidents.building import ACCOUNT, SERVICE, TG, Incident, change, stopped_task
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group
from tests.remediations.holding import approving
from tests.remediations.test_permission import plan as some_plan


def blocked() -> tuple[Report, Snapshot]:
    snapshot = silent(Incident().security_group(task_group())).changed(revoked(13)).snapshot()
    return diagnose(snapshot), snapshot


def spec(function: Any, **changes: Any) -> FixSpec:
    values: dict[str, Any] = {
        "id": "try-it",
        "title": "Try it",
        "description": "Tries it.",
        "risk": "low",
        "calls": (),
        "causes": ("sg-ingress-missing",),
        "needs": (EcsService,),
        "uses": (),
        "for_risks": False,
        "docs": (),
        "function": function,
    }
    return FixSpec(**(values | changes))


def plan(path: str = "/healthz", **changes: Any) -> Plan:
    made = some_plan(fix="try-it", risk="low", resource=TG)
    (write,) = made.writes
    call = write.call.model_copy(update={"parameters": {"TargetGroupArn": TG, "HealthCheckPath": path}})
    return made.model_copy(update={"writes": (write.model_copy(update={"call": call, "resources": (TG,)}),), **changes})


def killed_until_somebody_gave_more_memory() -> Incident:
    kinds: dict[str, Any] = {"exit_code": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
    killed = (stopped_task(n, minutes_ago=12 + 2 * n, **kinds) for n in range(6))
    update = change("UpdateService", minutes_ago=11, resources=("checkout",), source="ecs.amazonaws.com")
    return Incident().stopped(*killed).changed(update)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes these the whole catalogue, and offers on the blocked service."""

    def offered(*specs: FixSpec, report: Report | None = None) -> Offered:
        by_id = {one.id: one for one in specs}
        monkeypatch.setattr(offers, "catalogue", lambda: by_id)
        monkeypatch.setattr(offers, "fixes_for", lambda code: tuple(one for one in specs if code in one.causes))
        found, snapshot = blocked()
        return offer(report or found, snapshot, approving(ACCOUNT, allow=None))

    return offered


def ids(offered: Offered) -> list[str]:
    told = [fix.id for cause in (*offered.report.causes, *offered.report.risks) for fix in cause.remediations]
    assert sorted(told) == sorted(offered.plans)
    return told


def test_the_report_tells_what_a_fix_changes_and_how_it_is_undone() -> None:
    report, snapshot = blocked()
    offered = offer(report, snapshot, approving(ACCOUNT))
    fix = offered.report.causes[0].remediations[0]
    assert (fix.id, fix.risk, fix.allowed, fix.why_not) == ("sg-allow-lb-ingress", "medium", True, None)
    assert fix.changes[0].before is None
    assert fix.aws_cli[0].startswith("aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-")
    assert fix.undo.kind == "exact"
    assert fix.undo.aws_cli[0].endswith("--security-group-rule-ids '<security group rule>'")
    assert offered.report.model_copy(update={"causes": (), "risks": ()}) == report.model_copy(
        update={"causes": (), "risks": ()}
    )
    assert Report.from_json(offered.report.to_json()) == offered.report


def test_the_same_snapshot_gives_the_same_offers() -> None:
    report, snapshot = blocked()
    first = offer(report, snapshot, approving(ACCOUNT))
    again = offer(first.report, Snapshot.model_validate_json(snapshot.model_dump_json()), approving(ACCOUNT))
    assert again.report == first.report
    assert again.plans == first.plans


def test_off_offers_nothing_and_suggest_shows_commands() -> None:
    report, snapshot = blocked()
    assert offer(report, snapshot, Policy(mode="off")) == Offered(report)
    suggested = offer(report, snapshot, Policy()).report.causes[0].remediations[0]
    assert not suggested.allowed
    assert "suggest" in (suggested.why_not or "")
    assert suggested.aws_cli


def test_several_plans_of_a_fix_are_told_apart(only: Any) -> None:
    def three(_case: Case) -> Iterator[Plan]:
        yield from (plan("/a"), plan("/b"), plan("/c"))

    def one(_case: Case) -> Iterator[Plan]:
        yield plan("/d", fix="try-it-2")

    offered = only(spec(three), spec(one, id="try-it-2"))
    assert ids(offered) == ["try-it", "try-it-3", "try-it-4", "try-it-2"]
    assert offered.plans["try-it-2"].fix == "try-it-2"


def test_what_serves_two_causes_is_offered_once(only: Any) -> None:
    report, _ = blocked()
    first = report.causes[0]
    both = report.model_copy(update={"causes": (first, first.model_copy(update={"code": "sg-stale-reference"}))})
    offered = only(spec(lambda _: iter((plan(),)), causes=("sg-ingress-missing", "sg-stale-reference")), report=both)
    assert ids(offered) == ["try-it"]
    assert offered.report.causes[1].remediations == ()


def test_a_fix_that_fails_is_left_out_and_logged(only: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fails(case: Case) -> Iterator[Plan]:
        yield plan("/before")
        raise KeyError(case.cause.code)

    assert ids(only(spec(fails), spec(lambda _: iter((plan("/x", fix="other"),)), id="other"))) == ["other"]
    assert "fix try-it failed on report r-" in caplog.text


def test_what_must_be_refused_is_not_offered(only: Any, caplog: pytest.LogCaptureFixture) -> None:
    deletes = Call.of("elbv2", "delete_target_group", TargetGroupArn=TG)
    (write,) = plan().writes
    bad = plan(writes=(write.model_copy(update={"call": deletes}),))
    assert ids(only(spec(lambda _: iter((bad, plan()))))) == ["try-it"]
    assert "takes away what this plan did not make" in caplog.text


def test_a_fix_is_asked_only_when_all_that_it_needs_was_read(only: Any) -> None:
    report, snapshot = blocked()
    assert not isinstance(snapshot.get(Hosts), Hosts)
    asked: list[str] = []

    def ask(case: Case) -> Iterator[Plan]:
        asked.append(case.cause.code)
        yield plan()

    assert ids(only(spec(ask, needs=(EcsService, Hosts)))) == []
    assert asked == []
    assert ids(only(spec(ask, uses=(Hosts,)))) == ["try-it"]
    assert asked == [report.causes[0].code]


def test_a_possible_cause_gets_nothing_that_could_hurt(only: Any) -> None:
    report, _ = blocked()
    unsure = report.model_copy(update={"causes": (report.causes[0].model_copy(update={"band": "possible"}),)})
    plans = (plan("/a", risk="medium"), plan("/b"))
    assert ids(only(spec(lambda _: iter(plans)), report=unsure)) == ["try-it"]
    assert len(ids(only(spec(lambda _: iter(plans))))) == 2


def test_risks_are_offered_only_what_is_meant_for_them(only: Any) -> None:
    report, _ = blocked()
    risky = report.model_copy(update={"causes": (), "risks": report.causes[:1]})
    made = spec(lambda _: iter((plan(),)))
    assert ids(only(made, report=risky)) == []
    offered = only(replace(made, for_risks=True), report=risky)
    assert ids(offered) == ["try-it"]
    assert offered.report.risks[0].remediations


def test_what_mends_comes_before_what_prevents(only: Any) -> None:
    setting = spec(lambda _: iter((plan("/s", fix="a-setting"),)), id="a-setting", for_risks=True)
    mends = spec(lambda _: iter((plan("/m", fix="mends", risk="medium"),)), id="mends")
    gently = spec(lambda _: iter((plan("/g", fix="mends-gently"),)), id="mends-gently")
    assert ids(only(setting, mends, gently)) == ["mends-gently", "mends", "a-setting"]


def test_the_way_back_comes_first_a_stop_gap_late_and_what_has_to_wait_after_them(only: Any) -> None:
    def one(fix: str, **changes: Any) -> FixSpec:
        aim = changes.pop("aim", "ends")
        return spec(lambda _: iter((plan(f"/{fix}", fix=fix, **changes),)), id=fix, aim=aim)

    waits = one("a-waits", aim="back", not_now="a deployment is in progress")
    fixes = (one("b-next-time", aim="prevents"), one("c-stop-gap", aim="relieves"), one("d-ends"))
    assert ids(only(waits, *fixes, one("e-back", aim="back"))) == [
        "e-back",
        "d-ends",
        "c-stop-gap",
        "a-waits",
        "b-next-time",
    ]


def test_what_was_put_right_is_offered_only_what_cares_for_the_next_time() -> None:
    snapshot = killed_until_somebody_gave_more_memory().snapshot()
    report = diagnose(snapshot)
    assert report.causes[0].code == "task-oom-killed"
    assert (report.causes[0].advice or "").startswith("Nothing to do now: over since 03:18 UTC (service changed 03:19")
    offered = offer(report, snapshot, approving(ACCOUNT))
    assert "ecs-more-memory" not in offered.plans


def test_offers_are_bounded(only: Any) -> None:
    many = [plan(f"/{number}") for number in range(100)]
    assert len(ids(only(spec(lambda _: iter(many))))) == MAX_A_CAUSE


def test_a_healthy_service_is_offered_nothing() -> None:
    snapshot = Incident().snapshot()
    offered = offer(diagnose(snapshot), snapshot, approving(ACCOUNT))
    assert not [fix for cause in offered.report.causes for fix in cause.remediations]


def test_reach_is_what_the_report_is_about() -> None:
    report, snapshot = blocked()
    reach = offer(report, snapshot, approving(ACCOUNT)).reach
    assert reach is not None
    assert {TG, SERVICE, "prod", "checkout"} <= reach.writable
    assert (reach.account, reach.region, reach.partition) == (ACCOUNT, "us-east-1", "aws")
    assert reach.families == {"checkout"}
