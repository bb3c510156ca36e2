"""The look-alike Slack in a process of its own, with many channels: Slack takes one post a second in each."""

from __future__ import annotations

from benchmarks.harness.child import serve_parent
from tests.slack_fake import Channel, SlackFake, serving

CHANNELS = tuple(f"C0LOAD{number:02d}" for number in range(50))

if __name__ == "__main__":
    with serving(SlackFake(channels={name: Channel(name) for name in CHANNELS})) as fake:
        serve_parent(fake.url)
