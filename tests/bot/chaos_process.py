"""One process of a bot that is made to die. Arguments: role, Redis URL, Slack URL, HTTP port."""

from __future__ import annotations

import sys
import threading
import time

import dramatiq.worker

from bot import app, queue
from bot.app import Engine, running
from bot.cli.serve import stopped_by_signals
from bot.settings import Settings
from diagnostics.question import Outcome, ProgressListener, Question, Unknown
from handlers import thread
from tests import slack_fake

TAKES_S = 0.3
QUICKER = (
    (queue, "HEARTBEAT_MS", 2_500),
    (queue, "RECLAIM_EVERY_S", 1.0),
    (queue, "MIN_BACKOFF_MS", 200),
    (app, "LOOK_EVERY_S", 1.0),
    (thread, "TROUBLE_RETRY_AFTER_S", 1.0),
    (dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.3),
    (dramatiq.worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.3),
)


def diagnose(question: Question, progress: ProgressListener) -> Outcome:
    time.sleep(TAKES_S)
    return Unknown(words=question.words)


def main() -> None:
    role, store, slack, port = sys.argv[1:]
    for module, name, value in QUICKER:
        setattr(module, name, value)
    settings = Settings(
        slack_bot_token=slack_fake.TOKEN,
        slack_signing_secret=slack_fake.SECRET,
        slack_api_url=f"{slack}/api/",
        redis_url=store,
        http_host="127.0.0.1",
        http_port=int(port),
        ops_port=0,
        limits={"stop_s": 1},
    )
    with stopped_by_signals() as stopped:
        wait = threading.Event().wait
        with running(settings, "web" if role == "web" else "worker", lambda *_: Engine(diagnose=diagnose), wait):
            stopped.wait()


if __name__ == "__main__":
    main()
