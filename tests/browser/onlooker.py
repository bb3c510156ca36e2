"""A person at the page: does what people do, and waits for what they would wait for."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, Locator, Page, expect

ANSWER_MS = 60_000
RECOVERY_MS = 150_000
SOON_MS = 15_000
ANSWERED = "does not let the load balancer in on port 8080"


class Onlooker:
    """Everything that goes wrong in the page itself is kept in `trouble`."""

    def __init__(self, browser: Browser, url: str, *, width: int, dark: bool, height: int = 800) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=width < 760,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.url = url
        self.is_narrow = width < 760
        self.trouble: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", self._listen)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.wait_until_ready()

    def _listen(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.trouble.append(message.text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.context.close()

    # Going about.

    def become(self, who: str) -> None:
        self.page.locator("#people").get_by_text(who, exact=True).click()

    def look_at(self, view: str) -> None:
        self.page.locator("#tabs").get_by_role("button", name=view, exact=True).click()

    def write(self, text: str) -> None:
        field = self.page.get_by_label("Message #incidents")
        field.fill(text)
        field.press("Enter")

    def ask(self, text: str) -> None:
        """Types a command and opens the thread of its answer."""
        begins = self.said.count()
        self.write(text)
        self.open_thread(begins)

    def let_an_alarm_arrive(self) -> None:
        """And opens its thread."""
        begins = self.said.count()
        if self.is_narrow:
            self.look_at("The world")
        self.page.get_by_role("button", name="Let an alarm arrive").click()
        if self.is_narrow:
            self.look_at("Channel")
        expect(self.said.nth(begins)).to_contain_text("changed state to ALARM", timeout=SOON_MS)
        self.open_thread(begins)

    def open_thread(self, number: int = -1) -> None:
        """Of one message of the channel, once there is an answer."""
        button = self.said.nth(number).locator(".open-thread:not(.quiet)")
        expect(button).to_be_visible(timeout=ANSWER_MS)
        button.click()
        expect(self.thread).to_be_visible()

    def reload(self) -> None:
        self.page.reload()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        expect(self.page.locator("body.ready")).to_be_attached(timeout=SOON_MS)

    # What is seen.

    @property
    def said(self) -> Locator:
        """The messages of the channel."""
        return self.page.locator("#channel article")

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread")

    @property
    def modal(self) -> Locator:
        return self.page.locator("dialog.modal")

    @property
    def fix(self) -> Locator:
        return self.thread.locator('[data-action^="fix-open"]')

    @property
    def story(self) -> Locator:
        """The message that tells what becomes of a fix."""
        return self.thread.locator("article").filter(has_text=re.compile(r"asked for it at")).last

    def wait_for_answer(self, text: str = ANSWERED) -> None:
        expect(self.thread).to_contain_text(text, timeout=ANSWER_MS)

    # A fix.

    def ask_for_approval(self) -> None:
        expect(self.fix.first).to_be_visible(timeout=ANSWER_MS)
        self.fix.first.click()
        expect(self.modal).to_contain_text("all of this is still so", timeout=SOON_MS)
        self.modal.get_by_role("button", name="Ask for approval").click()
        expect(self.modal).to_have_count(0, timeout=SOON_MS)
        expect(self.story).to_contain_text("waits for approval", timeout=SOON_MS)

    def approve(self) -> None:
        self.story.get_by_role("button", name="Review…").click()
        expect(self.modal).to_contain_text("all of this is still so", timeout=SOON_MS)
        self.modal.get_by_role("button", name="Approve and do it").click()
        expect(self.modal).to_have_count(0, timeout=SOON_MS)

    def wait_until_it_worked(self) -> None:
        expect(self.story).to_contain_text("— worked", timeout=RECOVERY_MS)

    def undo(self) -> None:
        self.story.get_by_role("button", name="Undo…").click()
        self.page.get_by_role("dialog", name="Undo this?").get_by_role("button", name="Undo", exact=True).click()
        expect(self.thread).to_contain_text("it was taken back", timeout=RECOVERY_MS)

    def fault(self, name: str) -> Locator:
        return self.page.locator(f'[data-fault="{name}"]')
