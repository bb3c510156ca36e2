"""Only an edit after the first failure can have ended it."""

from __future__ import annotations

import pytest

from diagnostics.facts import Changes, TargetGroups
from diagnostics.rules.health_history import Failing
from diagnostics.rules.health_reasons import HealthReport
from diagnostics.rules.mended import mended_by
from tests.incidents.building import NOW, TG, Incident, ago, change

NOT_FOUND = HealthReport(at=ago(12), group_arn=TG, kind="answer", codes=frozenset({404}))
OVER = Failing(kind="answer", codes=frozenset({404}), reports=(NOT_FOUND,), going_on=False)


@pytest.mark.parametrize(("minutes_ago", "ended_it"), [(20, False), (12, False), (5, True)])
def test_an_edit_before_the_failure_mended_nothing(minutes_ago: float, ended_it: bool) -> None:
    request = {"targetGroupArn": TG, "healthCheckPath": "/healthz"}
    edit = change("ModifyTargetGroup", minutes_ago=minutes_ago, resources=(TG,), request=request)
    group = Incident().known(TargetGroups).items[0]
    assert (mended_by(Changes(items=(edit,)), group, OVER, NOW) is not None) is ended_it
