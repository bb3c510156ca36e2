"""Rows that no cause accounts for stay visible."""

from __future__ import annotations

from diagnostics.rules.left_over import left_over
from diagnostics.rules.observations import observe
from tests.incidents.building import Incident
from tests.incidents.rows import closed, logged


def test_a_cause_that_names_rows_accounts_for_these_alone() -> None:
    observed = observe(logged(Incident(), closed(120, (0.001, 0.03)), closed(40, (30.0, 30.4), since=49)).snapshot())
    resets, kills = observed.clusters or ()
    assert left_over(observed, frozenset()) == (resets, kills)
    assert left_over(observed, frozenset({"elb_502"})) == ()
    assert left_over(observed, frozenset({"elb_502", kills.key})) == (resets,)
