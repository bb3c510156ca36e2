"""What an execution does with the answers of AWS: each write is sent once, and what is not known is read."""

from __future__ import annotations

from typing import Any

import pytest

from remediations.execute import LOOKS, Execution, Tools, carry_out
from remediations.fix import CannotPrepareError
from remediations.journal import MemoryJournal, Step
from remediations.plan import FROM, PLAN, Call, Guard, Look, Plan, Write
from remediations.protection import Protection, tagged_arns
from remediations.undo import undo_of
from tests.remediations.cloud import (
    ARN,
    Cloud,
    delay_is,
    deployments_are,
    path_is,
    plan,
    redeploy,
    set_delay,
    set_path,
)


def ran(cloud: Cloud, chosen: Plan | None = None, **more: Any) -> Execution:
    given: dict[str, Any] = {"reads": cloud, "writer": cloud, "pause": lambda _seconds: None}
    return carry_out(chosen or plan(), "p-1", Tools(**{**given, **more}))


def one_write(**more: Any) -> Plan:
    return plan(**{"writes": (set_path("/healthz"),), "guards": (path_is("/"),), **more})


def test_everything_is_done_in_order_and_told() -> None:
    cloud = Cloud()
    found = ran(cloud)
    assert (found.status, found.done, found.kept) == ("done", (0, 1), {"given": "id-1"})
    assert [step.request_id for step in found.steps] == ["request-1", "request-2"]
    assert found.before == {path_is("/").text: "/", delay_is("30").text: "30"}


def test_a_write_waits_for_what_is_under_way_and_is_judged_again_after_that() -> None:
    cloud, pauses = Cloud(), list[float]()
    late = set_delay("60").model_copy(update={"after_s": 90})
    two = plan(writes=(set_path("/healthz"), late))
    assert ran(cloud, two, pause=pauses.append).status == "done"
    assert pauses == [90]

    cloud = Cloud()
    stopped = ran(cloud, two, pause=pauses.append, interrupted=lambda: "it is too late" if len(pauses) > 1 else None)
    assert (stopped.status, stopped.text, cloud.sent) == ("partial", "it is too late", ["modify_target_group"])


def test_a_changed_value_stops_it_and_is_told_from_what_to_what() -> None:
    cloud = Cloud(settings={"HealthCheckPath": "/ready"})
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("refused", [])
    assert found.text == 'it is no longer so that the health check asks for /: "/" is now "/ready"; nothing was changed'


def test_a_guard_that_cannot_be_read_stops_it() -> None:
    cloud = Cloud(gaps={"describe_target_groups": "AccessDenied"})
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("refused", [])
    assert "could not be read: elasticloadbalancing:DescribeTargetGroups (AccessDenied)" in found.text


@pytest.mark.parametrize("expected", [True, 1])
def test_truth_is_no_number(expected: Any) -> None:
    look = Look(call=path_is("/").look.call, path="`1`" if expected is True else "`true`")
    found = ran(Cloud(), one_write(guards=(Guard(look=look, expected=expected, text="x"),)))
    assert found.status == "refused"


def test_an_answer_that_lacks_what_a_path_wants_does_not_hold() -> None:
    look = Look(call=path_is("/").look.call, path="length(Nothing) == `0`")
    found = ran(Cloud(), one_write(guards=(Guard(look=look, expected=True, text="nothing is there"),)))
    assert "whether nothing is there could not be read" in found.text


def test_what_is_so_already_refutes_the_hypothesis() -> None:
    cloud = Cloud(settings={"HealthCheckPath": "/healthz"})
    found = ran(cloud, one_write(guards=()))
    assert (found.status, cloud.sent) == ("refused", [])
    assert found.text.endswith("the hypothesis is refuted")


def test_what_aws_has_already_refutes_the_hypothesis() -> None:
    cloud = Cloud()
    cloud.next_answers.append("InvalidPermission.Duplicate")
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("failed", ["modify_target_group"])
    assert "the hypothesis is refuted" in found.text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDenied", "elasticloadbalancing:ModifyTargetGroup was denied to the remediation role: AccessDenied (s"),
        ("ValidationError", "AWS refused elasticloadbalancing:ModifyTargetGroup: ValidationError (said AWS)"),
        ("RulesPerSecurityGroupLimitExceeded", "A limit of the account is reached"),
        ("TargetGroupNotFound", "What it should change is no longer there"),
    ],
)
def test_a_clear_refusal_is_said_in_words_and_not_repeated(code: str, says: str) -> None:
    cloud = Cloud()
    cloud.next_answers.append(code)
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("failed", ["modify_target_group"])
    assert found.text.startswith(says)


def test_a_lost_answer_is_resolved_by_reading() -> None:
    cloud = Cloud()
    cloud.next_answers.append("lost-done")
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("done", ["modify_target_group", "modify_target_group_attributes"])
    assert found.steps[0].by_reading
    assert found.kept == {"given": "/healthz"}, "what the answer would have said was looked up"


