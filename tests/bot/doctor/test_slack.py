"""Each fault of the Slack side is found, alone, and nothing but reading is asked of Slack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from bot.doctor import slack
from bot.doctor.finding import Finding, Role
from bot.doctor.slack_channels import MAX_CHANNELS
from bot.doctor.slack_reads import READS, UNANSWERED, TokenReads
from bot.settings import Settings
from handlers.scopes import names
from tests import slack_fake
from tests.slack_fake import APP_TOKEN, CHANNEL, SlackFake, serving

GROUP = "S0APPROVE"
SECRET = "0123456789abcdef0123456789abcdef"
EVERYTHING: dict[str, Any] = {
    "slack_app_token": APP_TOKEN,
    "slack": {"ask": {"groups": [GROUP]}},
    "scopes": {CHANNEL: {}},
    "alarms": {"channels": [CHANNEL]},
    "remediations": {"mode": "approve", "approvers": {"groups": [GROUP], "users": [slack_fake.ALICE]}},
}
"""Settings that name one of each, and are right."""


@pytest.fixture
def fake() -> Iterator[SlackFake]:
    """A workspace in which nothing is wrong."""
    made = SlackFake(scopes=names(), groups={GROUP: {}}, socket_url="wss://fake.slack.com/link")
    with serving(made):
        yield made


def own(fake: SlackFake) -> dict[str, Any]:
    return {
        "slack_bot_token": slack_fake.TOKEN,
        "slack_signing_secret": slack_fake.SECRET,
        "slack_api_url": f"{fake.url}/api/",
    }


def examined(fake: SlackFake, role: Role | None = None, **more: Any) -> list[Finding]:
    settings = Settings(**{**own(fake), **EVERYTHING, **more})
    found = list(slack.findings(settings, role, lambda token: TokenReads(token, settings.slack_api_url)))
    assert {call.method for call in fake.calls} <= READS
    return found


def wrong(found: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.status, one.id) for one in found if one.status != "well"]


def test_nothing_is_wrong_where_everything_is_there(fake: SlackFake) -> None:
    found = examined(fake)

    assert wrong(found) == []
    assert {one.id for one in found} == {
        "slack-bot-token",
        "slack-scopes",
        "slack-groups",
        "slack-channels",
        "slack-app-token",
    }
    assert fake.messages == {}
    assert fake.whispers == []


Plant = Callable[[SlackFake], object]


@pytest.mark.parametrize(
    ("plant", "kind", "words"),
    [
        (lambda fake: setattr(fake, "scopes", names()[:-1]), "slack-scopes", ("lacks users:read",)),
        (lambda fake: setattr(fake, "scopes", ("commands",)), "slack-scopes", ("chat:write", "usergroups:read")),
        (
            lambda fake: setattr(fake, "socket_url", ""),
            "slack-app-token",
            ("not_allowed_token_type",),
        ),
        (lambda fake: fake.groups.clear(), "slack-group", (GROUP, "does not exist", "remediations.approvers")),
        (lambda fake: fake.groups.update({GROUP: {"date_delete": 1}}), "slack-group", (GROUP, "is disabled")),
        (lambda fake: fake.groups.update({GROUP: {"user_count": "0"}}), "slack-group", (GROUP, "has no members")),
        (lambda fake: fake.add_user(slack_fake.ALICE, is_restricted=True), "slack-user", ("is a guest",)),
        (lambda fake: fake.add_user(slack_fake.ALICE, deleted=True), "slack-user", ("is deactivated",)),
        (lambda fake: fake.users.clear(), "slack-user", ("does not exist",)),
        (lambda fake: fake.channels.clear(), "slack-channel", ("does not exist, or is private", "/invite @alb502")),
        (
            lambda fake: setattr(fake.channels[CHANNEL], "bot_is_member", False),
            "slack-channel",
            ("is not in channel C0CHAN of alarms.channels", "/invite @alb502"),
        ),
        (lambda fake: setattr(fake.channels[CHANNEL], "archived", True), "slack-channel", ("is archived",)),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_planted_fault_is_found_alone(fake: SlackFake, plant: Plant, kind: str, words: tuple[str, ...]) -> None:
    plant(fake)

    found = examined(fake)

    assert wrong(found) == [("problem", kind)]
    (problem,) = (one for one in found if one.status == "problem")
    assert all(word in problem.model_dump_json() for word in words), problem


def test_a_token_that_slack_refuses(fake: SlackFake) -> None:
    found = examined(fake, slack_bot_token="xoxb-of-an-app-that-was-deleted")

    assert wrong(found) == [("problem", "slack-bot-token")]
    assert "Slack refuses SLACK_BOT_TOKEN (invalid_auth)" in found[0].says
    assert "xoxb-of" not in str(found)


def test_a_workspace_that_is_not_listed(fake: SlackFake) -> None:
    found = examined(fake, slack={"teams": ["T0OTHER"]})

    assert wrong(found) == [("problem", "slack-teams")]
    assert "T0TEAM is not in slack.teams" in str(found)


def test_nobody_answers_at_slacks_address(fake: SlackFake) -> None:
    found = examined(fake, slack_api_url="http://127.0.0.1:1/api/", slack_app_token=None, slack_signing_secret=SECRET)

    assert wrong(found) == [("problem", "slack-unreachable"), ("unchecked", "slack-http")]
    assert found[0].says.endswith("/api/: Connection refused")


def test_scopes_that_nobody_tells_are_not_checked(fake: SlackFake) -> None:
    fake.scopes = None

    assert wrong(examined(fake)) == [("unchecked", "slack-scopes")]


def test_a_scope_that_these_settings_do_not_need_is_not_missed(fake: SlackFake) -> None:
    fake.scopes = tuple(name for name in names() if name != "usergroups:read")

    assert wrong(examined(fake, slack={}, remediations={})) == []


def test_a_channel_that_a_missing_scope_hides_is_not_called_well(fake: SlackFake) -> None:
    fake.scopes = tuple(name for name in names() if name != "groups:read")
    fake.fail("conversations.info", slack_fake.Failure(200, "missing_scope"))

    found = examined(fake)

    assert wrong(found) == [("problem", "slack-scopes"), ("unchecked", "slack-channel")]
    assert "missing_scope: the bot token lacks groups:read" in str(found)
    assert not any(one.id == "slack-channels" for one in found)


def test_channels_beyond_those_that_are_looked_at_are_not_called_well(fake: SlackFake) -> None:
    channels = [f"C0{number:04}" for number in range(MAX_CHANNELS + 2)]
    fake.channels.update({one: slack_fake.Channel(one) for one in channels})

    found = examined(fake, alarms={"channels": channels}, scopes={})

    assert [one.says for one in found if one.status == "unchecked"] == ["2 channels of the settings"]
    assert not any(one.id == "slack-channels" for one in found)


def test_a_person_of_whom_slack_says_nothing_is_not_checked(fake: SlackFake) -> None:
    fake.fail("users.info", slack_fake.Failure(200, "internal_error"))

    found = examined(fake)

    assert wrong(found) == [("unchecked", "slack-user")]
    assert "Slack gives no answer (internal_error)" in str(found)


def test_a_slack_that_falls_silent_is_not_asked_for_ever(fake: SlackFake, caplog: pytest.LogCaptureFixture) -> None:
    """Each call takes its whole time; and the SDK writes no line for each."""
    channels = [f"C0{number:04}" for number in range(20)]
    fake.fail("conversations.info", *[slack_fake.Failure(0)] * 20)

    found = examined(fake, alarms={"channels": channels}, scopes={})

    assert len(fake.failures["conversations.info"]) == 20 - UNANSWERED
    assert [one.says for one in found if one.status == "unchecked"] == ["20 channels of the settings"]
    assert caplog.records == []


def test_trouble_of_slacks_own_is_no_fault_of_the_token(fake: SlackFake) -> None:
    fake.fail("auth.test", slack_fake.Failure(200, "internal_error"))

    assert wrong(examined(fake)) == [("problem", "slack-unreachable")]


def test_a_shared_channel_works_with_less(fake: SlackFake) -> None:
    fake.channels[CHANNEL].shared = True

    assert wrong(examined(fake)) == [("less", "slack-channel-shared")]
    assert wrong(examined(fake, slack={"shared_channels": "allow"})) == []


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (SECRET, [("unchecked", "slack-http")]),
        ("changeme", [("less", "slack-signing-secret"), ("unchecked", "slack-http")]),
    ],
)
def test_http_is_judged_by_the_look_of_the_secret(
    fake: SlackFake, secret: str, expected: list[tuple[str, str]]
) -> None:
    found = examined(fake, slack_app_token=None, slack_signing_secret=secret)

    assert wrong(found) == expected
    assert secret not in str(found)


def test_a_worker_opens_no_door(fake: SlackFake) -> None:
    fake.socket_url = ""

    assert wrong(examined(fake, role="worker")) == []
    assert fake.of("apps.connections.open") == []


def test_no_other_method_is_ever_called(fake: SlackFake) -> None:
    with pytest.raises(ValueError, match=r"chat\.postMessage"):
        TokenReads(slack_fake.TOKEN, fake.url)("chat.postMessage", channel=CHANNEL, text="hello")
    assert fake.calls == []
