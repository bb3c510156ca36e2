"""Which alarms are one incident, and what each of their posts gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from handlers import incidents
from handlers.incidents import FLAPPING, LONGEST, MAX_ROWS, AlarmChange, Incident, State, Told, belongs, with_end

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
POINTERS = 3


def with_alarm(story: Incident, change: AlarmChange, thread_ts: str, pointers: int) -> tuple[Incident, Told]:
    """Each post of a thread of its own is news of its own."""
    return incidents.with_alarm(story, change, f"news-{thread_ts}", thread_ts, pointers)


def incident() -> Incident:
    return Incident(id="inc-1", what="lb", team="T1", channel="C1", thread_ts="1.0", ask_id="ask-1", opened_at=NOON)


def change(name: str = "502", minute: float = 0, state: State = "ALARM") -> AlarmChange:
    at = NOON + timedelta(minutes=minute)
    return AlarmChange(name=name, account="111122223333", region="us-east-1", state=state, changed_at=at)


def test_the_first_alarm_opens_the_others_point_to_it_and_then_only_count() -> None:
    story, told = incident(), []
    for number in range(6):
        story, what = with_alarm(story, change(f"alarm-{number}", number), f"{number + 1}.0", POINTERS)
        told.append(what)
    assert told == ["opened", "pointer", "pointer", "pointer", "table", "table"]
    assert [row.name for row in story.rows] == [f"alarm-{number}" for number in range(6)]


def test_the_same_change_by_another_poster_counts_once() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    story, told = with_alarm(story, change(), "2.0", POINTERS)
    assert (told, story.count) == ("known", 1)


def test_an_alarm_that_flaps_updates_its_row() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    story, _ = with_end(story, change(minute=3, state="OK"))
    assert story.closed_at == NOON + timedelta(minutes=3)
    assert belongs(story, NOON + timedelta(minutes=10))
    story, told = with_alarm(story, change(minute=10), "1.0", POINTERS)
    assert (told, story.count, story.is_over, len(story.rows)) == ("table", 2, False, 1)


def test_an_incident_is_over_with_its_last_alarm() -> None:
    story, _ = with_alarm(incident(), change("502"), "1.0", POINTERS)
    story, _ = with_alarm(story, change("504", 1), "2.0", POINTERS)
    story, _ = with_end(story, change("502", 5, "OK"))
    assert not story.is_over
    story, _ = with_end(story, change("504", 9, "OK"))
    assert story.closed_at == NOON + timedelta(minutes=9)


def test_an_end_that_comes_before_its_beginning_changes_nothing() -> None:
    story, _ = with_alarm(incident(), change(minute=5), "1.0", POINTERS)
    assert with_end(story, change(minute=4, state="OK")) == (story, "known")
    assert with_end(story, change("other", 6, "OK")) == (story, "known")


def test_much_later_it_is_another_incident() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    assert belongs(story, NOON + LONGEST)
    assert not belongs(story, NOON + LONGEST + timedelta(seconds=1))
    story, _ = with_end(story, change(minute=3, state="OK"))
    assert not belongs(story, NOON + timedelta(minutes=3, seconds=1) + FLAPPING)
    assert not belongs(None, NOON)


def test_a_beginning_that_is_told_again_after_its_end_reopens_nothing() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    story, _ = with_end(story, change(minute=3, state="OK"))
    story, told = with_alarm(story, change(), "2.0", POINTERS)
    assert (told, story.is_over, story.count) == ("known", True, 1)


def test_posts_of_one_change_that_only_their_own_times_tell_apart_count_once() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    again = change(minute=2).model_copy(update={"is_exact": False})
    story, told = with_alarm(story, again, "2.0", POINTERS)
    assert (told, story.count) == ("known", 1)
    much_later = change(minute=9).model_copy(update={"is_exact": False})
    assert with_alarm(story, much_later, "3.0", POINTERS)[0].count == 2


def test_news_that_is_worked_on_again_gets_the_pointer_that_it_was_promised() -> None:
    story, _ = with_alarm(incident(), change("a"), "1.0", POINTERS)
    story, first = with_alarm(story, change("b", 1), "2.0", POINTERS)
    story, again = with_alarm(story, change("b", 1), "2.0", POINTERS)
    assert (first, again, len(story.pointed), story.count) == ("pointer", "pointer", 1, 2)


def test_what_people_would_see_changed_has_another_version() -> None:
    story, _ = with_alarm(incident(), change(), "1.0", POINTERS)
    same, _ = with_alarm(story, change(), "1.0", POINTERS)
    ended, _ = with_end(story, change(minute=3, state="OK"))
    assert (story.version, same.version, ended.version) == (1, 1, 2)


@given(
    steps=st.lists(st.tuples(st.integers(0, 130), st.integers(0, 600), st.booleans(), st.integers(1, 80)), max_size=120)
)
def test_whatever_comes_the_incident_stays_small_and_true(steps: list[tuple[int, int, bool, int]]) -> None:
    story, opened = incident(), 0
    for alarm, minute, begins, thread in steps:
        if begins:
            story, told = with_alarm(story, change(f"a{alarm}", minute), f"{thread}.0", POINTERS)
            opened += told == "opened"
        else:
            story, _ = with_end(story, change(f"a{alarm}", minute, "OK"))
    assert opened <= 1
    assert len(story.pointed) <= POINTERS
    assert len(story.rows) <= MAX_ROWS
    assert len({row.identity for row in story.rows}) == len(story.rows)
    assert story.is_over == (bool(story.rows) and not story.more_rows and all(row.state == "OK" for row in story.rows))
    assert Incident.model_validate_json(story.model_dump_json()) == story