def test_an_effect_that_shows_late_is_found() -> None:
    cloud = Cloud()
    cloud.next_answers.append("lost")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            cloud.settings["HealthCheckPath"] = "/healthz"

    assert ran(cloud, one_write(), pause=pause).status == "done"
    assert pauses == list(LOOKS[:3])


def test_a_lost_write_without_effect_is_not_sent_again() -> None:
    cloud = Cloud()
    cloud.next_answers.append("lost")
    found = ran(cloud)
    assert (found.status, cloud.sent) == ("unknown", ["modify_target_group"])
    assert found.text.startswith(
        "elasticloadbalancing:ModifyTargetGroup: AWS gave no clear answer (ReadTimeoutError), and after 16 s it was not"
    )


def test_throttling_is_waited_for_and_no_effect_is_doubled() -> None:
    cloud = Cloud()
    cloud.next_answers.extend(["throttled", "throttled"])
    assert ran(cloud, one_write()).status == "done"
    assert cloud.sent == ["modify_target_group"] * 3
    cloud = Cloud()
    cloud.next_answers.extend(["throttled"] * 9)
    found = ran(cloud, one_write())
    assert (found.status, len(cloud.sent)) == ("failed", 4)
    assert "(Throttling); nothing of it was done" in found.text


def test_a_plan_that_ends_in_the_middle_knows_what_was_done() -> None:
    cloud = Cloud()
    cloud.next_answers.extend(["done", "ValidationError"])
    found = ran(cloud)
    assert (found.status, found.done) == ("partial", (0,))
    undo = undo_of(plan(), "p-1", found)
    assert undo is not None
    assert undo.guards == (path_is("/healthz"),)
    back = carry_out(undo, "p-2", Tools(reads=cloud, writer=cloud), undoes=True)
    assert (back.status, cloud.settings["HealthCheckPath"]) == ("done", "/")
    assert cloud.sent[2:] == ["modify_target_group"]


def test_an_undo_of_a_part_leaves_alone_what_others_did_to_the_rest() -> None:
    """The second write was refused; an hour later somebody sets by hand what it would have set."""
    cloud = Cloud()
    cloud.next_answers.extend(["done", "ValidationError"])
    found = ran(cloud)
    cloud.attributes["deregistration_delay.timeout_seconds"] = "120"
    undo = undo_of(plan(), "p-1", found)
    assert undo is not None
    back = carry_out(undo, "p-2", Tools(reads=cloud, writer=cloud), undoes=True)
    assert (back.status, cloud.settings["HealthCheckPath"]) == ("done", "/")
    assert cloud.attributes == {"deregistration_delay.timeout_seconds": "120"}


def test_what_somebody_sent_before_they_died_is_found_by_reading() -> None:
    cloud = Cloud(settings={"HealthCheckPath": "/healthz"})
    journal = MemoryJournal()
    journal.sending(0, "elasticloadbalancing:ModifyTargetGroup")
    found = ran(cloud, one_write(), journal=journal)
    assert (found.status, cloud.sent, found.steps[0].by_reading) == ("done", [], True)


def test_what_was_marked_as_sent_and_has_no_effect_is_sent_when_that_can_harm_nothing() -> None:
    journal = MemoryJournal()
    journal.sending(0, "elasticloadbalancing:ModifyTargetGroup")
    cloud = Cloud()
    assert ran(cloud, one_write(), journal=journal).status == "done"
    assert cloud.sent == ["modify_target_group"]


def test_a_call_with_a_new_effect_each_time_is_not() -> None:
    journal = MemoryJournal()
    journal.sending(0, "ecs:UpdateService")
    cloud = Cloud()
    found = ran(cloud, plan(writes=(redeploy(),), guards=(deployments_are(0),)), journal=journal)
    assert (found.status, cloud.sent) == ("unknown", [])
    again = ran(cloud, plan(writes=(redeploy(),), guards=(deployments_are(0),)), journal=journal)
    assert again == found


def test_a_refusal_of_what_may_have_been_sent_before_is_looked_into() -> None:
    """The first one did it after all, and the second one is told that it is there already."""
    journal = MemoryJournal()
    journal.sending(0, "x")
    cloud = Cloud()
    cloud.next_answers.append("InvalidPermission.Duplicate")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(LOOKS) + 1:
            cloud.settings["HealthCheckPath"] = "/healthz"

    assert ran(cloud, one_write(), journal=journal, pause=pause).status == "done"


