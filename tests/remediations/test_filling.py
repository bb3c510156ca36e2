"""What AWS gave is put into what shows a plan's success."""

from __future__ import annotations

from remediations.filling import as_done
from remediations.plan import FROM, Call, Guard, Look, Success
from tests.remediations.cloud import plan

UNKNOWN = Guard(
    look=Look(
        call=Call.of("elbv2", "describe_target_health", TargetGroupArn={FROM: "new"}),
        path="x",
    ),
    expected={FROM: "new"},
    text="it is so",
)


def test_what_shows_success_names_what_was_made() -> None:
    made = plan(success=Success(text="it works", within_s=60, guards=(UNKNOWN,)))
    (guard,) = as_done(made, {"new": "arn:new"}).success.guards
    assert (guard.look.call.parameters, guard.expected) == ({"TargetGroupArn": "arn:new"}, "arn:new")


def test_what_is_not_known_stays_as_it_is() -> None:
    made = plan(success=Success(text="it works", within_s=60, guards=(UNKNOWN,)))
    assert as_done(made, {}).success.guards == (UNKNOWN,)
