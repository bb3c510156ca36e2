"""Every kind of block and field that the workspace takes is drawn by the page, with nothing left unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from demo.page.routes import Act, Readers, page_routes
from demo.page.running import about
from demo.page.serving import Serving
from demo.slack.acts import Acts
from demo.slack.feed import Feed
from demo.slack.identities import CHANNEL, ON_CALL
from demo.slack.routes import slack_routes
from demo.slack.web_api import WebApi
from demo.slack.workspace import Workspace
from tests.browser.onlooker import SOON_MS, Onlooker
from tests.demo.slack.test_limits import TAKEN, alert, field, modal, option, plain, section, select
from tests.demo.slack.test_workspace import Carrier

OPTIONS = [option("one", "1"), option("two", "2")]
FIELDS = (
    field({"type": "plain_text_input", "action_id": "words", "multiline": True}, block_id="words"),
    field(select(3), block_id="menu", optional=True),
    field(
        {"type": "radio_buttons", "action_id": "radio", "options": OPTIONS, "initial_option": OPTIONS[0]}, block_id="r"
    ),
    field({"type": "checkboxes", "action_id": "boxes", "options": OPTIONS}, block_id="boxes", optional=True),
    field({"type": "conversations_select", "action_id": "where"}, block_id="where", optional=True),
    field({"type": "users_select", "action_id": "who"}, block_id="who", optional=True),
    field({"type": "datepicker", "action_id": "day"}, block_id="day", optional=True),
    field({"type": "number_input", "action_id": "n", "is_decimal_allowed": False}, block_id="n", optional=True),
)


class Stage:
    """A workspace on a page, with no bot and no world behind it."""

    def __init__(self) -> None:
        self.feed, self.carrier, self.serving = Feed(), Carrier(), Serving(0)
        self.workspace = Workspace(self.feed)
        self.api = WebApi(self.workspace, token="xoxb-test", url=self.serving.url)
        acts = Acts(self.workspace, self.api, self.carrier, self.serving.url)
        known: dict[str, Act] = {
            "press": lambda told: acts.press(told["user"], told["place"], told["action"], told["state"]),
            "submit": lambda told: acts.submit(told["user"], told["view"], told["state"]),
            "close": lambda told: acts.close(told["user"], told["view"]),
        }
        routes = page_routes(self.feed, known, lambda: about("checkout", "A stage"), Readers())
        self.serving.start([*slack_routes(self.api), *routes])

    def call(self, method: str, **body: Any) -> dict[str, Any]:
        answer = self.api.call(method, "xoxb-test", body)
        assert answer["ok"], answer
        return answer


@contextmanager
def stage() -> Iterator[Stage]:
    made = Stage()
    try:
        yield made
    finally:
        made.feed.close()
        made.serving.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_every_block_is_drawn(chromium: Browser, width: int) -> None:
    with stage() as there, Onlooker(chromium, there.serving.url, width=width, dark=False) as person:
        for block in TAKEN:
            there.call("chat.postMessage", channel=CHANNEL, text=block["type"], blocks=[block])
        expect(person.said).to_have_count(len(TAKEN), timeout=SOON_MS)
        for number, block in enumerate(TAKEN):
            assert person.said.nth(number).locator(f".block-{block['type']}").count(), block["type"]
        assert person.page.locator(".unknown").count() == 0
        over = person.page.eval_on_selector("#channel .list", "one => one.scrollWidth - one.clientWidth")
        assert over <= 0
        assert person.trouble == []


def test_a_modal_sends_what_its_fields_hold(chromium: Browser) -> None:
    with stage() as there, Onlooker(chromium, there.serving.url, width=1280, dark=True) as person:
        view = modal(alert(), section("Tell me"), *FIELDS, callback_id="c", submit=plain("Send"))
        there.call("views.open", trigger_id=there.workspace.new_trigger(ON_CALL), view=view)
        expect(person.modal).to_be_visible(timeout=SOON_MS)
        assert person.modal.locator(".unknown").count() == 0

        person.modal.get_by_role("button", name="Send").click()
        expect(person.modal.get_by_role("alert").filter(has_text="has to be filled in")).to_be_visible()
        assert there.carrier.sent == []

        person.modal.locator("textarea").fill("<b>words</b>")
        person.modal.get_by_role("radio", name="two").check()
        person.modal.get_by_role("checkbox", name="one").check()
        person.modal.locator("[data-block=menu] select").select_option("2")
        person.modal.locator("[data-block=where] select").select_option(CHANNEL)
        person.modal.get_by_role("button", name="Send").click()
        expect(person.modal).to_have_count(0, timeout=SOON_MS)
        held = there.carrier.sent[-1]["view"]["state"]["values"]
        assert held["words"]["words"] == {"type": "plain_text_input", "value": "<b>words</b>"}
        assert held["r"]["radio"]["selected_option"]["value"] == "2"
        assert [one["value"] for one in held["boxes"]["boxes"]["selected_options"]] == ["1"]
        assert held["menu"]["s"]["selected_option"]["value"] == "2"
        assert held["where"]["where"]["selected_conversation"] == CHANNEL
        assert held["who"]["who"]["selected_user"] is None
        assert person.trouble == []


def test_what_is_chosen_and_pressed_in_a_message_is_sent(chromium: Browser) -> None:
    with stage() as there, Onlooker(chromium, there.serving.url, width=1280, dark=False) as person:
        elements = [{"type": "overflow", "action_id": "more", "options": OPTIONS}, select(3)]
        there.call("chat.postMessage", channel=CHANNEL, text="x", blocks=[{"type": "actions", "elements": elements}])
        person.said.first.get_by_role("button", name="More actions").click()
        person.said.first.get_by_role("menuitem", name="two").click()
        person.said.first.locator("select").select_option("1")
        person.page.wait_for_function("() => !document.querySelector('[aria-busy]')")
        expect(person.said).to_have_count(1)
        chosen = [one["actions"][0]["selected_option"]["value"] for one in there.carrier.sent]
        assert chosen == ["2", "1"]
        assert person.trouble == []
