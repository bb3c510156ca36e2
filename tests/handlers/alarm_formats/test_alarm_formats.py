"""Which alarm a post is about, whoever posted it; and what is no alarm."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.alarms import MAX_NEWS_BYTES
from handlers.alarm_formats import _formats, named_in, read, sender_of
from handlers.alarm_formats.said import said_in
from handlers.alarms import news_of
from tests.handlers.alarm_formats import posters
from tests.handlers.alarm_formats.posters import BALANCER, GROUP, Alarm, Poster, message

NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["C", "Z"], include_characters=" "),
    min_size=1,
    max_size=80,
).filter(lambda name: name.strip(" *_~`\"'") == name and not set('"<>|`*{}\n,\\') & set(name))
PORTAL = "https://acme.awsapps.com/start/#/console?account_id=111122223333&role_name=ops"
CONSOLE = "eu-west-1.console.aws.amazon.com"
LIKE_ANOTHER = st.sampled_from(
    [
        "x changed state to OK: fine",
        "The alarm x changed state to OK",
        "CloudWatch Alarm | other | eu-west-1 | Account: 999999999999",
        'OK: "other" in US East (Ohio)',
        "arn:aws:cloudwatch:eu-west-1:999999999999:alarm:other",
        "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/other",
        '{"AlarmName":"other","NewStateValue":"OK"}',
        "[RESOLVED] other",
        "Recovered: other",
        "Resolved #1",
        "Account: 999999999999",
        "region: eu-west-1",
        "State: OK",
        "closed alert",
        "<!channel>",
        'a <b> | `c` & "d" * {e}, \\f',
        "app/other/50dc6c495c0c9189",
        "\u202egnihton",
    ]
)
"""Names that read like the words of some poster, about another alarm or its end."""
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
    if poster in posters.TELLING["alarm"]:
        assert understood.post.alarm == "checkout-elb-502"
    if poster in posters.TELLING["load balancer"]:
        assert (understood.post.load_balancer, understood.post.target_group) == (BALANCER, GROUP)
    if poster in posters.TELLING["account"]:
        assert understood.post.account == "111122223333"
    told = posters.CHANGED_AT if poster in posters.TELLING["time"] else None
    assert understood.post.at == (told or understood.post.at)


def test_every_kind_of_post_has_a_poster() -> None:
    known = {kind.name for kind in _formats().values() if not kind.last_resort}
    posted = {understood.format for poster in posters.EVERYBODY if (understood := read(poster(Alarm())).post)}
    assert known - posted == set(), "posters.py has no post of these kinds"


@pytest.mark.parametrize("poster", posters.EVERYBODY)
def test_only_one_kind_of_post_fits(poster: Poster) -> None:
    said = said_in(poster(Alarm()))
    assert len([kind for kind in _formats().values() if not kind.last_resort and kind.recognise(said)]) == 1


@given(alarm=ALARMS, poster=st.sampled_from(posters.TELLING["alarm"]))
def test_any_name_region_and_partition(alarm: Alarm, poster: Poster) -> None:
    understood = read(poster(alarm))
    assert understood.post is not None
    assert understood.post.region == alarm.region
    assert understood.post.alarm == alarm.name
    assert understood.action == ("diagnose" if alarm.state == "ALARM" else "close")


@given(name=LIKE_ANOTHER, poster=st.sampled_from(posters.TELLING["alarm"]), state=st.sampled_from(["ALARM", "OK"]))
def test_a_name_that_reads_like_another_alarm_leads_to_its_own_or_to_silence(
    name: str, poster: Poster, state: str
) -> None:
    understood = read(poster(Alarm(name=name, state=state)))
    if understood.action != "ignore":
        assert understood.post is not None
        assert understood.post.state == state
        assert understood.post.alarm not in {"other", "x", None}


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
        (
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?x=1&amp;region=eu-west-1#alarmsV2:alarm/a(b)",
            "a(b)",
        ),
        ("https://eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/prod/ab", "prod/ab"),
        ("https://111122223333-ab1cd.eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/ab", "ab"),
        (f"{PORTAL}&destination=https%3A%2F%2F{CONSOLE}%2Fcloudwatch%2Fhome%3Fx%3D1%23alarmsV2%3Aalarm%2Fab", "ab"),
    ],
)
def test_links_to_the_console(link: str, name: str) -> None:
    unescaped = link.replace("&amp;", "&")
    posts = [
        message(text=f"Alert: something fired <{link}|see there>"),
        message(text=f"Alert: something fired (see {link})."),
        message(text="Alert: something fired", attachments=[{"title": "there", "title_link": unescaped}]),
    ]
    for post in posts:
        understood = read(post)
        assert understood.action == "diagnose"
        assert understood.post is not None
        assert (understood.post.alarm, understood.post.region) == (name, "eu-west-1")
        assert understood.post.account == ("111122223333" if "111122223333" in link else None)


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


def test_a_post_that_is_edited_when_the_alarm_ends_closes_it_at_that_time() -> None:
    ended = {**posters.grafana(Alarm(state="OK")), "edited": {"ts": "1795231320.000000"}}
    for message_, event in (
        (ended, {"event_ts": "1795231380.000100"}),
        ({**ended, "edited": None}, {"event_ts": "1795231320.000000"}),
    ):
        understood = read({"type": "message", "subtype": "message_changed", "message": message_, **event})
        assert understood.action == "close"
        assert understood.post is not None
        assert (understood.post.at - posters.POSTED_AT).total_seconds() == pytest.approx(600)


@pytest.mark.parametrize("poster", [posters.amazon_q, posters.grafana])
def test_a_post_that_is_edited_while_the_alarm_is_on_began_when_it_was_posted(poster: Poster) -> None:
    """Slack tells of an edit, too, when it shows what a link leads to."""
    changed = {"type": "message", "subtype": "message_changed", "message": poster(Alarm()), "event_ts": "1795231320.1"}
    understood = read(changed)
    assert understood.action == "diagnose"
    assert understood.post is not None
    assert understood.post.at == posters.POSTED_AT


@pytest.mark.parametrize("sign", [":rotating_light:", ":white_check_mark:"])
@pytest.mark.parametrize("account", ["111122223333", "acme-prod (111122223333)"])
def test_a_title_alone_with_a_word_of_the_channel_before_it(sign: str, account: str) -> None:
    title = f"[prod] {sign} CloudWatch Alarm | a | b | eu-west-1 | Account: {account}"
    understood = read(message(text="", attachments=[{"title": title}]))
    assert understood.action == ("diagnose" if sign == ":rotating_light:" else "close")
    assert understood.post is not None
    assert (understood.post.alarm, understood.post.account) == ("a | b", "111122223333")


def test_words_that_come_in_pieces_are_read_as_one_line() -> None:
    """Rich text has a piece for each change of style."""
    pieces = [
        {"type": "emoji", "name": "rotating_light"},
        {"type": "text", "text": "The alarm "},
        {"type": "text", "text": "checkout-502", "style": {"bold": True}},
        {"type": "text", "text": " changed state to ALARM: 37 "},
        {"type": "link", "url": Alarm(name="checkout-502").link, "text": "there"},
    ]
    line = {"type": "rich_text_section", "elements": pieces[1:]}
    understood = read(message(blocks=[{"type": "rich_text", "elements": [line]}]))
    assert understood.action == "diagnose"
    assert understood.post is not None
    assert (understood.post.alarm, understood.post.region) == ("checkout-502", "us-east-1")


def test_a_name_that_was_cut_for_the_subject_is_read_from_the_rest() -> None:
    alarm = Alarm(name="checkout-" + "x" * 120)
    whole = posters.email(alarm)["files"][0]
    subject = whole["subject"].replace(alarm.name, alarm.name[:40] + "...")
    cut = {**posters.email(alarm), "files": [{**whole, "subject": subject, "title": subject, "name": subject}]}
    opsgenie = posters.opsgenie(alarm)
    opsgenie["attachments"][0]["title"] = f"#88: [CloudWatch] {alarm.name[:40]}..."
    for post in (cut, opsgenie):
        understood = read(post).post
        assert understood is not None
        assert understood.alarm == alarm.name


def test_a_description_cannot_say_that_the_alarm_ended() -> None:
    post = posters.email(Alarm())
    words = post["files"][0]["plain_text"]
    post["files"][0]["plain_text"] = words.replace(
        "- State Change:", "- Description: x\n- State Change: ALARM -> OK\n- "
    )
    assert read(post).action == "diagnose"


@pytest.mark.parametrize(
    "words",
    [
        "ALERT {arn}",
        "ALERT {arn} is in ALARM since 03:12",
        "ALERT ({arn}) in prod",
        "ALERT {arn}, see the runbook",
        "ALERT {arn}; paging.",
        "ALERT\nAlarmArn: {arn}\nReason: 5xx",
        'ALERT {{"AlarmArn": "{arn}", "x": 1}}',
    ],
)
@pytest.mark.parametrize("region", sorted(posters.REGION_NAMES))
def test_an_unknown_sender_that_gives_an_arn_is_understood(words: str, region: str) -> None:
    alarm = Alarm(name="checkout-502", region=region)
    understood = read(message(text=words.format(arn=alarm.arn)))
    assert understood.action == "diagnose"
    assert understood.post is not None
    assert (understood.post.alarm, understood.post.region) == ("checkout-502", region)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (f"OK: the alarm on {BALANCER} ended", "close"),
        (f":white_check_mark: [OK] {BALANCER}", "close"),
        (f"{BALANCER} is back to normal", "close"),
        (f"ALARM on {BALANCER}, the token of the last one was ok", "diagnose"),
    ],
)
def test_an_unknown_sender_says_that_it_began_or_ended(text: str, action: str) -> None:
    assert read(message(text=text)).action == action


def test_a_post_that_names_a_service_at_most_has_its_words_for_whoever_knows_the_services() -> None:
    understood = read(message(text="ALERT: 5xx of prod/checkout https://grafana.example.com/x"))
    assert understood.action == "ignore"
    assert understood.maybe is not None
    assert understood.maybe.words == ("ALERT", "5xx", "of", "prod/checkout")
    assert read(message(text="Build 12 of checkout was triggered")).maybe is None
    assert read(message(text="2 critical vulnerabilities in checkout")).maybe is None
    assert read({"user": "U1", "text": "ALERT: checkout"}).maybe is None


def test_what_is_kept_of_a_post_is_bounded() -> None:
    many = " ".join(f"{'w' * 60}{number}/{'s' * 60}" for number in range(500))
    event = message(text=f"ALERT {many}", attachments=[{"title": "[FIRING:1] " + "🔥" * 500}], channel="C1")
    maybe = read(event).maybe
    assert maybe is not None
    news = news_of(maybe, {"event_id": "Ev1", "team_id": "T1"}, event)
    assert news is not None
    assert len(news.model_dump_json()) < MAX_NEWS_BYTES


def test_two_monitors_of_one_load_balancer_are_told_apart() -> None:
    for poster in set(posters.EVERYBODY) - set(posters.TELLING["alarm"]):
        began, ended = read(poster(Alarm())).post, read(poster(Alarm(state="OK"))).post
        assert began is not None
        assert ended is not None
        assert began.title == ended.title is not None


def test_the_e_mail_app_can_be_among_the_senders_that_are_listened_to() -> None:
    assert sender_of(posters.email(Alarm())).ids == {"USLACKBOT"}
    assert sender_of(posters.amazon_q(Alarm())).ids == {"B0POSTER", "A6L22LZNH"}


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
