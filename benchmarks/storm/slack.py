"""The look-alike Slack in a process of its own. Each line on standard input is answered with what was said so far."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.harness.child import serve_parent
from benchmarks.storm.alarms import posts
from tests.slack_fake import BOT_ID, CHANNEL, SlackFake, serving


def main(count: int, began: float) -> None:
    fake = SlackFake()
    for post in posts(count, began):
        fake.messages[CHANNEL][post["ts"]] = post

    def record(_: str) -> dict[str, Any]:
        posted = [call for call in list(fake.calls) if call.method == "chat.postMessage" and call.ok]
        edits = sum(call.method == "chat.update" and call.ok for call in list(fake.calls))
        ours = [message for message in fake.said() if message.get("bot_id") == BOT_ID]
        said = [{"thread_ts": one.get("thread_ts"), "words": f"{one['text']} {one['blocks']}"} for one in ours]
        return {"posted_at": [call.at for call in posted], "edits": edits, "said": said}

    with serving(fake):
        serve_parent(fake.url, record)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
