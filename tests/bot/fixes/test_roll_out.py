"""Two versions at one store, as during a roll-out: each reads what the other wrote, and seals keep their promise."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from structlog.testing import capture_logs

from bot.store.clicks import Clicks
from bot.store.keys import key
from bot.store.plans import Offers, Tickets
from bot.store.reading import must_read, read
from bot.store.reports import Reports
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown
from diagnostics.report import Report
from handlers.fixes import FixClick
from remediations.approval import Ticket
from remediations.journal import Step
from remediations.plan import Plan
from tests import reports
from tests.bot.fixes.acting import START, Stage, person
from tests.remediations.cloud import REACH, plan

MAPS = frozenset({"counts"})
"""Objects whose names are data: another entry is no field."""


def newer(value: Any) -> Any:
    """As a later version writes it: with a field more in every object."""
    if isinstance(value, dict):
        known = {name: inner if name in MAPS else newer(inner) for name, inner in value.items()}
        return {**known, "since_the_next_version": {"a": [1]}}
    return [newer(one) for one in value] if isinstance(value, list) else value


def rewrite(redis: Redis, name: str, field: str | None, change: Any) -> None:
    """Changes the JSON that is kept under a name."""
    raw = redis.get(name) if field is None else redis.hget(name, field)
    assert isinstance(raw, bytes)
    packed = zlib.compress(json.dumps(change(json.loads(zlib.decompress(raw)))).encode())
    if field is None:
        redis.set(name, packed)
    else:
        redis.hset(name, field, packed)


def without(*names: str) -> Any:
    return lambda kept: {name: value for name, value in kept.items() if name not in names}


def test_a_report_of_the_next_version_is_read(redis: Redis) -> None:
    kept, one = Reports(redis, 1), reports.report(causes=(reports.cause(remediations=(reports.fix(),)),))
    kept.save(one)
    rewrite(redis, key("report", one.id), None, newer)
    assert kept.load(one.id) == one


def test_a_report_of_the_version_before_is_read(redis: Redis) -> None:
    """It knows nothing of what was added since, which has a default."""
    kept, one = Reports(redis, 1), reports.report()
    kept.save(one)
    rewrite(redis, key("report", one.id), None, without("risks", "gaps", "timeline", "stats"))
    found = kept.load(one.id)
    assert found is not None
    assert (found.id, found.causes) == (one.id, one.causes)


def test_what_lacks_something_that_is_needed_is_gone_and_the_log_says_so_in_a_line(redis: Redis) -> None:
    kept, one = Reports(redis, 1), reports.report()
    kept.save(one)
    rewrite(redis, key("report", one.id), None, without("verdict", "target"))
    with capture_logs() as logged:
        assert kept.load(one.id) is None
    (line,) = logged
    assert line["event"].startswith("a record of the store is taken for gone")
    assert (line["kind"], line["fields"]) == ("Report", ["target", "verdict"])


@pytest.mark.parametrize(
    "answer",
    [
        Ambiguous(words="x", candidates=(Candidate(kind="lambda", name="x", words="x", account="1", region="r"),)),
        Unknown(words="x", hint="look elsewhere"),
        Refused(message="no"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_other_answers_of_the_next_version_stay_what_they_are(
    redis: Redis, answer: Ambiguous | Unknown | Refused
) -> None:
    kept = Reports(redis, 1)
    answer_id = kept.put_answer(answer)
    rewrite(redis, key("answer", answer_id), None, newer)
    assert kept.answer(answer_id) == (answer, None)


def test_what_users_rely_on_stays_strict() -> None:
    """The published schema allows nothing that is not in it, and neither does whoever reads a file by it."""
    assert Report.model_json_schema()["additionalProperties"] is False
    with pytest.raises(ValueError, match="extra"):
        Report.from_json(json.dumps({**json.loads(reports.report().to_json()), "more": 1}))


def test_the_plans_of_the_next_version_are_read(redis: Redis) -> None:
    offers = Offers(redis, keep_days=1)
    found = reports.report()
    offers.save(found.id, {"x": plan()}, REACH)
    rewrite(redis, key("offers", found.id), None, lambda kept: {**kept, "more": 1})
    wanted = offers.wanted(found, "x")
    assert wanted is not None
    assert wanted.plan == plan()


def test_a_click_of_the_next_version_is_worked_on(redis: Redis) -> None:
    click = FixClick(id="k", correlation_id="c", kind="open", about="f-1", user="U1", team="T1", at=START)
    redis.set(key("fix-click", "k"), json.dumps(newer(json.loads(click.model_dump_json()))))
    assert Clicks(redis).take("k") == click


@pytest.mark.parametrize("step", [{"index": 0, "state": "skipped"}, {"state": "done"}])
def test_a_line_of_the_journal_is_never_taken_for_gone(step: Mapping[str, Any]) -> None:
    """What was done would be done again."""
    assert must_read(Step, json.dumps(newer({"index": 0, "state": "done"}))) == Step(index=0, state="done")
    with pytest.raises(ValueError, match=r"state|index"):
        must_read(Step, json.dumps(step))


# Tickets


def rewritten(stage: Stage, ticket: Ticket, change: Any) -> None:
    rewrite(stage.redis, key("fix", ticket.id), "ticket", change)


def test_a_ticket_goes_on_in_the_other_version(stage: Stage) -> None:
    """It was asked for in the new one and is approved, carried out and taken back in the old one."""
    asked = stage.asked()
    rewritten(stage, asked, lambda kept: {**kept, "since_the_next_version": 1})
    assert stage.ticket(asked.id) == asked
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)
    stage.executor().run(asked.id)
    assert (stage.ticket(asked.id).state, stage.ticket(asked.id).text) == ("executed", "")


def test_a_ticket_of_the_version_before_goes_on_in_this_one(stage: Stage) -> None:
    """What it did not know yet has a default."""
    asked = stage.asked()
    rewritten(stage, asked, without("called_at", "quiet", "came_back", "undone_by", "left_to_do"))
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)
    stage.executor().run(asked.id)
    assert stage.ticket(asked.id).state == "executed"


def test_a_ticket_that_lacks_what_is_needed_is_gone(stage: Stage) -> None:
    asked = stage.asked()
    rewritten(stage, asked, without("plan"))
    assert Tickets(stage.redis).load(asked.id) is None
    stage.executor().run(asked.id)
    stage.executor().sweep()
    assert stage.cloud.sent == []


class NextPlan(Plan):
    """A plan that knows one more thing which decides what is done."""

    only_in_zone: str = ""


@pytest.mark.parametrize(("zone", "state"), [("", "executed"), ("us-east-1a", "refused")])
def test_what_the_seal_covers_and_this_version_does_not_know_is_not_carried_out(
    stage: Stage, zone: str, state: str
) -> None:
    """The next version showed and sealed a plan for one zone. Here the zone is lost, and so is the seal."""
    chosen = NextPlan(**plan().model_dump(), only_in_zone=zone)
    asked = stage.desk.request(replace(stage.wanted(), plan=chosen), person())
    assert isinstance(asked, Ticket)
    shown = asked.digest
    assert (stage.ticket(asked.id).digest == shown) == (zone == "")
    agreed = stage.desk.approve(asked.id, person("U-bob"))
    assert isinstance(agreed, Ticket)
    stage.executor().run(asked.id)
    after = stage.ticket(asked.id)
    assert (after.state, bool(stage.cloud.sent)) == (state, state == "executed")
    assert ("different versions" in after.text) == (state == "refused")


@pytest.mark.parametrize("where", ["ticket", "plan", "deed", "sealed", "write"])
def test_a_field_that_is_put_in_beside_changes_nothing_of_what_was_approved(stage: Stage, where: str) -> None:
    """By somebody who can write to the store: it is as if it were not there."""

    def put_in(kept: dict[str, Any]) -> dict[str, Any]:
        inside = {
            "ticket": kept,
            "plan": kept["plan"],
            "deed": kept["agreed"]["deed"],
            "sealed": kept["agreed"],
            "write": kept["plan"]["writes"][0]["call"],
        }[where]
        inside["approved_by_all"] = True
        return kept

    ticket = stage.approved()
    rewritten(stage, ticket, put_in)
    stage.executor().run(ticket.id)
    assert stage.ticket(ticket.id).state == "executed"
    assert stage.cloud.settings["HealthCheckPath"] == "/healthz"
    assert stage.cloud.sent == ["modify_target_group", "modify_target_group_attributes"]


def test_a_field_of_the_deed_that_the_sealer_knew_is_not_left_out(stage: Stage) -> None:
    """The seal is over all of it: who drops a part of what somebody said has no seal for the rest."""
    ticket = stage.approved()
    agreed = json.loads(ticket.model_dump_json())["agreed"]
    rewritten(stage, ticket, lambda kept: {**kept, "agreed": {**agreed, "deed": {**agreed["deed"], "shown": ""}}})
    stage.executor().run(ticket.id)
    assert (stage.ticket(ticket.id).state, stage.cloud.sent) == ("refused", [])


def test_a_record_is_read_by_its_known_part() -> None:
    assert read(Step, '{"index": 1, "state": "done", "more": {"x": 1}}') == Step(index=1, state="done")
    assert read(Step, "{}") is None
    assert read(Step, b"\xff") is None
