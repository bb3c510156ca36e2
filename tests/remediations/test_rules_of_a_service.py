"""What the settings say of one service holds, too, where somebody asks about the load balancer in front of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediations.permission import Named, Override, Permission, Policy, Rules, permit
from tests import reports
from tests.remediations.test_permission import NOW, OPS, POLICY, RULES, SHOP, override, plan

BALANCER: dict[str, Any] = {"kind": "load-balancer", "service": None, "cluster": None, "label": "shop"}
STRICT = override(replace(RULES, allow=frozenset()), "allow", service="payments")


def asked(*overrides: Override, rules: Rules = RULES, **more: Any) -> Permission:
    target = reports.target().model_copy(update=BALANCER)
    policy: Policy = replace(POLICY, rules=rules, overrides=overrides, **more.pop("policy", {}))
    return permit(policy, plan(), target, now=NOW, **more)


@pytest.mark.parametrize(
    "narrow",
    [
        STRICT,
        override(replace(RULES, allow=None), "allow", service="payments"),
        override(replace(RULES, approvers=SHOP), "approvers", service="payments"),
        override(replace(RULES, two_person=frozenset({"medium"})), "two_person", service="prod/payments"),
        override(replace(RULES, channels=frozenset({"C1"})), "channels", service="payments", account="prod"),
    ],
)
@pytest.mark.parametrize("hand", ["bot", "caller"])
def test_the_load_balancer_is_no_way_around_it(narrow: Override, hand: Any) -> None:
    rules = replace(RULES, allow=frozenset({"health-check-path"}))
    if narrow.rules.allow is None and narrow.gives == {"allow"}:
        narrow = replace(narrow, risk="medium", rules=replace(narrow.rules, allow=frozenset({"other"})))
    found = asked(narrow, rules=rules, hand=hand)
    assert not found.allowed
    assert "payments" in str(found.why_not)
    assert "by its name" in str(found.why_not)


@pytest.mark.parametrize(
    "wide",
    [
        override(replace(RULES, allow=frozenset({"health-check-path"})), "allow", service="payments"),
        override(
            replace(RULES, approvers=replace(SHOP, groups=OPS.groups)), "approvers", "two_person", service="payments"
        ),
        override(RULES, "channels", service="payments"),
        replace(STRICT, account="elsewhere"),
        replace(STRICT, fix="another-fix"),
        replace(STRICT, risk="high"),
        replace(STRICT, service=None, account="elsewhere"),
    ],
)
def test_what_is_no_stricter_or_is_for_something_else_is_no_hindrance(wide: Override) -> None:
    assert asked(wide).allowed


def test_a_nickname_of_another_account_is_for_something_else() -> None:
    elsewhere: dict[str, Any] = {"policy": {"nicknames": {"payments": Named(service="payments", account="staging")}}}
    assert asked(STRICT, **elsewhere).allowed
    here: dict[str, Any] = {"policy": {"nicknames": {"payments": Named(service="payments", account="prod")}}}
    assert not asked(STRICT, **here).allowed


def test_another_service_by_its_name_is_not_touched_by_it() -> None:
    policy = replace(POLICY, overrides=(STRICT,))
    assert permit(policy, plan(), reports.target(), now=NOW).allowed