def test_what_a_write_gives_is_used_by_the_next_one_and_by_the_undo() -> None:
    first = plan().writes[0]
    call = Call.of(
        "elbv2", "modify_target_group", TargetGroupArn=ARN, HealthCheckPath={FROM: "given"}, Name={FROM: PLAN}
    )
    expected: Any = {FROM: "given"}
    guard = path_is("/").model_copy(update={"expected": expected})
    cloud = Cloud()
    found = ran(cloud, one_write(writes=(first, Write(call=call, resources=(ARN,), done_when=guard))))
    assert found.status == "done"
    assert (cloud.settings["HealthCheckPath"], cloud.settings["Name"]) == ("id-1", "p-1")


def test_a_name_that_nothing_kept_stops_it() -> None:
    call = Call.of("elbv2", "modify_target_group", X={FROM: "nothing"})
    cloud = Cloud()
    found = ran(cloud, one_write(writes=(Write(call=call, resources=(ARN,), done_when=path_is("/x")),)))
    assert (found.status, cloud.sent) == ("refused", [])
    assert "nothing is not known" in found.text


@pytest.mark.parametrize("tags", [{"change-freeze": "true"}, {"Change-Freeze": " TRUE "}])
def test_a_protecting_tag_stops_it(tags: dict[str, str]) -> None:
    cloud = Cloud(tags=tags)
    found = ran(cloud, protections=(Protection("change-freeze", "true"),))
    assert (found.status, cloud.sent) == ("refused", [])
    assert "is protected by its tag" in found.text


@pytest.mark.parametrize(
    "kind", ["listener/app/shop/50dc6c495c0c9188/f2", "listener-rule/app/shop/50dc6c495c0c9188/f2/9a"]
)
def test_a_protected_load_balancer_protects_its_listeners_and_rules(kind: str) -> None:
    """Nobody tags each rule."""
    place = ARN.split(":targetgroup/", maxsplit=1)[0]
    balancer = f"{place}:loadbalancer/app/shop/50dc6c495c0c9188"
    write = set_path("/healthz").model_copy(update={"resources": (f"{place}:{kind}",)})
    assert tagged_arns(one_write(writes=(write,))) == (ARN, f"{place}:{kind}", balancer)


def test_tags_that_cannot_be_read_protect() -> None:
    cloud = Cloud(gaps={"describe_tags": "AccessDenied"})
    found = ran(cloud, protections=(Protection("change-freeze", "true"),))
    assert "so it counts as protected; allow that action to the role that reads" in found.text


def test_other_tags_do_not_and_none_are_read_where_none_protects() -> None:
    cloud = Cloud(tags={"change-freeze": "false", "team": "shop"})
    assert ran(cloud, protections=(Protection("change-freeze", "true"),)).status == "done"
    cloud = Cloud(gaps={"describe_tags": "AccessDenied"})
    assert ran(cloud).status == "done"


def test_an_unknown_kind_of_thing_counts_as_protected() -> None:
    strange = one_write(judged_by_tags_of=("arn:aws:rds:us-east-1:111122223333:db:orders",))
    found = ran(Cloud(), strange, protections=(Protection("x", None),))
    assert found.status == "refused"


def test_parameters_are_made_of_what_aws_has_now(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = {"group": path_is("/").look.call}
    write = set_path("/healthz").model_copy(
        update={"prepared_by": "keeping", "reads": reads, "arguments": {"path": "/healthz"}}
    )
    seen: list[Any] = []

    def keeping(answers: Any, arguments: Any) -> dict[str, Any]:
        seen.append(answers["group"]["TargetGroups"][0]["Matcher"])
        if arguments["path"] == "/never":
            raise CannotPrepareError("the group is not what it was")
        return {"TargetGroupArn": ARN, "HealthCheckPath": arguments["path"], "Kept": "yes"}

    monkeypatch.setattr("remediations.execute._Execution._prepare_of", lambda *_: keeping)
    cloud = Cloud()
    assert ran(cloud, one_write(writes=(write,))).status == "done"
    assert (seen, cloud.settings["Kept"]) == ([{"HttpCode": "200"}], "yes")
    never = write.model_copy(update={"arguments": {"path": "/never"}})
    found = ran(Cloud(), one_write(writes=(never,)))
    assert (found.status, found.text) == ("refused", "the group is not what it was")
    objected = ran(Cloud(), one_write(writes=(write,)), objection=lambda one: str(one.call.parameters["Kept"]))
    assert objected.text == "this is never done: yes"


def test_an_undo_leaves_alone_what_is_as_it_was() -> None:
    cloud = Cloud()
    undo = plan(writes=(set_delay("30"), set_path("/")), guards=())
    found = carry_out(undo, "p-2", Tools(reads=cloud, writer=cloud), undoes=True)
    assert (found.status, cloud.sent) == ("done", [])


def test_a_step_that_was_refused_stays_refused() -> None:
    journal = MemoryJournal()
    journal.record(Step(index=0, state="rejected", text="no"))
    cloud = Cloud()
    found = ran(cloud, journal=journal)
    assert (found.status, found.text, cloud.sent) == ("failed", "no", [])
