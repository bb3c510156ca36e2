"""Where requests go instead, when no rule sends any to the service."""

from __future__ import annotations

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.target_health import MAX_SIBLINGS, sibling_health
from diagnostics.facts import ForwardTarget, Gap, Listener, Listeners, NotApplicable, Rule, RuleAction, SiblingHealth
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import BALANCER, GROUP, SUBJECT, answered, refused

NOTHING = NotApplicable(reason="not asked")
OTHER = GROUP.rsplit("/", 2)[0] + "/checkout-v2/9999999999999999"


def nobody(_: Read) -> Pages:
    return answered()


def denied(read: Read) -> Pages:
    return refused(read.action)


def forwarding(*targets: ForwardTarget) -> Listeners:
    rule = Rule(arn="rule", priority=None, actions=(RuleAction(type="forward", forward=targets),))
    return Listeners(
        items=(Listener(arn="listener", load_balancer_arn=BALANCER, port=443, protocol="HTTPS", rules=(rule,)),)
    )


def to(arn: str, weight: int = 1) -> ForwardTarget:
    return ForwardTarget(target_group_arn=arn, weight=weight)


def test_the_group_that_the_rule_uses_instead_is_read() -> None:
    driven = drive(sibling_health(SUBJECT, forwarding(to(OTHER)), NOTHING), nobody)

    assert [read.params["TargetGroupArn"] for read in driven.asked] == [OTHER]
    assert driven.outcome == SiblingHealth(by_group={OTHER: ()})


def test_nothing_is_read_while_requests_reach_the_service() -> None:
    (own,), (other,) = forwarding(to(GROUP)).items, forwarding(to(OTHER)).items
    driven = drive(sibling_health(SUBJECT, Listeners(items=(own, other)), NOTHING), nobody)

    assert driven.asked == []
    assert isinstance(driven.outcome, NotApplicable)


def test_weight_0_sends_nothing() -> None:
    resting = drive(sibling_health(SUBJECT, forwarding(to(GROUP), to(OTHER, 0)), NOTHING), nobody)
    emptied = drive(sibling_health(SUBJECT, forwarding(to(GROUP, 0), to(OTHER)), NOTHING), nobody)

    assert resting.asked == []
    assert len(emptied.asked) == 1


def test_at_most_a_few_are_read() -> None:
    many = forwarding(*(to(f"{OTHER}{number}") for number in range(30)))
    driven = drive(sibling_health(SUBJECT, many, NOTHING), nobody)
    assert len(driven.asked) == MAX_SIBLINGS


def test_a_refusal_is_a_gap() -> None:
    driven = drive(sibling_health(SUBJECT, forwarding(to(OTHER)), NOTHING), denied)
    assert isinstance(driven.outcome, Gap)


def test_who_gets_a_share_of_the_requests_is_looked_at() -> None:
    driven = drive(sibling_health(SUBJECT, forwarding(to(GROUP, 80), to(OTHER, 20)), NOTHING), nobody)
    assert [read.params["TargetGroupArn"] for read in driven.asked] == [OTHER]
    assert driven.outcome.by_group == {OTHER: ()}
