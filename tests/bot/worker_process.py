"""A worker in a process of its own that begins a diagnosis and never ends it. Arguments: Redis URL, Slack URL."""

from __future__ import annotations

import sys
import threading

from bot.app import running
from bot.engine import Engine
from bot.settings import Settings
from diagnostics.question import Outcome, ProgressListener, Question
from tests import slack_fake


def hang(question: Question, progress: ProgressListener) -> Outcome:
    print(f"working on {question.words}", flush=True)
    threading.Event().wait()
    raise AssertionError("it is killed before")


def main() -> None:
    settings = Settings(
        slack_bot_token=slack_fake.TOKEN,
        slack_api_url=f"{sys.argv[2]}/api/",
        redis_url=sys.argv[1],
        http_host="127.0.0.1",
        ops_port=0,
    )
    never = threading.Event().wait
    with running(settings, "worker", lambda *_: Engine(diagnose=hang), never):
        never()


if __name__ == "__main__":
    main()
