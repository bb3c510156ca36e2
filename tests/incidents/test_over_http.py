"""Every incident of the simulated world through the whole stack over HTTP, at its end, with a role that may read what
the published policy allows.

A fault does not care when somebody looks: where tasks come and go it is looked at again in between two replacements,
during a drain or minutes later, and the first cause has to be the same.
"""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.diagnosing import Diagnoser
from demo import scenarios
from demo.running import RunningWorld, run
from demo.scenarios.repair import repair_line
from demo.scenarios.scenario import Expect
from demo.world.moto_state import forget_account
from diagnostics.aws_access import AccessLimits, AwsAccess
from diagnostics.question import Diagnosed, Progress, Question
from diagnostics.report import Report
from tests import aws_use
from tests.demo.scenarios.test_scenarios import SHOWS, Seen
from tests.published_policies import RolesOfAnAccount
from tests.remediations.holding import hold

PRESENT = 1_800_000_000.0
REGION = "us-east-1"
LATER_S = {
    "container-health-failing": 180.0,
    "crash-loop-after-deploy": 45.0,
    "deployment-gap": 180.0,
    "health-path-kill-loop": 45.0,
    "min-healthy-gap": 45.0,
    "oom-after-deployment": 180.0,
    "slow-start-kill-loop": 45.0,
    "stop-timeout-too-short": 180.0,
}
"""Seconds after which a scenario is asked about again: between two replacements, or when many are over."""
MAX_DELAYS = 10
MAX_CALLS = 60
BUDGET_S = 60.0
SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
_accounts = itertools.count(730_000_000_000)


class OpenGate:
    """Lets every look-up through at once: this CloudTrail has no quota."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


class Asked:
    """A running world and somebody who asks about it again and again."""

    def __init__(self, world: RunningWorld) -> None:
        self.world = world
        self.roles = RolesOfAnAccount(world.world.layer, world.account)
        self._diagnoser = Diagnoser(
            AwsAccess((self.roles.reader(REGION),), AccessLimits(), gate=OpenGate()),
            nicknames={},
            budget_s=BUDGET_S,
            cache_s=0,
            clock=lambda: datetime.fromtimestamp(world.world.now(), UTC),
        )

    @property
    def expectations(self) -> tuple[Expect, ...]:
        return self.world.scenario.expect

    def about(self, target: str) -> Report:
        outcome = self._diagnoser(Question(words=target), _ignore)
        assert isinstance(outcome, Diagnosed), outcome
        hold(outcome.report, outcome.snapshot)
        return outcome.report


@pytest.fixture(scope="module", params=scenarios.names())
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """One world for all tests of a scenario, which come one after another; the last of them moves its clock."""
    account = f"{next(_accounts)}"
    with (
        run(request.param, live=False, account=account, present=PRESENT) as world,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in world.environment().items():
            patch.setenv(name, value)
        there = Asked(world)
        yield there
    there.roles.check()
    forget_account(account)


def test_a_scenario_shows_its_fault(asked: Asked) -> None:
    running = asked.world
    assert running.world.now() == PRESENT
    seen = Seen(running.world, running.account, running.scenario.target)
    assert SHOWS[running.scenario.name](seen), (seen.health, seen.stop_reasons)


def test_a_repair_names_what_is_there(asked: Asked) -> None:
    scenario = asked.world.scenario
    line = repair_line(scenario, asked.world.world, asked.world.account)
    assert (line is None) == (scenario.repair is None)
    if line is not None:
        assert line.startswith("aws ")
        assert not set("{}") & set(line)
        options = shlex.split(line)[3:]
        assert all(value and not value.startswith("--") for value in options[1::2])


def test_a_scenario_is_diagnosed_the_same_now_and_later(asked: Asked) -> None:
    for expect in asked.expectations:
        _check(asked.about(expect.target), expect, 0)
    aws_use.diagnosed(asked.world.scenario.name)
    if later_s := LATER_S.get(asked.world.scenario.name):
        asked.world.world.advance(later_s)
        for expect in asked.expectations:
            _check(asked.about(expect.target), expect, later_s)


def _ignore(progress: Progress) -> None:
    """Nobody is watching."""


def _check(report: Report, expect: Expect, moment_s: float) -> None:
    story = (f"+{moment_s} s", [(cause.code, cause.role, cause.band, cause.summary) for cause in report.causes])
    codes = {cause.code for cause in report.causes}
    assert report.verdict == expect.verdict, story
    assert (report.causes[0].code if report.causes else None) == expect.first, story
    assert expect.also <= codes, story
    assert not expect.never & codes, story
    assert codes <= {expect.first} | expect.also | expect.may, story
    assert not report.gaps
    assert not [check for check in report.checks if "the check itself failed" in check.reason]
    assert report.stats.longest_chain <= MAX_DELAYS
    assert report.stats.aws_calls <= MAX_CALLS
    Draft202012Validator(SCHEMA).validate(json.loads(report.to_json()))
