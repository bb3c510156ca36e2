"""The workspace: what its Web API answers and refuses, and what a person's acts send to the bot."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier

from demo.slack.acts import NO_ANSWER, NOT_IN_THREADS, ActError, Acts
from demo.slack.delivery import NOTHING, Answered, Delivery
from demo.slack.feed import MOST, Feed
from demo.slack.identities import APPROVER, BOT_ID, BOT_USER, CHANNEL, ON_CALL
from demo.slack.web_api import WebApi, decoded
from demo.slack.workspace import RESPONSE_USES, TRIGGER_S, Workspace

TOKEN = "xoxb-test"
Body = dict[str, Any]


class Carrier(Delivery):
    """Delivers nowhere: keeps what is sent, and answers what it is told to."""

    def __init__(self) -> None:
        super().__init__("a-secret")
        self.sent: list[Body] = []
        self.events: list[Body] = []
        self.answer = Answered(200, {})

    def send(self, body: bytes, headers: Any = None) -> Answered:
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.sent.append(json.loads(given["payload"]) if "payload" in given else given)
        return self.answer

    def send_event(self, body: bytes) -> None:
        self.events.append(json.loads(body)["event"])


@dataclass
class Desk:
    """One workspace with everything around it, and a clock that is moved by hand."""

    at: float = 1_700_000_000.0
    feed: Feed = field(default_factory=Feed)
    carrier: Carrier = field(default_factory=Carrier)

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.feed, lambda: self.at)
        self.api = WebApi(self.workspace, token=TOKEN, url="http://127.0.0.1:1")
        self.acts = Acts(self.workspace, self.api, self.carrier, "http://127.0.0.1:1")

    def call(self, method: str, **body: Any) -> Body:
        return self.api.call(method, TOKEN, body)

    def post(self, text: str = "hello", **more: Any) -> Body:
        return self.call("chat.postMessage", channel=CHANNEL, text=text, **more)

    def shown(self, kind: str) -> list[Body]:
        return [dict(item.body) for item in self.feed.since(0) if item.kind == kind and item.body is not None]

    def opened(self, user: str = ON_CALL) -> Body:
        answer = self.call("views.open", trigger_id=self.workspace.new_trigger(user), view=modal())
        view: Body = answer["view"]
        return view


@pytest.fixture
def desk() -> Desk:
    return Desk()


def section(text: str = "hello") -> Body:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def modal(**changes: Any) -> Body:
    title = {"type": "plain_text", "text": "Fix"}
    return {"type": "modal", "title": title, "blocks": [section()], "private_metadata": "p-1"} | changes


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": CHANNEL}, "no_text"),
        ("chat.postMessage", {"channel": CHANNEL, "text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ("chat.update", {"channel": CHANNEL, "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": CHANNEL, "user": "U0NONE", "text": "x"}, "user_not_in_channel"),
        ("chat.getPermalink", {"channel": CHANNEL, "message_ts": "1.1"}, "message_not_found"),
        ("conversations.replies", {"channel": CHANNEL, "ts": "1.1"}, "thread_not_found"),
        ("conversations.info", {"channel": "C0NONE"}, "channel_not_found"),
        ("users.info", {"user": "U0NONE"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("views.open", {"trigger_id": "made.up", "view": modal()}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V0NONE", "view": modal()}, "not_found"),
        ("views.publish", {"user_id": ON_CALL, "view": modal(type="home", blocks=[section("")])}, "invalid_arguments"),
        ("chat.shout", {}, "unknown_method"),
    ],
)
def test_what_is_refused(desk: Desk, method: str, body: Body, error: str) -> None:
    assert desk.call(method, **body)["error"] == error


def test_a_refusal_says_why(desk: Desk) -> None:
    answer = desk.post(blocks=[section("x" * 3_001)])
    assert "/blocks/0/text/text" in answer["response_metadata"]["messages"][0]


def test_the_token_is_looked_at(desk: Desk) -> None:
    assert desk.api.call("auth.test", None, {})["error"] == "not_authed"
    assert desk.api.call("auth.test", "xoxb-other", {})["error"] == "invalid_auth"
    assert desk.call("auth.test")["user_id"] == BOT_USER


def test_messages_are_posted_edited_found_again_and_deleted(desk: Desk) -> None:
    parent = desk.post("parent", metadata={"event_type": "e", "event_payload": {"key": "k"}})
    reply = desk.post("reply", thread_ts=parent["ts"])
    assert desk.call("chat.update", channel=CHANNEL, ts=reply["ts"], text="edited")["ok"]

    history = desk.call("conversations.history", channel=CHANNEL)["messages"]
    assert [one["text"] for one in history] == ["parent"]
    assert "metadata" not in history[0]
    found = desk.call("conversations.replies", channel=CHANNEL, ts=parent["ts"], include_all_metadata="true", limit=1)
    assert found["messages"][0]["metadata"]["event_payload"] == {"key": "k"}
    assert found["has_more"]
    cursor = found["response_metadata"]["next_cursor"]
    page = desk.call("conversations.replies", channel=CHANNEL, ts=parent["ts"], cursor=cursor)
    assert [one["text"] for one in page["messages"]] == ["edited"]
    link = desk.call("chat.getPermalink", channel=CHANNEL, message_ts=reply["ts"])["permalink"]
    assert parent["ts"] in link

    assert desk.call("chat.delete", channel=CHANNEL, ts=reply["ts"])["ok"]
    assert [one["text"] for one in desk.shown("message")] == ["parent"]
    assert [one.get("subtype") for one in desk.carrier.events] == [None, None, "message_changed"]
    assert all(one["bot_id"] == BOT_ID for one in desk.carrier.events if "bot_id" in one)


def test_nobody_elses_message_can_be_edited(desk: Desk) -> None:
    desk.acts.write(ON_CALL, CHANNEL, "hello", None)
    (said,) = desk.shown("message")
    assert desk.call("chat.update", channel=CHANNEL, ts=said["ts"], text="x")["error"] == "cant_update_message"
    assert desk.call("chat.delete", channel=CHANNEL, ts=said["ts"])["error"] == "cant_delete_message"


def test_a_trigger_lives_three_seconds_and_is_used_once(desk: Desk) -> None:
    used, late = desk.workspace.new_trigger(ON_CALL), desk.workspace.new_trigger(ON_CALL)
    assert desk.call("views.open", trigger_id=used, view=modal())["ok"]
    assert desk.call("views.open", trigger_id=used, view=modal())["error"] == "exchanged_trigger_id"
    desk.at += TRIGGER_S + 0.1
    assert desk.call("views.open", trigger_id=late, view=modal())["error"] == "expired_trigger_id"


def test_a_view_is_updated_only_by_who_saw_its_newest_state(desk: Desk) -> None:
    view = desk.opened()
    newer = desk.call("views.update", view_id=view["id"], hash=view["hash"], view=modal(callback_id="new"))["view"]
    assert desk.call("views.update", view_id=view["id"], hash=view["hash"], view=modal())["error"] == "hash_conflict"
    assert desk.call("views.update", view_id=view["id"], hash=newer["hash"], view=modal())["ok"]


def test_at_most_three_modals_lie_on_each_other(desk: Desk) -> None:
    desk.opened()
    for _ in range(2):
        assert desk.call("views.push", trigger_id=desk.workspace.new_trigger(ON_CALL), view=modal())["ok"]
    answer = desk.call("views.push", trigger_id=desk.workspace.new_trigger(ON_CALL), view=modal())
    assert answer["error"] == "push_limit_reached"


def test_a_response_url_is_used_five_times(desk: Desk) -> None:
    desk.acts.write(ON_CALL, CHANNEL, "/alb502 checkout", None)
    name = desk.carrier.sent[0]["response_url"].rpartition("/")[2]
    answers = [desk.api.respond(name, {"text": "only you"}) for _ in range(RESPONSE_USES + 1)]
    assert [one["ok"] for one in answers] == [True] * RESPONSE_USES + [False]
    assert {one["user"] for one in desk.shown("whisper")} == {ON_CALL}


def test_a_command_says_what_was_typed_and_shows_the_acknowledgement(desk: Desk) -> None:
    desk.carrier.answer = Answered(200, {"response_type": "ephemeral", "text": "help"})
    desk.acts.write(ON_CALL, CHANNEL, "/alb502 help", None)
    assert desk.carrier.sent[0]["text"] == "help"
    assert [one["text"] for one in desk.shown("whisper")] == ["help"]

    desk.carrier.answer = NOTHING
    desk.acts.write(ON_CALL, CHANNEL, "/alb502 checkout", None)
    assert [one["text"] for one in desk.shown("note")] == [NO_ANSWER]
    with pytest.raises(ActError, match="not supported in threads"):
        desk.acts.write(ON_CALL, CHANNEL, "/alb502 checkout", "1.1")
    assert "Mention @alb502" in NOT_IN_THREADS


def test_a_mention_is_told_twice_and_its_words_are_escaped(desk: Desk) -> None:
    desk.acts.write(ON_CALL, CHANNEL, "@alb502 <!channel> & co", "1.1")
    assert [one["type"] for one in desk.carrier.events] == ["app_mention", "message"]
    assert desk.carrier.events[0]["text"] == f"<@{BOT_USER}> &lt;!channel&gt; &amp; co"
    assert desk.carrier.events[0]["thread_ts"] == "1.1"


def test_what_is_pressed_says_where_and_by_whom(desk: Desk) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "v"}
    posted = desk.post(blocks=[{"type": "actions", "elements": [button]}])
    block = posted["message"]["blocks"][0]["block_id"]
    action = {"type": "button", "action_id": "go", "block_id": block, "value": "v"}
    desk.acts.press(APPROVER, {"channel": CHANNEL, "ts": posted["ts"]}, action, {})
    (sent,) = desk.carrier.sent
    assert sent["user"]["id"] == APPROVER
    assert sent["container"]["message_ts"] == posted["ts"]
    assert sent["actions"][0]["value"] == "v"
    with pytest.raises(ActError):
        desk.acts.press(APPROVER, {"channel": CHANNEL, "ts": "1.1"}, action, {})


def test_a_submission_may_be_refused_replaced_or_taken(desk: Desk) -> None:
    view = desk.opened()
    desk.carrier.answer = Answered(200, {"response_action": "errors", "errors": {"typed": "wrong word"}})
    desk.acts.submit(ON_CALL, view["id"], {"typed": {"typed": {"type": "plain_text_input", "value": "x"}}})
    assert desk.carrier.sent[-1]["view"]["state"]["values"]["typed"]["typed"]["value"] == "x"
    assert desk.shown("modal")[0]["errors"] == {"typed": "wrong word"}

    desk.carrier.answer = Answered(200, {"response_action": "update", "view": modal(callback_id="told")})
    desk.acts.submit(ON_CALL, view["id"], {})
    assert desk.shown("modal")[0]["view"]["callback_id"] == "told"

    desk.carrier.answer = NOTHING
    desk.acts.submit(ON_CALL, view["id"], {})
    assert "" in desk.shown("modal")[0]["errors"]

    desk.carrier.answer = Answered(200, {})
    desk.acts.submit(ON_CALL, view["id"], {})
    assert desk.shown("modal") == []
    with pytest.raises(ActError):
        desk.acts.submit(ON_CALL, view["id"], {})


def test_nobody_submits_the_modal_of_another(desk: Desk) -> None:
    view = desk.opened(ON_CALL)
    with pytest.raises(ActError):
        desk.acts.submit(APPROVER, view["id"], {})
    assert desk.carrier.sent == []


def test_the_home_tab_is_asked_for_and_shown(desk: Desk) -> None:
    desk.acts.open_home(ON_CALL)
    assert desk.carrier.events[0]["type"] == "app_home_opened"
    assert "view" not in desk.carrier.events[0]
    desk.call("views.publish", user_id=ON_CALL, view={"type": "home", "blocks": [section()]})
    assert desk.shown("home")[0]["user"] == ON_CALL
    desk.acts.open_home(ON_CALL)
    assert desk.carrier.events[1]["view"]["type"] == "home"


def test_what_is_kept_is_bounded(desk: Desk) -> None:
    for number in range(MOST["message"] + 20):
        desk.post(str(number))
    assert len(desk.shown("message")) == MOST["message"]
    assert len(desk.workspace.messages(CHANNEL)) == MOST["message"]


def test_what_is_gone_is_told_to_who_saw_it() -> None:
    feed = Feed()
    feed.put("note", "n-1", {"text": "x"})
    seen = feed.seq
    feed.drop("note", "n-1")
    assert [(item.id, item.body) for item in feed.since(seen)] == [("n-1", None)]
    assert feed.since(0) == []


def test_requests_are_signed_as_slack_signs_them() -> None:
    body = b"command=%2Falb502"
    signed = Delivery("a-secret")._signed(body)
    assert SignatureVerifier("a-secret").is_valid_request(body, signed)
    assert not SignatureVerifier("other").is_valid_request(body, signed)


def test_forms_carry_their_objects_as_json() -> None:
    assert decoded({"blocks": json.dumps([section()]), "text": "[1]"}) == {"blocks": [section()], "text": "[1]"}


def test_whoever_listens_is_told_of_every_change_and_of_the_end() -> None:
    feed, seen = Feed(), list[int]()
    with feed.listening(lambda: seen.append(feed.seq)):
        feed.put("note", "a", {})
        feed.drop("note", "never there")
        feed.drop("note", "a")
        feed.close()
    feed.put("note", "b", {})
    assert seen == [1, 2, 2]
    assert feed.is_closed
