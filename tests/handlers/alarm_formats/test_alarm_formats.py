"""Which alarm a post is about, whoever posted it; and what is no alarm."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.alarm_formats import _formats, named_in, read
from handlers.alarm_formats.said import said_in
from tests.handlers.alarm_formats import posters
from tests.handlers.alarm_formats.posters import BALANCER, GROUP, Alarm, Poster, message

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80).filter(
    lambda name: name.strip(" *`\"'") == name and not set('"<>|`*{}\n,\\') & set(name)
)
ALARMS = st.builds(
    Alarm,
    name=NAMES,
    region=st.sampled_from(sorted(posters.REGION_NAMES)),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    state=st.sampled_from(["ALARM", "OK"]),
)


@pytest.mark.parametrize("poster", posters.EVERYBODY)
@pytest.mark.parametrize(("state", "action"), [("ALARM", "diagnose"), ("OK", "close")])
def test_the_beginning_and_the_end_of_an_alarm(poster: Poster, state: str, action: str) -> None:
    understood = read(poster(Alarm(state=state)))
    assert understood.action == action, understood
    assert understood.post is not None
    assert understood.post.state == state
    assert understood.post.region == "us-east-1"
    if poster in posters.NAMING_AN_ALARM:
        assert understood.post.alarm == "checkout-elb-502"
    if poster in posters.NAMING_THE_LOAD_BALANCER:
        assert (understood.post.load_balancer, understood.post.target_group) == (BALANCER, GROUP)
    if poster in posters.TELLING_THE_ACCOUNT:
        assert understood.post.account == "111122223333"
    told = posters.CHANGED_AT if poster in posters.TELLING_THE_TIME else None
    assert understood.post.at == (told or understood.post.at)


@pytest.mark.parametrize("poster", posters.EVERYBODY)
def test_only_one_kind_of_post_fits(poster: Poster) -> None:
    said = said_in(poster(Alarm()))
    assert len([kind for kind in _formats().values() if not kind.last_resort and kind.recognise(said)]) == 1


@given(alarm=ALARMS, poster=st.sampled_from(posters.NAMING_AN_ALARM))
def test_any_name_region_and_partition(alarm: Alarm, poster: Poster) -> None:
    understood = read(poster(alarm))
    assert understood.post is not None
    assert understood.post.region == alarm.region
    assert understood.post.alarm == alarm.name
    assert understood.action == ("diagnose" if alarm.state == "ALARM" else "close")


@given(alarm=ALARMS, poster=st.sampled_from(posters.EVERYBODY), seed=st.integers(0, 10_000))
def test_parts_may_be_missing_or_in_another_order(alarm: Alarm, poster: Poster, seed: int) -> None:
    """A post with less in it leads to the same alarm or to silence, never to another one."""
    understood = read(_mutilated(poster(alarm), random.Random(seed)))  # noqa: S311 - which parts go
    if understood.action != "ignore":
        assert understood.post is not None
        assert understood.post.alarm in {alarm.name, None}
        assert understood.post.load_balancer in {BALANCER, None}
        assert understood.post.region in {alarm.region, None}


@given(
    event=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=60),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["text", "blocks", "attachments", "fields", "title", "value", "files", "ts", "message"]
                ),
                inner,
                max_size=5,
            )
        ),
    ).filter(lambda value: isinstance(value, dict))
)
def test_whatever_comes_is_answered(event: dict[str, Any]) -> None:
    read({"bot_id": "B0ANY", **event})


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a%2Fb", "a/b"),
        ("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a%252Fb", "a/b"),
        ("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/a$252Fb", "a/b"),
        ("https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarm:alarmFilter=ANY;name=a%20b", "a b"),
        ("https://console.aws.amazon.com/cloudwatch/deeplink.js?region=eu-west-1#alarmsV2:alarm/ab?~(x)", "ab"),
    ],
)
def test_links_to_the_console(link: str, name: str) -> None:
    understood = read(message(text=f"Alert: something fired <{link}|see there>"))
    assert understood.action == "diagnose"
    assert understood.post is not None
    assert (understood.post.alarm, understood.post.region) == (name, "eu-west-1")


@pytest.mark.parametrize(
    "text",
    [
        f"Deployed checkout v128 to prod ({GROUP})",
        "Build 12 was triggered by a push",
        "ALERT: the disk of build-7 is full",
        f"Alert: two are in trouble: {BALANCER} and app/search/50dc6c495c0c9189",
        "Alert! https://console.aws.amazon.com.evil.example/cloudwatch/home?region=us-east-1#alarmsV2:alarm/x",
    ],
)
def test_what_programs_say_otherwise_is_left_alone(text: str) -> None:
    assert read(message(text=text)).action == "ignore"


def test_people_talk_about_alarms_and_are_left_alone() -> None:
    said = dict(posters.amazon_q(Alarm()))
    del said["bot_id"], said["app_id"]
    assert read({**said, "user": "U0PERSON"}).action == "ignore"


def test_an_unknown_sender_that_names_a_load_balancer_is_understood() -> None:
    understood = read(message(text=f":fire: 5xx alarm on {BALANCER} in us-east-1"))
    assert understood.action == "diagnose"
    assert understood.post is not None
    assert understood.post.load_balancer == BALANCER


def test_a_post_that_is_edited_when_the_alarm_ends_closes_it() -> None:
    edited = {"type": "message", "subtype": "message_changed", "message": posters.amazon_q(Alarm(state="OK"))}
    assert read(edited).action == "close"


def test_lacking_data_is_no_error() -> None:
    assert read(posters.sns_json(Alarm(state="INSUFFICIENT_DATA"))).action == "ignore"


def test_a_name_cannot_say_that_another_alarm_ended() -> None:
    alarm = Alarm(name="x changed state to OK: fine")
    understood = read(posters.amazon_q(alarm))
    assert understood.post is not None
    assert (understood.post.alarm, understood.post.state) == (alarm.name, "ALARM")


def _mutilated(event: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Drops parts at any depth and turns lists around."""
    copy: dict[str, Any] = json.loads(json.dumps(event))

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items() if rng.random() > 0.15}
        if isinstance(node, list):
            kept = [walk(item) for item in node if rng.random() > 0.15]
            return kept[::-1] if rng.random() < 0.5 else kept
        return node

    walked: dict[str, Any] = walk(copy)
    return walked


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("AWSAccountId", "1" * 9_000),
        ("AWSAccountId", "not-an-account"),
        ("StateChangeTime", "0001-01-01T00:00:00+10:00"),
    ],
)
def test_json_may_hold_anything_of_any_length(field: str, value: str) -> None:
    """What is taken in is kept in the store: nothing in it may be longer than what it stands for."""
    notice = {"AlarmName": "checkout", "NewStateValue": "ALARM", field: value}
    post = read(message(text=json.dumps(notice))).post
    assert post is not None
    assert post.account is None
    assert post.at.year > 2000


def test_a_name_that_reads_like_the_sentence_does_not_change_the_state() -> None:
    alarm = Alarm(name="The alarm x changed state to OK", state="ALARM")
    assert read(posters.amazon_q(alarm)).action == "diagnose"


def test_a_person_s_message_names_an_alarm_only_when_somebody_points_at_it() -> None:
    said = {"user": "U1", "text": f"what about <{Alarm().link}|this one>?"}
    named = named_in(said)
    assert read(said).action == "ignore"
    assert named is not None
    assert (named.alarm, named.region) == ("checkout-elb-502", "us-east-1")
    assert named_in({"user": "U1", "text": "lunch?"}) is None
