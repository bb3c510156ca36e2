"""The picker, the menu of what words can mean, the Home of the app, and the help."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

from redis import Redis

from bot.app import running
from bot.engine import Engine
from bot.known_services import Known, KnownPlace
from bot.store.recent import MAX_RECENT, Recent, RecentAnswers
from bot.store.watches import Watches
from diagnostics.question import Ambiguous, Candidate
from tests import reports
from tests.bot.conftest import WAIT, BotUnderTest, Diagnosis, Start, eventually, settings_for
from tests.bot.controls.test_pressed import answered, diagnosed, press
from tests.handlers.controls.visiting import a_watch
from tests.slack_fake import ALICE, CHANNEL, GUEST, RATE_LIMITED, TEAM, Failure, SlackFake

BOB = "U0BOB"


def candidate(name: str, cluster: str = "prod", **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "kind": "ecs-service",
        "name": name,
        "account": "111122223333",
        "account_name": "main",
        "region": "us-east-1",
        "words": f"{cluster}/{name}",
    }
    return Candidate(**(values | changes))


KNOWN = Known((candidate("checkout"), candidate("payments")), (KnownPlace("account main, us-east-1", 2, 60.0),))


def bot_knowing(start: Start, diagnosis: Diagnosis, known: Known = KNOWN, **settings: Any) -> BotUnderTest:
    chosen = settings_for(start.slack, **{"redis_url": start.store_url, **settings})
    engine = Engine(diagnose=diagnosis, known=lambda: known)
    return BotUnderTest(start.stack.enter_context(running(chosen, "all", lambda *_: engine, WAIT)), start.slack)


def picker(slack: SlackFake) -> dict[str, Any]:
    found: dict[str, Any] = slack.wait_for(
        lambda: next((one for one in slack.views.values() if one.get("submit")), None)
    )
    return found


def option(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value}}


def typed(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def test_the_command_alone_opens_a_picker_and_asks_what_is_chosen(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis(outcome=diagnosed(reports.report()))
    bot = bot_knowing(start, diagnosis)
    assert bot.ask("  ") == (200, "")
    assert [call.method for call in slack.calls if call.method == "views.open"] == ["views.open"]
    view = picker(slack)
    assert "prod/payments · ECS service · us-east-1 · main" in json.dumps(view, ensure_ascii=False)
    status, text = bot.post(slack.submit(view, {"what": option("1"), "since": option("7200"), "seen": option("502")}))
    assert (status, text) == (200, "")
    (asked,) = eventually(lambda: diagnosis.asked)
    assert (asked.words, asked.account, asked.region) == ("prod/payments", "main", "us-east-1")
    assert (asked.since_s, asked.seen) == (7200, 502)
    slack.wait_for(lambda: "checkout · 504" in slack.parents()[0]["text"])
    assert slack.parents()[0]["channel"] == CHANNEL


def test_what_cannot_be_asked_is_said_in_the_picker(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = bot_knowing(start, diagnosis)
    bot.ask("")
    view = picker(slack)
    for values, says in (
        ({}, "Choose something above"),
        ({"what": option("7")}, "Choose something above"),
        ({"what": option("x")}, "Choose something above"),
        ({"typed": typed("checkout since never")}, "no duration"),
    ):
        answer = json.loads(bot.post(slack.submit(view, values))[1])
        assert answer["response_action"] == "errors"
        assert says in answer["errors"]["typed"]
    assert diagnosis.asked == []


def test_what_is_typed_goes_before_what_is_chosen_and_an_old_picker_says_so(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    diagnosis = Diagnosis()
    bot = bot_knowing(start, diagnosis)
    bot.ask("")
    view = picker(slack)
    bot.post(slack.submit(view, {"what": option("0"), "typed": typed("https://shop.example.com/cart since 1d")}))
    (asked,) = eventually(lambda: diagnosis.asked)
    assert (asked.words, asked.since_s) == ("https://shop.example.com/cart", 86_400)
    redis.delete(*redis.keys("alb502:pick:*"))
    answer = json.loads(bot.post(slack.submit(view, {"what": option("0")}))[1])
    assert "has expired" in answer["errors"]["typed"]


def test_a_guest_sees_no_names_and_a_channel_only_its_own(start: Start, slack: SlackFake) -> None:
    bot = bot_knowing(start, Diagnosis(), scopes={CHANNEL: {"services": ["payments"]}})
    bot.ask("", user=GUEST)
    slack.wait_for(lambda: "Guests cannot ask" in json.dumps(slack.views))
    assert "checkout" not in json.dumps(slack.views)
    bot.ask("")
    shown = json.dumps(picker(slack))
    assert "prod/payments" in shown
    assert "prod/checkout" not in shown


def test_where_no_window_opens_the_help_says_what_to_type(start: Start, slack: SlackFake) -> None:
    bot = bot_knowing(start, Diagnosis())
    slack.fail("views.open", Failure(200, "expired_trigger_id"))
    assert "I say why" in json.loads(bot.ask("")[1])["text"]


def test_of_several_things_with_one_name_one_is_chosen_in_the_message(start: Start, slack: SlackFake) -> None:
    two = (candidate("checkout"), candidate("checkout", "staging"))
    diagnosis = Diagnosis(outcome=Ambiguous(words="checkout", candidates=two))
    bot = bot_knowing(start, diagnosis)
    bot.ask("checkout since 2h")
    message = slack.wait_for(lambda: next((one for one in slack.replies() if "means 2 things" in one["text"]), None))
    (menu,) = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert [one["text"]["text"].split(" ")[0] for one in menu["options"]] == ["prod/checkout", "staging/checkout"]
    diagnosis.outcome = diagnosed(reports.report())
    second = menu["options"][1]["value"]
    bot.post(slack.press(message, second, action_id="choose", user=GUEST, kind="static_select"))
    slack.wait_for(lambda: any("Guests cannot" in one["text"] for one in slack.whispers))
    bot.post(slack.press(message, second, action_id="choose", kind="static_select"))
    slack.wait_for(lambda: "checkout · 504" in message["text"])
    asked = diagnosis.asked[-1]
    assert (asked.words, asked.account, asked.since_s, asked.refresh) == ("staging/checkout", "main", 7200, False)
    assert len(slack.replies()) == 1


def test_home_shows_what_was_found_what_is_watched_and_what_is_wrong_with_the_set_up(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    bot = bot_knowing(start, Diagnosis(outcome=diagnosed(reports.report())), remediations={"mode": "approve"})
    answered(bot)
    eventually(lambda: redis.exists("alb502:recent-answers-index"))
    now = datetime.now(UTC)
    Watches(redis).begin(a_watch(began_at=now, until=now), now)
    written = {key for key in redis.scan_iter() if b"home" not in key and b"jobs" not in key}
    bot.post(opened(ALICE))
    home = slack.wait_for(lambda: slack.homes.get(ALICE))
    text = json.dumps(home, ensure_ascii=False)
    assert ":red_circle: checkout · 504 from the load balancer" in text
    assert "https://fake.slack.com/archives/" in text
    assert ":eyes: `prod/checkout`" in text
    assert ":warning: fixes: nobody may approve them" in text
    assert ":white_check_mark: redis: works" in text
    assert "2 names known" in text
    assert text.index(":warning:") < text.index(":white_check_mark:")
    eventually(lambda: redis.keys("alb502:wish:errand:*"))
    after = {key for key in redis.scan_iter() if b"home" not in key and b"jobs" not in key}
    assert {key for key in after - written if not any(one in key for one in (b"budget", b"lookup", b"begun"))} == set()


def test_home_tells_nobody_of_a_private_channel_that_they_are_not_in(start: Start, slack: SlackFake) -> None:
    slack.add_user(BOB)
    slack.channels[CHANNEL].private = True
    slack.channels[CHANNEL].members = (ALICE,)
    bot = bot_knowing(start, Diagnosis(outcome=diagnosed(reports.report())))
    reply = answered(bot)
    press(bot, reply, "watch")
    eventually(lambda: bot.slack.whispers)
    for user, told in ((ALICE, True), (BOB, False)):
        bot.post(opened(user))
        home = json.dumps(slack.wait_for(partial(slack.homes.get, user)))
        assert ("504 from the load balancer" in home) is told
        assert (":eyes:" in home) is told


def test_home_tells_a_guest_why_it_is_empty(start: Start, slack: SlackFake) -> None:
    bot = bot_knowing(start, Diagnosis())
    bot.post(opened(GUEST))
    assert "Guests cannot ask" in json.dumps(slack.wait_for(lambda: slack.homes.get(GUEST)))
    bot.post(opened(ALICE, tab="messages"))
    assert ALICE not in slack.homes


def test_what_was_found_is_bounded_and_one_message_stands_there_once(redis: Redis) -> None:
    recent = RecentAnswers(redis)
    for number in range(MAX_RECENT + 5):
        for report in ("r-1", "r-2"):
            recent.add(
                Recent(
                    report=report, label="x", headline=f"{number}", mood="broken",
                    at=datetime.fromtimestamp(1_700_000_000 + number, UTC), channel="C1", ts=str(number),
                )
            )  # fmt: skip
    found = recent.newest(1_000)
    assert len(found) == MAX_RECENT
    assert (found[0].headline, found[0].report) == (str(MAX_RECENT + 4), "r-2")


def test_help_shows_only_what_this_person_may_do_here(start: Start, slack: SlackFake) -> None:
    settings: dict[str, Any] = {
        "accounts": [
            {"name": "main", "id": "111122223333", "regions": ["us-east-1"], "read_role": None,
             "remediate_role": "arn:aws:iam::111122223333:role/alb502-fix"}
        ],
        "remediations": {"mode": "approve", "approvers": {"users": [ALICE]}},
        "scopes": {"C0SCOPED": {"services": ["payments"]}},
    }  # fmt: skip
    slack.add_user("U0BOB")
    bot = start(Diagnosis(), **settings)
    assert "you may approve it there" in bot.ask("help")[1]
    assert "who may approve is asked from there" in bot.ask("help", user="U0BOB")[1]
    guest = bot.ask("help", user=GUEST)[1]
    assert "Guests cannot ask" in guest
    assert "I say why" not in guest
    scoped = bot.ask("help", channel="C0SCOPED")[1]
    assert "/alb502 payments" in scoped
    assert "Only these services here" in scoped
    slack.fail("users.info", *[RATE_LIMITED] * 3)
    slack.add_user("U0NEW")
    assert "I say why" in bot.ask("help", user="U0NEW")[1]


def opened(user: str, tab: str = "home") -> bytes:
    event = {"type": "app_home_opened", "user": user, "channel": "D0", "tab": tab, "event_ts": "1.1"}
    body = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev-{user}-{tab}", "event": event}
    return json.dumps({**body, "api_app_id": "A0APP"}).encode()
