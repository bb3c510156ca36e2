"""Alarms, mutes and their incident as messages: within Slack's limits, and no name is more than a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.locate.seen import Where
from handlers import views
from handlers.incidents import AlarmRow, Incident
from handlers.mutes import Mute
from tests import slack_limits
from tests.hostile import names

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ROWS = st.lists(
    st.builds(
        AlarmRow,
        identity=st.uuids().map(str),
        name=names,
        region=st.just("us-east-1"),
        state=st.sampled_from(("ALARM", "OK")),
        count=st.integers(1, 10_000),
        first_at=st.just(NOON),
        last_at=st.just(NOON),
    ),
    max_size=20,
).map(tuple)


def mute(label: str, words: str = "checkout", count: int = 3) -> Mute:
    return Mute(id="mute-1", what="lb", label=label, words=words, channel="C1", team="T", by="U0ALICE",
                until=NOON + timedelta(hours=2), count=count)  # fmt: skip


@given(rows=ROWS, ended_after=st.none() | names, more=st.integers(0, 900))
def test_an_incident_fits_whatever_its_alarms_are_called(
    rows: tuple[AlarmRow, ...], ended_after: str | None, more: int
) -> None:
    incident = Incident(id="inc-1", what="lb", team="T", channel="C", thread_ts="1.0", ask_id="ask-1", opened_at=NOON,
                        closed_at=NOON, rows=rows, more_rows=more, ended_after=ended_after)  # fmt: skip
    drawn = views.with_incident(views.Message(text="the answer", blocks=()), incident, NOON)
    slack_limits.check(drawn.text, drawn.blocks)
    slack_limits.check(views.pointer(incident, "https://x.slack.com/p1").text, views.pointer(incident, None).blocks)


@given(label=names, words=names, why=names)
def test_what_is_muted_is_a_name_and_no_more(label: str, words: str, why: str) -> None:
    one = mute(label, words)
    for drawn in (
        views.mute_begun(one, 7_200, NOON),
        views.mute_ended(one),
        views.unmuted(one, "U0BOB"),
        views.muted([one] * 20, NOON),
        views.not_muted(label),
        views.announced(label, "us-east-1", NOON, NOON),
        views.not_an_alarm_of_ours(label, why),
    ):
        slack_limits.check(drawn.text, drawn.blocks)


@given(name=names, places=st.lists(st.builds(Where, account=st.just("1" * 12), region=names, account_name=names)))
def test_which_of_several_alarms_is_asked_within_the_limits(name: str, places: list[Where]) -> None:
    drawn = views.which_alarm(name, places)
    slack_limits.check(drawn.text, drawn.blocks)


@pytest.mark.parametrize(("count", "said"), [(0, "no alarm came"), (1, "one alarm came"), (12, "12 alarms came")])
def test_how_many_came_is_said(count: int, said: str) -> None:
    assert said in views.mute_ended(mute("lb", count=count)).text
