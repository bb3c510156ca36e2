"""When nothing could be read there is no report; what is still known from before is no reason to find no fault."""

from __future__ import annotations

import pytest

from bot.diagnosing import unreadable
from bot.telemetry.diagnoses import kind_of
from diagnostics.engine import diagnose
from diagnostics.facts import EcsService, Fact, Gap, Metrics, TargetHealth
from diagnostics.question import Diagnosed, Refused
from tests.incidents.building import Incident

SEEN: frozenset[type[Fact]] = frozenset({TargetHealth, Metrics, EcsService})
EXPIRED = Gap(action="sts:AssumeRole", resource="*", error="ExpiredToken", kind="expired")


def test_credentials_that_expired_leave_only_what_was_kept_from_before() -> None:
    incident = Incident()
    incident.facts |= dict.fromkeys(SEEN, EXPIRED)
    assert unreadable(incident.snapshot()) == EXPIRED


@pytest.mark.parametrize("read", sorted(SEEN, key=str))
def test_what_was_read_before_they_expired_is_reported(read: type[Fact]) -> None:
    incident = Incident()
    incident.facts |= dict.fromkeys(SEEN - {read}, EXPIRED)
    assert unreadable(incident.snapshot()) is None


class DiagnosedAndMore(Diagnosed):
    """As the bot's own answers are, with fixes."""


def test_a_diagnosis_is_counted_as_one_whether_or_not_fixes_belong_to_it() -> None:
    snapshot = Incident().snapshot()
    found = Diagnosed(report=diagnose(snapshot), snapshot=snapshot)
    with_fixes = DiagnosedAndMore.model_construct(report=found.report, snapshot=snapshot)
    assert {kind_of(found), kind_of(with_fixes)} == {"diagnosed"}
    assert kind_of(Refused(message="no credentials")) == "refused"
