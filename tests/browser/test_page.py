"""The page itself: by keyboard alone, what one person sees alone, hostile words, a workspace without newer blocks."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.onlooker import ANSWER_MS, RECOVERY_MS, SOON_MS, Onlooker
from tests.browser.starting import demo

TRAFFIC_MS = 15_000
HOSTILE = '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> *bold* <!channel> &lt;b&gt; \u202e'


@pytest.fixture
def person(chromium: Browser, demo_url: str) -> Iterator[Onlooker]:
    with Onlooker(chromium, demo_url, width=1280, dark=False) as someone:
        yield someone
        assert someone.trouble == []


def test_by_keyboard_alone_to_the_plan_and_back(person: Onlooker) -> None:
    """Tab reaches everything; the modal keeps the focus, and Escape gives it back."""
    keyboard = person.page.keyboard
    keyboard.press("Tab")
    expect(person.page.get_by_role("link", name="To the message field")).to_be_focused()
    keyboard.press("Enter")
    keyboard.type("/alb502 checkout")
    keyboard.press("Enter")
    person.wait_for_answer()
    expect(person.fix.first).to_be_visible(timeout=ANSWER_MS)
    expect(person.thread.get_by_role("button", name="Refresh")).to_be_visible(timeout=ANSWER_MS)

    assert tab_to(person, '[data-action^="fix-open"]')
    keyboard.press("Enter")
    expect(person.modal).to_contain_text("all of this is still so", timeout=SOON_MS)
    assert person.modal.get_attribute("aria-labelledby")
    for _ in range(12):
        keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert person.page.evaluate(inside), "the focus has left the modal"
    keyboard.press("Escape")
    expect(person.modal).to_have_count(0, timeout=SOON_MS)
    expect(person.fix.first).to_be_focused()


def tab_to(person: Onlooker, selector: str, most: int = 80) -> bool:
    """Presses Tab until the focus is there."""
    for _ in range(most):
        person.page.keyboard.press("Tab")
        if person.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return True
    return False


def test_everything_that_can_be_pressed_has_a_name(person: Onlooker) -> None:
    person.ask("/alb502 checkout")
    person.wait_for_answer()
    nameless = person.page.eval_on_selector_all(
        "button, a, input, select, textarea, summary, dialog",
        """all => all.filter(one => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim()
            || one.getAttribute('aria-labelledby'))).map(one => one.outerHTML.slice(0, 120))""",
    )
    assert nameless == []
    levels = person.page.eval_on_selector_all("h1, h2", "all => all.map(one => one.tagName)")
    assert levels[0] == "H1"
    assert person.page.locator("main").count() == 1


def test_hostile_words_stay_words(person: Onlooker) -> None:
    person.write(f"@alb502 {HOSTILE}")
    said = person.said.filter(has_text="onerror")
    expect(said).to_be_visible(timeout=SOON_MS)
    assert said.locator("img, script").count() == 0
    expect(said).to_contain_text("<!channel>")
    expect(said.locator(".open-thread:not(.quiet)")).to_be_visible(timeout=ANSWER_MS)
    said.locator(".open-thread").click()
    expect(person.thread.locator(".whisper")).to_be_visible()
    assert person.page.evaluate("window.hacked") is None


def test_help_is_seen_by_who_asked_and_by_nobody_else(person: Onlooker) -> None:
    person.write("/alb502 help")
    whisper = person.page.locator(".whisper")
    expect(whisper).to_contain_text("Only visible to you", timeout=SOON_MS)
    person.become("approver")
    expect(whisper).to_have_count(0)
    person.become("on-call")
    whisper.get_by_role("button", name="Dismiss").click()
    expect(whisper).to_have_count(0)


def test_a_command_in_a_thread_is_refused_as_slack_refuses_it(person: Onlooker) -> None:
    person.ask("/alb502 checkout")
    field = person.thread.get_by_role("textbox")
    field.fill("/alb502 checkout")
    field.press("Enter")
    expect(person.page.locator(".note")).to_contain_text("not supported in threads")


def test_a_guest_is_told_so(person: Onlooker) -> None:
    person.become("guest")
    person.write("/alb502 checkout")
    expect(person.page.locator(".whisper").last).to_contain_text("Guests cannot ask", timeout=SOON_MS)


def test_home_shows_what_the_bot_publishes(person: Onlooker) -> None:
    person.look_at("App Home")
    expect(person.page.locator("#home h4").first).to_be_visible(timeout=SOON_MS)


def test_the_world_is_broken_and_mended_from_its_panel(person: Onlooker) -> None:
    fault = person.fault("application-errors")
    fault.get_by_role("button").click()
    expect(fault).to_contain_text("broken now", timeout=SOON_MS)
    fault.get_by_role("button", name=re.compile("^Mend")).click()
    expect(fault).not_to_contain_text("broken now", timeout=SOON_MS)


def test_another_site_can_send_nothing(demo_url: str) -> None:
    def answered(headers: dict[str, str]) -> int:
        body = json.dumps({"fault": "ingress"}).encode()
        request = urllib.request.Request(f"{demo_url}/act/mend", body, headers)  # noqa: S310 - it is our own demo
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    known = {"Content-Type": "application/json"}
    assert answered({**known, "Origin": "https://example.com"}) == 403
    assert answered({**known, "Host": "example.com"}) == 403
    assert answered({"Content-Type": "text/plain"}) == 400


def test_a_workspace_that_refuses_newer_blocks_shows_the_plain_answer(chromium: Browser) -> None:
    with demo("--plain") as url, Onlooker(chromium, url, width=1280, dark=False) as person:
        person.ask("/alb502 checkout")
        person.wait_for_answer()
        expect(person.thread.get_by_role("button", name="Refresh")).to_be_visible(timeout=ANSWER_MS)
        kinds = ".block-container, .block-data_visualization, .block-plan, .block-task_card, .unknown"
        assert person.thread.locator(kinds).count() == 0
        assert person.trouble == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_menu_below_an_answer_opens_what_it_offers(chromium: Browser, demo_url: str, width: int) -> None:
    with Onlooker(chromium, demo_url, width=width, dark=False) as person:
        person.ask("/alb502 checkout")
        person.wait_for_answer()
        opener = person.thread.get_by_role("button", name="More actions").first
        expect(opener).to_be_visible(timeout=ANSWER_MS)
        opener.focus()
        person.page.keyboard.press("Enter")
        menu = person.thread.get_by_role("menu", name="More actions")
        expect(menu).to_be_in_viewport(ratio=1)
        person.page.keyboard.press("ArrowDown")
        person.page.keyboard.press("Escape")
        expect(opener).to_be_focused()
        person.page.keyboard.press("Enter")
        menu.get_by_role("menuitem", name="Why not …?").click()
        expect(person.modal).to_contain_text("Which check", timeout=SOON_MS)
        person.modal.get_by_role("button", name="Say why").click()
        expect(person.modal.get_by_role("alert").first).to_be_visible()
        assert person.modal.locator("optgroup option").count() > 5
        person.page.keyboard.press("Escape")
        expect(person.modal).to_have_count(0, timeout=SOON_MS)
        assert person.trouble == []


def test_an_alarm_that_is_over_closes_the_story(chromium: Browser) -> None:
    """The alarm arrives, somebody mends the world by hand, the alarm is over, and the answer says so."""
    arguments = ("--scenario", "fixed-response-left-on")
    with demo(*arguments) as url, Onlooker(chromium, url, width=1280, dark=True) as person:
        expect(person.page.get_by_text(re.compile(r"^Last .* errors \(.*503"))).to_be_visible(timeout=TRAFFIC_MS)
        person.let_an_alarm_arrive()
        person.wait_for_answer("503")
        person.fault("maintenance-page").get_by_role("button", name=re.compile("^Mend")).click()
        expect(person.said.filter(has_text="changed state to OK")).to_be_visible(timeout=RECOVERY_MS)
        expect(person.thread).to_contain_text("Recovered at", timeout=ANSWER_MS)
        assert person.trouble == []
