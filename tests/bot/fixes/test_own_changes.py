"""What the audit tells a diagnosis of fixes that were carried out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from redis import Redis
from redis.exceptions import ConnectionError as UnreachableError

from bot.cli import diagnose
from bot.own_changes import MAX_RECORDS, AuditedChanges
from bot.store.audit import FIELD, StoredAudit, stream
from diagnostics.collect.own_records import OwnRecord
from diagnostics.collect.sources.own_changes import own_change
from remediations.approval import Ticket
from remediations.plan import Undo
from tests.bot.conftest import settings_for
from tests.bot.fixes.acting import START, Stage, person
from tests.remediations.cloud import ACCOUNT, ARN, REGION, plan, set_path
from tests.slack_fake import SlackFake

LONG_AGO = START - timedelta(days=1)


def records(stage: Stage, since: datetime = LONG_AGO) -> tuple[OwnRecord, ...]:
    found = AuditedChanges(stage.audit).since(ACCOUNT, REGION, since)
    assert found is not None
    return tuple(found)


def test_what_was_carried_out_is_known_with_who_was_behind_it(stage: Stage) -> None:
    done = stage.ran(plan(writes=(set_path("/healthz"),), undo=Undo(kind="exact", text="x", writes=(set_path("/"),))))
    (found,) = records(stage)
    assert (found.plan, found.resource, found.outcome, found.worked) == (done.id, ARN, "done", None)
    assert (found.asked_by, found.approved_by) == ("ann", "bob")
    assert "prod/checkout" in found.about
    (call,) = found.calls
    assert (call.service, call.operation) == ("elbv2", "modify_target_group")
    told = own_change(found).changes[0]
    assert told.name == "ModifyTargetGroup"
    assert told.request["healthCheckPath"] == "/healthz"
    assert told.before["healthCheckPath"] == "/"
    assert told.actor == "alb502 (Set path and delay of checkout; asked by ann, approved by bob)"


def test_whether_it_worked_and_whether_it_was_taken_back(stage: Stage) -> None:
    done = stage.ran()
    stage.cloud.settings["HealthCheckPath"] = "/healthz"
    for _ in range(40):
        stage.wait(10)
        stage.executor().watch(done.id)
    assert records(stage)[-1].worked is (stage.ticket(done.id).state == "verified")
    undo = stage.desk.undo(done.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    stage.executor().watch(undo.id)
    newest, first = records(stage)
    assert (newest.undoes, newest.title.startswith("Undo: ")) == (done.id, True)
    assert (first.plan, first.undone) == (done.id, stage.ticket(done.id).state == "undone")


def test_what_changed_nothing_is_no_change(stage: Stage) -> None:
    stage.asked(offer="other")
    stage.cloud.settings["HealthCheckPath"] = "/other"
    ticket = stage.ran()
    assert ticket.state == "refused"
    assert records(stage) == ()


def test_other_accounts_regions_and_times(stage: Stage) -> None:
    stage.ran()
    audited = AuditedChanges(stage.audit)
    early = LONG_AGO
    assert audited.since(ACCOUNT, "eu-west-1", early) == ()
    assert audited.since("999999999999", REGION, early) == ()
    assert records(stage, START + timedelta(seconds=1)) == ()


def test_what_somebody_else_put_there_is_left_out(stage: Stage) -> None:
    stage.redis.xadd(stream(), {FIELD: "{}"})
    stage.redis.xadd(stream(), {"other": "x"})
    stage.ran()
    assert len(records(stage)) == 1


def test_a_store_that_does_not_answer_costs_no_diagnosis() -> None:
    class Gone:
        def newest(self, *_: object) -> Any:
            raise UnreachableError

    assert AuditedChanges(cast("StoredAudit", Gone())).since(ACCOUNT, REGION, START) is None


def test_a_long_audit_is_read_from_its_end(stage: Stage, redis: Redis) -> None:
    ticket = stage.ran()
    record = next(one for one in stage.records() if one.event == "asked")
    for _ in range(MAX_RECORDS):
        redis.xadd(stream(), {FIELD: record.model_dump_json()})
    assert records(stage) == ()
    assert len(stage.audit.newest(LONG_AGO, 10)) == 10
    assert ticket.state == "executed"


def test_a_terminal_asks_the_store_that_it_knows(stage: Stage, store_url: str) -> None:
    stage.ran()
    known = diagnose.own_records(settings_for(SlackFake(url="http://127.0.0.1:1"), redis_url=store_url))
    assert known is not None
    found = known.since(ACCOUNT, REGION, LONG_AGO)
    assert found is not None
    assert len(found) == 1
    assert diagnose.own_records(settings_for(SlackFake(url="http://127.0.0.1:1"))) is None
