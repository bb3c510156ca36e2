"""What the function itself did counts in the minutes in which the load balancer failed."""

from __future__ import annotations

from diagnostics.causes.cause import Facts
from diagnostics.rules.lambda_calls import LAMBDA_NEEDS, LAMBDA_USES, calls
from diagnostics.rules.observations import observe
from tests.incidents.functions import function, of_function, reasoned
from tests.incidents.rows import logged


def test_rows_tell_the_minutes_where_the_target_group_counted_nothing() -> None:
    """Invocations of another caller failed before and after."""
    incident = logged(function(), reasoned(60, "LambdaUnhandled", since=20, until=10))
    of_function(incident, "Errors", 5, 120)
    snapshot = incident.snapshot()
    (one,) = calls(Facts(snapshot, observe(snapshot), LAMBDA_NEEDS, LAMBDA_USES))
    assert one.user_errors == 0
    assert one.errors == 5 * 10
    assert one.invocations == 600 * 10
