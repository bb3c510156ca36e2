"""After the writes: the watch, the undo, the last word, and what a lost job leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from remediations.approval import Denied, Ticket
from remediations.closing import closing_of
from remediations.plan import Success, Undo
from remediations.protection import Protection
from remediations.sessions import SessionError
from remediations.writing import Writer
from tests.bot.fixes.acting import POLICY, START, Stage, denied, person, sealed
from tests.remediations.cloud import delay_is, healthy, path_is, plan, quiet, redeploy


def test_the_watch_looks_again_until_it_worked_and_says_how_long_it_took(stage: Stage) -> None:
    ticket = stage.ran()
    assert stage.queue.last() == ("watch", ticket.id, 5.0)
    stage.wait(5)
    stage.executor().watch(ticket.id)
    seen = stage.ticket(ticket.id)
    assert seen.progress is not None
    assert (seen.state, seen.progress.missing) == ("executed", ("the targets are healthy",))
    assert stage.queue.last() == ("watch", ticket.id, 5.0)
    stage.cloud.healthy = True
    stage.wait(37)
    stage.executor().watch(ticket.id)
    done = stage.ticket(ticket.id)
    assert (done.state, done.recovered_after_s) == ("verified", 42.0)
    assert stage.records()[-1].text == "the targets are healthy, after 42 s"
    assert stage.queue.last() == ("close", ticket.id, 900)
    stage.executor().watch(ticket.id)
    assert stage.events().count("verified") == 1


def test_what_does_not_work_in_its_time_has_failed(stage: Stage) -> None:
    ticket = stage.ran()
    stage.wait(91)
    stage.executor().watch(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, after.text) == ("failed", "after 91 s it is not so that the targets are healthy")
    assert isinstance(stage.desk.undo(ticket.id, person("U-bob")), Ticket)


def test_a_sign_of_failure_ends_the_watch_at_once(stage: Stage) -> None:
    success = Success(text="x", within_s=600, guards=(healthy(),), fails=(delay_is("60"),))
    ticket = stage.ran(plan(success=success))
    stage.executor().watch(ticket.id)
    assert stage.ticket(ticket.id).text == "it did not work: targets drain for 60 s"


def test_quiet_counts_when_it_has_lasted_in_minutes_that_cloudwatch_has(stage: Stage) -> None:
    success = Success(text="no 502", within_s=60, quiet=(quiet(),))
    ticket = stage.ran(plan(success=success))
    states = []
    for _ in range(10):
        stage.wait(30)
        stage.executor().watch(ticket.id)
        states.append(stage.ticket(ticket.id).state)
    assert states[:6] == ["executed"] * 6
    assert states[-1] == "verified"


def test_errors_that_go_on_are_no_recovery(stage: Stage) -> None:
    ticket = stage.ran(plan(success=Success(text="no 502", within_s=60, quiet=(quiet(),))))
    stage.cloud.errors = [3.0]
    stage.wait(400)
    stage.executor().watch(ticket.id)
    assert stage.ticket(ticket.id).state == "failed"


def test_the_undo_is_a_ticket_of_its_own_and_audited_alike(stage: Stage) -> None:
    ticket = stage.ran()
    stage.cloud.healthy = True
    stage.executor().watch(ticket.id)
    undo = stage.desk.undo(ticket.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    assert (undo.state, undo.undoes) == ("approved", ticket.id)
    stage.executor().run(undo.id)
    assert stage.cloud.settings["HealthCheckPath"] == "/"
    assert stage.cloud.attributes == {"deregistration_delay.timeout_seconds": "30"}
    stage.executor().watch(undo.id)
    first = stage.ticket(ticket.id)
    assert (first.state, first.undone_by) == ("undone", undo.id)
    events = [(record.event, record.ticket) for record in stage.records()]
    for event in ("asked", "approved", "started", "wrote", "executed", "verified"):
        assert (event, undo.id) in events
    assert events[-1] == ("undone", ticket.id)
    assert denied(stage.desk.undo(ticket.id, person("U-ann"))) == "It is undone already."
    assert denied(stage.desk.undo(undo.id, person("U-ann"))) == "There is nothing to undo."


def test_an_undo_is_pressed_once_however_often(stage: Stage) -> None:
    ticket = stage.ran()
    assert "You may not undo this. Who may:" in denied(stage.desk.undo(ticket.id, person("U-eve")))
    assert isinstance(stage.desk.undo(ticket.id, person("U-ann")), Ticket)
    assert denied(stage.desk.undo(ticket.id, person("U-bob"))) == "It is being undone already, by ann."
    assert len([job for job in stage.queue.jobs if job[0] == "run"]) == 2


def test_only_an_approver_undoes(stage: Stage) -> None:
    ticket = stage.ran()
    assert "Who may:" in denied(stage.desk.undo(ticket.id, person("U-eve")))
    assert "Only people" in denied(stage.desk.undo(ticket.id, person("U-ann", kind="bot")))


def test_an_undo_stops_when_somebody_else_has_changed_it_since(stage: Stage) -> None:
    ticket = stage.ran()
    stage.cloud.settings["HealthCheckPath"] = "/other"
    undo = stage.desk.undo(ticket.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    after = stage.ticket(undo.id)
    assert (after.state, stage.cloud.settings["HealthCheckPath"]) == ("refused", "/other")
    assert after.text == (
        'it is no longer so that the health check asks for /healthz: "/healthz" is now "/other"; nothing was changed'
    )


def test_a_plan_that_ends_in_the_middle_says_what_was_done_and_that_part_is_undone(stage: Stage) -> None:
    stage.cloud.next_answers.extend(["done", "AccessDenied"])
    ticket = stage.ran()
    assert ticket.state == "failed"
    assert ticket.text == (
        "it ended in the middle: elasticloadbalancing:ModifyTargetGroupAttributes was denied to the remediation role:"
        " AccessDenied (said AWS). Done before that: elasticloadbalancing:ModifyTargetGroup;"
        " the undo takes back that part"
    )
    undo = stage.desk.undo(ticket.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    assert stage.ticket(undo.id).state == "executed"
    assert stage.cloud.settings["HealthCheckPath"] == "/"
    assert stage.cloud.sent == ["modify_target_group", "modify_target_group_attributes", "modify_target_group"]


def test_what_has_no_undo_says_so(stage: Stage) -> None:
    ticket = stage.ran(plan(undo=Undo(kind="none", text="the scheduler has replaced the task")))
    assert denied(stage.desk.undo(ticket.id, person("U-ann"))) == (
        "There is no undo for this: the scheduler has replaced the task."
    )


def test_where_nothing_was_changed_there_is_nothing_to_undo(stage: Stage) -> None:
    stage.cloud.next_answers.append("AccessDenied")
    ticket = stage.ran()
    assert ticket.state == "failed"
    assert denied(stage.desk.undo(ticket.id, person("U-ann"))) == "There is nothing to undo: nothing was changed."


def test_the_last_word_after_a_time_of_quiet(stage: Stage) -> None:
    ticket = stage.ran()
    stage.cloud.healthy = True
    stage.wait(40)
    stage.executor().watch(ticket.id)
    stage.wait(900)
    stage.executor().close(ticket.id)
    stage.executor().close(ticket.id)
    closing = closing_of(stage.ticket(ticket.id))
    assert closing.text == "Set path and delay of checkout: done by bob, recovered after 40 s; quiet since"
    assert closing.left_to_do == ("set health_check.path in lb.tf",)
    assert stage.events().count("closed") == 1
    assert stage.tickets.unfinished() == ()


@pytest.mark.parametrize(
    ("healthy", "errors", "gap", "says"),
    [
        (False, [], None, "it is no longer so that the targets are healthy"),
        (True, [4.0], None, "errors have come back"),
        (True, [], "get_metric_data", "whether it stayed quiet could not be read"),
    ],
)
def test_the_last_word_when_it_did_not_stay_quiet(
    stage: Stage, healthy: bool, errors: list[float], gap: str | None, says: str
) -> None:
    ticket = stage.ran(plan(success=_both()))
    stage.cloud.healthy = True
    stage.wait(300)
    stage.executor().watch(ticket.id)
    assert stage.ticket(ticket.id).state == "verified"
    stage.cloud.healthy, stage.cloud.errors = healthy, errors
    stage.cloud.gaps = {gap: "AccessDenied"} if gap else {}
    stage.wait(900)
    stage.executor().close(ticket.id)
    assert stage.records()[-1].text.endswith(says)


def _both() -> Success:
    return Success(text="works", within_s=60, guards=(healthy(),), quiet=(quiet(),))


def test_the_sweep_goes_on_with_what_a_lost_job_left(stage: Stage) -> None:
    pending, agreed = stage.asked(offer="first"), stage.approved()
    stage.queue.jobs.clear()
    stage.executor().sweep()
    assert stage.queue.jobs == []
    stage.wait(31)
    stage.executor().sweep()
    assert stage.queue.jobs == [("run", agreed.id, 0.0)]
    stage.executor().run(agreed.id)
    stage.wait(600)
    stage.executor().sweep()
    assert stage.queue.jobs[-1] == ("watch", agreed.id, 0.0)
    assert stage.ticket(pending.id).state == "expired"
    stage.cloud.healthy = True
    stage.executor().watch(agreed.id)
    stage.wait(1000)
    stage.executor().sweep()
    assert stage.queue.jobs[-1] == ("close", agreed.id, 0.0)
    assert stage.told.states[0] == "approved"


def test_a_protecting_tag_that_was_set_meanwhile_stops_it(stage: Stage) -> None:
    stage.policy = replace(POLICY, protect=(Protection("change-freeze", "true"),))
    ticket = stage.approved()
    stage.cloud.tags["Change-Freeze"] = "True"
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert "is protected by its tag Change-Freeze=True" in after.text


def test_without_a_session_nothing_is_begun(stage: Stage) -> None:
    class Untrusted:
        def writer(self, *_: object) -> Writer:
            raise SessionError("the role could not be assumed")

    ticket = stage.approved()
    stage.executor(sessions=Untrusted()).run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, after.text, stage.cloud.sent) == ("refused", "the role could not be assumed", [])
    assert "describe_target_groups" not in stage.cloud.asked


def test_a_value_that_changed_since_stops_it(stage: Stage) -> None:
    ticket = stage.approved()
    stage.cloud.settings["HealthCheckPath"] = "/live"
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert '"/" is now "/live"; nothing was changed' in after.text
    assert stage.records()[-1].event == "refused"
    assert path_is("/").text in after.text


def test_the_clock_of_the_tests_stands(stage: Stage) -> None:
    assert stage.ran(plan(writes=(redeploy(),), guards=())).executed_at == START


def failing(stage: Stage) -> Ticket:
    """A fix that is watched and would be given up at the next look."""
    done = stage.ran()
    stage.wait(91)
    return done


def test_a_fix_that_is_being_undone_is_not_judged_meanwhile(stage: Stage) -> None:
    """Somebody sees that it does not help, and takes it back while the watch still runs."""
    done = failing(stage)
    undo = stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    for _ in range(2):
        stage.executor().watch(done.id)
        assert stage.ticket(done.id).state == "executed"
        stage.executor().run(undo.id)
    stage.executor().watch(undo.id)
    assert stage.ticket(done.id).state == "undone"
    assert [record.event for record in stage.records() if record.ticket == done.id][-2:] == ["executed", "undone"]


def test_an_undo_that_was_refused_lets_the_watch_go_on(stage: Stage) -> None:
    """Somebody else has changed the setting meanwhile; whether the fix worked is still to be found out."""
    done = failing(stage)
    stage.cloud.settings["HealthCheckPath"] = "/other"
    undo = stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    assert stage.ticket(undo.id).state == "refused"
    stage.executor().watch(done.id)
    assert stage.ticket(done.id).state == "failed"


def test_an_undo_after_it_worked_takes_away_the_last_word(stage: Stage) -> None:
    done = stage.ran()
    stage.cloud.healthy = True
    stage.executor().watch(done.id)
    undo = stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    stage.wait(900)
    stage.executor().close(done.id)
    assert stage.ticket(done.id).closed_at is None, "what is being taken back is neither quiet nor has it come back"
    stage.now -= timedelta(seconds=900)
    stage.executor().run(undo.id)
    stage.executor().watch(undo.id)
    stage.wait(900)
    stage.executor().close(done.id)
    assert "closed" not in stage.events()


@pytest.mark.parametrize("what", ["approve", "undo"])
def test_a_click_that_is_worked_on_again_is_carried_out_and_not_refused(stage: Stage, what: Any) -> None:
    """The worker died when it was approved and before the executor knew; the same click comes back."""
    about = stage.asked() if what == "approve" else stage.ran()
    click = sealed(what, about.id, person("U-bob"), stage.now, shown=about.digest)
    desk = stage.desk

    def press() -> Ticket | Denied:
        found: Ticket | Denied = getattr(desk, what)(about.id, person("U-bob"), proof=click)
        return found

    first = press()
    assert isinstance(first, Ticket)
    stage.queue.jobs.clear()
    assert press() == first
    assert stage.queue.jobs == [("run", first.id, 0.0)]
    assert [record.event for record in stage.records() if record.ticket == first.id].count("approved") == 1
    stage.wait(1)
    other = sealed("approve", first.id, person("U-bob"), stage.now)
    assert "by bob already" in denied(stage.desk.approve(first.id, person("U-bob"), proof=other))
