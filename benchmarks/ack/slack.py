"""The look-alike Slack in a process of its own."""

from __future__ import annotations

from benchmarks.harness.child import serve_parent
from tests.slack_fake import SlackFake, serving

if __name__ == "__main__":
    with serving(SlackFake()) as fake:
        serve_parent(fake.url)
