"""The help, the picker and the Home of the app, as Slack draws them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from demo.slack.limits import view_errors
from diagnostics.question import Candidate
from handlers import views
from handlers.views.help import Here
from handlers.views.home import Found, Health, closed, home
from handlers.views.picker import not_for_you, picker
from tests import reports, slack_limits
from tests.handlers.controls.visiting import a_watch
from tests.hostile import INJECTIONS

NOW = reports.END


def shown(blocks: Any) -> str:
    return "\n".join(slack_limits.all_text(blocks))


def candidates(number: int, **changes: Any) -> list[Candidate]:
    values: dict[str, Any] = {
        "kind": "ecs-service", "name": "checkout", "account": "111122223333", "region": "us-east-1", "words": "a/b"
    }  # fmt: skip
    return [Candidate(**(values | changes)) for _ in range(number)]


def test_help_fits_a_screen_and_says_only_what_applies() -> None:
    message = views.help()
    slack_limits.check(message.text, message.blocks)
    assert len(shown(message.blocks)) < 1_000
    assert "unmute" in message.text
    assert "mute" not in views.help("@alb502").text
    assert "Fixes" not in shown(views.help(here=Here(fixes="off")).blocks)
    assert views.help(here=Here(refusal="Not you.")) == views.Message(text="Not you.", blocks=())


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_scopes_break_nothing(text: str) -> None:
    message = views.help(here=Here(services=(text,) * 30, accounts=(text,) * 30))
    slack_limits.check(message.text, message.blocks)


@pytest.mark.parametrize("number", [0, 1, 100, 400])
def test_the_picker_is_bounded_and_says_so(number: int) -> None:
    view = picker(candidates(number), number, "pick-1", incomplete=number == 0)
    assert view_errors(view) == []
    text = shown(view["blocks"])
    assert ("Showing 100 of 400" in text) == (number == 400)
    assert ("not complete" in text) == (number == 0)


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_names_break_no_view(text: str) -> None:
    one = candidates(3, name=text, account=text, account_name=text, region=text, words=text)
    assert view_errors(picker(one, 3, "pick-1")) == []
    found = [
        Found(text, text, "broken", NOW, "https://fake.slack.com/archives/C1/p1"),
        Found(text, text, "over", NOW, text),
    ]
    made = home(found * 10, [a_watch(label=text)] * 30, [Health(False, text)] * 40, NOW + timedelta(minutes=1))
    assert view_errors(made) == []
    assert slack_limits.view_violations(made) == []
    assert "<!channel" not in shown(made["blocks"])


def test_home_says_what_is_cut_and_what_is_empty() -> None:
    full = shown(home([], [a_watch()] * 30, [Health(True, "fine")] * 40, NOW)["blocks"])
    assert "_and 20 more_" in full
    empty = shown(home([], [], [], NOW)["blocks"])
    assert "Nothing that was wrong" in empty
    for view in (closed("Guests cannot ask."), not_for_you("Guests cannot ask.")):
        assert view_errors(view) == []
