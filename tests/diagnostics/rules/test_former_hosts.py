"""An instance that somebody ended, and that nothing but CloudTrail remembers, is still told of by its last requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostics.collect.sources.former_hosts import NOBODY, former_hosts
from diagnostics.engine import diagnose
from diagnostics.facts import Changes, FormerHosts, Gap, Host, Hosts, NotApplicable, Target, TargetHealth
from diagnostics.rules.former_hosts import with_former_hosts
from tests.diagnostics.collect.driving import Driven, drive
from tests.diagnostics.collect.scripted import GROUP, SUBJECT, answered, refused
from tests.incidents.building import Incident, change
from tests.incidents.lifecycle.asg_scale_in_abrupt import rows_of_the_lost
from tests.incidents.on_hosts import forgotten, host, plain_instances, terminated
from tests.incidents.registration.target_group_not_in_rule import deleted_by_its_arn_alone
from tests.incidents.rows import logged

NO_HOSTS = NotApplicable(reason="no instance")


def out(*ids: str, group: str = GROUP, name: str = "DeregisterTargets", **more: Any) -> Any:
    request = {"targetGroupArn": group, "targets": [{"id": one} for one in ids]}
    return change(name, minutes_ago=20, resources=more.pop("resources", ()), request=request, **more)


def collected(
    *changes: Any, hosts: Any = NO_HOSTS, looked_up: Sequence[str] = (), answer: Any = None, changed: Any = None
) -> Driven:
    health = TargetHealth(by_group={GROUP: (Target(id="i-0a", port=80, state="healthy"),)})
    recorded = changed or Changes(items=changes, looked_up=tuple(looked_up))
    return drive(former_hosts(SUBJECT, recorded, health, hosts), lambda _: answer or answered({"Instances": []}))


def asked_about(driven: Driven) -> list[str]:
    return [name for read in driven.asked for name in read.params["Filters"][0]["Values"]]


def test_who_was_taken_out_of_the_own_group_is_asked_about_once() -> None:
    raw = {"InstanceId": "i-0b", "State": {"Name": "terminated"}}
    driven = collected(
        out("i-0a", "i-0b", "10.0.0.1"),
        out("i-0b", "i-0d"),
        out("i-0e", group="another"),
        out("i-0f", error="AccessDenied"),
        hosts=Hosts(items=(host("i-0d"),)),
        answer=answered({"Instances": [raw]}),
    )
    assert asked_about(driven) == ["i-0b"]
    assert [one.state for one in driven.outcome.items] == ["terminated"]


def test_of_a_call_that_ended_many_those_that_were_asked_about_are_own() -> None:
    ended = out(name="TerminateInstances", resources=("i-0b", "i-0c"))
    driven = collected(ended, looked_up=("i-0b",))
    assert asked_about(driven) == ["i-0b"]
    assert driven.outcome.missing == ("i-0b",)


def test_nothing_is_asked_where_nobody_left_or_nothing_is_known() -> None:
    denied = Gap(action="cloudtrail:LookupEvents", resource="*", error="AccessDenied", kind="denied")
    for driven in (collected(), collected(out("i-0a")), collected(changed=denied)):
        assert (driven.asked, driven.outcome) == ([], NOBODY)


def test_a_denied_look_names_its_action() -> None:
    gap = collected(out("i-0b"), answer=refused("ec2:DescribeInstances")).outcome
    assert (gap.action, gap.kind) == ("ec2:DescribeInstances", "denied")


def ended_by_somebody(*former: Host) -> Incident:
    """Its target, its interface and its description are gone; Auto Scaling does not know of it."""
    incident = forgotten(plain_instances())
    incident.edit(Hosts, lambda fact: fact.model_copy(update={"items": tuple(h for h in fact.items if h.id != "i-0b")}))
    if former:
        incident.replace(FormerHosts(items=former))
    return logged(incident, *rows_of_the_lost())


def test_requests_that_broke_off_are_told_of_the_end_of_their_instance() -> None:
    gone = ended_by_somebody(terminated("i-0b", minutes_ago=25))
    with_it, without = diagnose(gone.snapshot()), diagnose(ended_by_somebody().snapshot())
    assert [cause.code for cause in without.causes][:1] != [cause.code for cause in with_it.causes][:1]
    assert with_it.causes[0].code == "container-instance-lost"
    assert "instance i-0b terminated: Client.UserInitiatedShutdown" in [entry.event for entry in with_it.timeline]


def test_who_ended_it_is_evidence() -> None:
    gone = ended_by_somebody(terminated("i-0b", minutes_ago=25))
    gone.changed(change("TerminateInstances", minutes_ago=25.5, resources=("i-0b", "i-77")))
    texts = [item.text for item in diagnose(gone.snapshot()).causes[0].evidence]
    assert any(text.startswith("instances terminated") and text.endswith("by role/ops-admin") for text in texts), texts


def test_a_rule_that_was_deleted_is_put_down_to_who_deleted_it() -> None:
    first = diagnose(deleted_by_its_arn_alone().snapshot()).causes[0]
    assert any("listener rule removed" in item.text for item in first.evidence)
    assert first.since is not None


def test_one_that_was_taken_out_and_runs_on_is_not_blamed() -> None:
    runs = ended_by_somebody(host("i-0b", instance_status="impaired"))
    assert with_former_hosts(runs.snapshot()) == runs.snapshot()


def test_hosts_that_nobody_looked_for_become_known() -> None:
    gone = ended_by_somebody(terminated("i-0b", minutes_ago=25)).not_applicable(Hosts, "no instance")
    found = with_former_hosts(gone.snapshot()).get(Hosts)
    assert isinstance(found, Hosts)
    assert [one.id for one in found.items] == ["i-0b"]
    denied = ended_by_somebody(terminated("i-0b")).denied(Hosts, "ec2:DescribeInstances")
    assert isinstance(with_former_hosts(denied.snapshot()).get(Hosts), Gap)
