"""From the settings to what may be carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.remediating import Remedied, policy_of, preferences_of, remedied
from bot.settings import load
from diagnostics.engine import diagnose
from diagnostics.question import Diagnosed
from remediations.permission import People, Policy, Rules
from remediations.protection import Protection
from tests.incidents.building import Incident
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group

TEXT = """\
accounts:
  - {name: prod, id: "111122223333", regions: [us-east-1], read_role: "arn:aws:iam::111122223333:role/read",
     remediate_role: "arn:aws:iam::111122223333:role/fix"}
services:
  shop: {account: prod, region: us-east-1, cluster: prod, service: checkout}
remediations:
  mode: approve
  deny: [ecs-scale-out]
  approvers: {groups: [S111], users: [U111]}
  overrides:
    - {service: shop, approvers: {users: [U222]}, two_person: [medium, high]}
    - {risk: high, allow: null}
    - {fix: idle-timeout-lower, channels: [C111], two_person: null}
  approval_ttl_s: 300
  protect: [{tag: "change-freeze=true"}, {tag: "tier=gold=1"}]
  freeze: [{from: 2026-12-24T18:00:00Z, to: 2026-12-27T00:00:00Z, why: holidays}]
  access_log_bucket: shop-logs
  alarm_topic: arn:aws:sns:us-east-1:111122223333:alarms
"""


def made(tmp_path: Path, text: str = TEXT) -> Policy:
    path = tmp_path / "alb502.yaml"
    path.write_text(text, encoding="utf-8")
    return policy_of(load({}, path))


def blocked() -> Diagnosed:
    snapshot = silent(Incident().security_group(task_group())).changed(revoked(13)).snapshot()
    return Diagnosed(report=diagnose(snapshot), snapshot=snapshot)


def test_the_defaults_suggest_and_let_nobody_approve() -> None:
    policy = policy_of(load({}))
    assert policy.mode == "suggest"
    assert policy.rules == Rules(approvers=People(), two_person=frozenset({"high"}), allow=None, channels=frozenset())
    assert policy.protect == (Protection("change-freeze", "true"),)
    assert policy.accounts == ()


def test_every_setting_arrives(tmp_path: Path) -> None:
    policy = made(tmp_path)
    assert policy.mode == "approve"
    assert policy.deny == {"ecs-scale-out"}
    assert policy.rules.approvers == People(groups=frozenset({"S111"}), users=frozenset({"U111"}))
    assert policy.approval_ttl_s == 300
    assert policy.protect == (Protection("change-freeze", "true"), Protection("tier", "gold=1"))
    (freeze,) = policy.freezes
    assert (freeze.start, freeze.why) == (datetime(2026, 12, 24, 18, tzinfo=UTC), "holidays")
    access = policy.account("111122223333")
    assert access is not None
    assert access.remediate_role == "arn:aws:iam::111122223333:role/fix"
    assert policy.nicknames["shop"].service == "checkout"


def test_an_override_gives_what_stands_in_it_and_null_only_for_allow(tmp_path: Path) -> None:
    shop, high, idle = made(tmp_path).overrides
    assert shop.gives == {"approvers", "two_person"}
    assert shop.rules.approvers == People(users=frozenset({"U222"}))
    assert high.gives == {"allow"}
    assert high.rules.allow is None
    assert idle.gives == {"channels"}


def test_preferences_arrive(tmp_path: Path) -> None:
    path = tmp_path / "alb502.yaml"
    path.write_text(TEXT, encoding="utf-8")
    preferences = preferences_of(load({}, path))
    assert preferences.access_log_bucket == "shop-logs"
    assert preferences.alarm_topic == "arn:aws:sns:us-east-1:111122223333:alarms"


def test_a_diagnosis_comes_with_the_plans_behind_its_fixes(tmp_path: Path) -> None:
    path = tmp_path / "alb502.yaml"
    path.write_text(TEXT, encoding="utf-8")
    found = remedied(blocked(), load({}, path))
    assert isinstance(found, Remedied)
    told = {fix.id: fix for cause in found.report.causes for fix in cause.remediations}
    assert told["sg-allow-lb-ingress"].allowed
    assert found.plans.keys() >= told.keys()
    assert found.reach.account == "111122223333"


def test_off_leaves_the_report_as_it_is() -> None:
    found = blocked()
    assert remedied(found, load({"ALB502_REMEDIATIONS__MODE": "off"})) is found
