"""Fixes of tasks and deployments in one simulated world with several broken services, which are mended at the same
time: what was wrong is so no longer, the watch says that it worked, and the undo brings back what was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from demo.scenarios.container_port_mismatch import LISTENS
from demo.scenarios.keep_alive_race import COMMAND, KEPT_S
from demo.scenarios.stop_timeout_too_short import APP as SLOW_TO_END
from demo.scenarios.stop_timeout_too_short import restart_one
from demo.world.apps import Answer, App
from demo.world.balancers import dimension
from demo.world.service_handle import ServiceHandle
from diagnostics.facts import TargetHealth
from diagnostics.report import Cause, Concentration, Report
from diagnostics.snapshot import Snapshot
from remediations.execute import Execution
from remediations.plan import Plan
from remediations.protection import Protection
from remediations.reading import see
from remediations.steps.healthy import load_balancer_quiet
from remediations.watch import errors_between
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import REGION, Scene, scene

LOOK_EVERY_S = 30
FREEZE = Protection("change-freeze", "true")
SHARE = 0.04
OTHER_PORT = 9090
MORE_VISITORS = 4
STARVED = {"/healthz": Answer(200, 3.0), "*": Answer(200, 75.0)}
KILLED = 137
FIXES = {
    "cart": "ecs-keep-alive",
    "likes": "ecs-keep-alive",
    "reports": "ecs-stop-timeout",
    "search": "ecs-container-port",
    "checkout": "ecs-more-cpu",
    "feed": "ecs-deployment-percentages",
}

TOLD_BY_LOGS = ("cart", "likes", "reports", "search", "checkout")


class Shop:
    """Services behind a load balancer each, every one broken in its own way; `feed` only loses all its tasks at once
    when it is deployed."""

    def __init__(self, there: Scene) -> None:
        self.there = there
        self.account = there.running.world.account(there.account)
        self.visitors, *_ = there.running.world.region(there.account, REGION).traffic.sources
        self.reports = self._service("reports", app=SLOW_TO_END, rpm=120.0)
        self.cart = self._service("cart", app=App(keep_alive_s=KEPT_S, closes_share=SHARE), command=COMMAND)
        self.likes = self._service(
            "likes", app=App(keep_alive_s=60, closes_share=SHARE), environment={"KEEP_ALIVE_TIMEOUT": "5000"}
        )
        self.search = self._service("search", grace_s=7200, rpm=30.0)
        self.feed = self._service("feed", minimum_percent=0, maximum_percent=100, rpm=30.0)

    def _service(self, name: str, **given: Any) -> ServiceHandle:
        return self.account.service(name, load_balancer=self.account.load_balancer(name), **given)

    def break_all(self) -> None:
        """New tasks of `search` listen elsewhere, tasks of `reports` are restarted, `checkout` gets many visitors."""
        self.there.advance(240)
        self.search.allow_ingress(low=OTHER_PORT)
        self.search.change_app(port=OTHER_PORT, says=LISTENS)
        for _ in range(2):
            restart_one(self.search)
        self.there.advance(600)
        self.visitors.per_minute *= MORE_VISITORS
        self.there.running.world.apps.change(self.account.image("checkout:1"), needs_cpu=400, starved=STARVED)
        for _ in range(2):
            restart_one(self.reports)
            self.there.advance(120)
        self.there.advance(300)

    def what_happens(self) -> Happened:
        """While a task of `reports` is restarted and `feed` is deployed."""
        begun, task = self.there.now(), restart_one(self.reports)
        self.feed.deploy(f"feed:{begun:%H%M}")
        healthy = []
        for _ in range(8):
            self.there.advance(LOOK_EVERY_S)
            healthy.append(self._healthy(self.feed))
        return Happened(
            lost={
                one.name: self._errors(one.load_balancer.arn, 502, begun)
                for one in (self.cart, self.likes, self.reports)
            },
            too_late=self._errors(self.visitors.balancer_arn, 504, begun),
            exit_code=self._exit_code(task),
            least_healthy=min(healthy),
            answering=self._healthy(self.search),
        )

    def _errors(self, balancer: str, status: int, since: datetime) -> float:
        quiet = load_balancer_quiet(dimension(balancer), f"HTTPCode_ELB_{status}_Count")
        found = errors_between([quiet], self.there.reads, since, self.there.now())
        assert isinstance(found, list)
        return found[0]

    def _exit_code(self, task: str) -> int:
        found = self.account.client("ecs").describe_tasks(cluster="prod", tasks=[task])["tasks"][0]
        return int(found["containers"][0]["exitCode"])

    def _healthy(self, service: ServiceHandle) -> int:
        answer = self.account.client("elbv2").describe_target_health(TargetGroupArn=service.target_group)
        return sum(one["TargetHealth"]["State"] == "healthy" for one in answer["TargetHealthDescriptions"])


@dataclass(frozen=True)
class Happened:
    """In four minutes: requests that were lost by service, requests of `checkout` without an answer in time, how a
    task of `reports` ended, how many targets of `feed` were healthy at least, how many of `search` are."""

    lost: Mapping[str, float]
    too_late: float
    exit_code: int
    least_healthy: int
    answering: int


@dataclass(frozen=True)
class Mended:
    """What was planned and done by service, and what happened then."""

    shop: Shop
    plans: Mapping[str, Plan]
    done: Mapping[str, Execution]
    happened: Happened


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with scene("all-well") as there:
        found = Shop(there)
        found.break_all()
        yield found


@pytest.fixture(scope="module")
def mended(shop: Shop) -> Mended:
    there = shop.there
    plans = {service: _plan(there, service, fix) for service, fix in FIXES.items()}
    done = {service: carried_out(there, plan, service) for service, plan in plans.items()}
    there.watch(*plans.values())
    there.advance(60)
    return Mended(shop, plans, done, shop.what_happens())


def _plan(there: Scene, service: str, fix: str) -> Plan:
    report, snapshot = there.diagnose(service, logs=service in TOLD_BY_LOGS)
    told = made_up(report, "deployment-gap") if service == "feed" else report
    plan = next(iter(of_report(fix, told, snapshot)))
    assert plan.not_now is None
    return plan


def carried_out(there: Scene, plan: Plan, name: str) -> Execution:
    execution = there.carry_out(plan, name, protections=(FREEZE,))
    assert execution.status == "done", execution.text
    return execution


def test_each_says_what_it_changes(mended: Mended) -> None:
    changed = {service: (plan.changes[0].setting, plan.changes[0].after) for service, plan in mended.plans.items()}
    assert changed == {
        "cart": ("command --timeout-keep-alive", "65"),
        "likes": ("environment KEEP_ALIVE_TIMEOUT", "65000"),
        "reports": ("stopTimeout", 60),
        "search": ("container port", OTHER_PORT),
        "checkout": ("cpu", "512"),
        "feed": ("deploymentConfiguration.minimumHealthyPercent", 100),
    }


def test_nothing_of_it_happens_any_longer(mended: Mended) -> None:
    assert mended.happened == Happened(
        lost={"cart": 0, "likes": 0, "reports": 0}, too_late=0, exit_code=0, least_healthy=2, answering=2
    )


def test_the_undo_brings_it_back(mended: Mended) -> None:
    """The deployment back of `search` cannot complete, as nobody listens on the port that it registers: its old tasks
    go on."""
    there = mended.shop.there
    for service, plan in mended.plans.items():
        assert plan.undo.kind == ("exact" if service == "feed" else "compensating")
        undone = there.undo(plan, mended.done[service], service, protections=(FREEZE,))
        assert undone.status == "done", undone.text
    waiting = [
        guard
        for service, plan in mended.plans.items()
        for guard in plan.guards
        if not (service == "search" and "no deployment" in guard.text)
    ]
    for _ in range(0, 2 * max(plan.eta_s for plan in mended.plans.values()), LOOK_EVERY_S):
        waiting = [guard for guard in waiting if not see(there.reads, guard).holds]
        there.advance(LOOK_EVERY_S if waiting else 0)
    assert [see(there.reads, guard).told for guard in waiting] == []
    happened = mended.shop.what_happens()
    assert (happened.exit_code, happened.least_healthy, happened.answering) == (KILLED, 0, 2)
    assert all(happened.lost.values())
    assert happened.too_late > 0


def made_up(report: Report, code: str, where: Concentration | None = None) -> Report:
    """As if this cause had been found."""
    cause = Cause(code=code, family="time", title=code, summary=code, confidence=0.7, band="likely", role="root")
    symptom = report.symptom.model_copy(update={"concentration": where}) if where else report.symptom
    return report.model_copy(update={"causes": (cause,), "symptom": symptom})


def test_tasks_are_replaced_one_and_all(shop: Shop) -> None:
    """Nothing is wrong here but what the report is made to say; what counts is what ECS does."""
    there = shop.there
    report, snapshot = there.diagnose("feed")
    where = Concentration(by="target", key=_target(snapshot), share=0.9)
    for fix, code in (("ecs-stop-task", "target-generated-5xx"), ("ecs-force-deployment", "memory-pressure")):
        plan = next(iter(of_report(fix, made_up(report, code, where), snapshot)))
        assert plan.undo.kind == "none"
        carried_out(there, plan, fix)
        there.watch(plan)
        assert there.carry_out(plan, f"{fix}-again").status == "refused"


def _target(snapshot: Snapshot) -> str:
    health = snapshot.get(TargetHealth)
    assert isinstance(health, TargetHealth)
    return next(target.key for _, target in health.all())
