"""Looking whether a fix has worked: what is looked at, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from remediations.plan import Call, Success
from remediations.watch import check, stayed_quiet
from tests.remediations.cloud import plan, quiet

DONE = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)


@dataclass
class Silence:
    """No metric has a value. `asked`: from when until when."""

    status: str = "Complete"
    asked: list[tuple[Any, Any]] = field(default_factory=list)

    def read(self, call: Call) -> dict[str, Any]:
        (query,) = cast("list[Any]", call.parameters["MetricDataQueries"])
        assert (query["MetricStat"]["Stat"], query["MetricStat"]["Period"]) == ("Sum", 60), "errors are counted"
        self.asked.append((call.parameters["StartTime"], call.parameters["EndTime"]))
        return {"MetricDataResults": [{"Id": "q0", "StatusCode": self.status, "Values": []}]}


def test_what_cloudwatch_could_not_work_out_is_no_silence() -> None:
    watched = plan(success=Success(text="no 502", within_s=60, quiet=(quiet(),)))
    later = DONE + timedelta(minutes=15)
    for status, is_quiet in (
        ("Complete", True),
        ("PartialData", False),
        ("InternalError", False),
        ("Forbidden", False),
    ):
        assert check(watched, Silence(status), DONE, later).complete is is_quiet
    assert stayed_quiet(watched, Silence("InternalError"), DONE, later) == (None, ())


def test_the_last_look_begins_where_the_one_that_saw_success_ended() -> None:
    """What CloudWatch did not have then may hold errors."""
    silence, watched = Silence(), plan(success=Success(text="no 502", within_s=60, quiet=(quiet(),)))
    verified = DONE + timedelta(minutes=6, seconds=33)
    assert check(watched, silence, DONE, verified).complete
    assert stayed_quiet(watched, silence, verified, verified + timedelta(minutes=15)) == (True, ())
    (_, seen_until), (looked_from, _) = silence.asked
    assert looked_from == seen_until
