"""The least that a bot can do: the same server and the same Bolt settings, and listeners that only acknowledge."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import Ack, App
from slack_sdk.signature import SignatureVerifier

from benchmarks.harness.child import serve_parent
from bot.listener import Listener
from bot.server import Slack, make_web
from bot.slack_app import make_client
from handlers.commands import COMMAND
from tests.slack_fake import SECRET, TOKEN


class _NothingKept:
    """Takes every request for new: to remember them needs a store."""

    def is_new(self, signature: str) -> bool:
        return True

    def forget(self, signature: str) -> None:
        return None


def main(slack_url: str) -> None:
    app = App(
        client=make_client(TOKEN, f"{slack_url}/api/"),
        signing_secret=SECRET,
        process_before_response=True,
        listener_executor=ThreadPoolExecutor(1),
    )

    @app.command(COMMAND)
    def acknowledge(ack: Ack) -> None:
        ack()

    @app.event("message")
    def heard() -> None:
        return None

    listener = Listener(make_web(Slack(app, SignatureVerifier(SECRET), _NothingKept())), "127.0.0.1", 0, "the port")
    listener.start()
    try:
        serve_parent(listener.port)
    finally:
        listener.stop()


if __name__ == "__main__":
    main(sys.argv[1])
