"""The look-alike Slack in a process of its own, with many channels: Slack takes one post a second in each."""

from __future__ import annotations

from urllib.parse import urlencode

from benchmarks.harness.child import serve_parent
from tests.slack_fake import ALICE, TEAM, Channel, SlackFake, serving

CHANNELS = tuple(f"C0LOAD{number:02d}" for number in range(50))


def command(number: int, text: str, response_url: str = "") -> bytes:
    """The so many-th slash command, in one of the channels after the other."""
    fields = {
        "api_app_id": "A0APP",
        "channel_id": CHANNELS[number % len(CHANNELS)],
        "channel_name": "incidents",
        "command": "/alb502",
        "response_url": response_url,
        "team_id": TEAM,
        "text": text,
        "trigger_id": f"{number}.2.abc",
        "user_id": ALICE,
        "user_name": "alice",
    }
    return urlencode(fields).encode()


if __name__ == "__main__":
    with serving(SlackFake(channels={name: Channel(name) for name in CHANNELS})) as fake:
        serve_parent(fake.url)
