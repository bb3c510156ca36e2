"""One process of a bot that is made to die. Arguments: role, Redis URL, Slack URL, AWS URL, HTTP port, the file with
SNS's certificate, the queue's heartbeat in milliseconds."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import dramatiq.worker

from bot import alarming, app, fixing, patience, queue, redrawing, slack_app
from bot.app import running
from bot.cli.serve import make_fixing, stopped_by_signals
from bot.ending import leave_in_time
from bot.engine import Engine, Role
from bot.settings import Settings
from bot.sns import receiving
from bot.sns.verifying import Verifier
from bot.store import budget, effects
from bot.store.budget import Budget
from handlers import thread
from remediations import watch
from remediations.reading import Reads
from tests import slack_fake
from tests.bot.chaos_aws import AwsClient
from tests.bot.sns.sender import TOPIC
from tests.remediations.cloud import ACCOUNT, REGION

SNS_CHANNEL: Final = "C0SNS"
QUICKER: Final[tuple[tuple[Any, str, object], ...]] = (
    (queue, "RECLAIM_EVERY_S", 1.0),
    (queue, "MIN_BACKOFF_MS", 200),
    (app, "LOOK_EVERY_S", 1.0),
    (slack_app, "CALL_TIMEOUT_S", 2),
    (effects, "POSTING_MS", 3_000),
    (thread, "TROUBLE_RETRY_AFTER_S", 1.0),
    (patience, "TROUBLE_RETRY_AFTER_S", 1.0),
    (alarming, "RECHECK_AFTER_S", 0.5),
    (alarming, "RETELL_AFTER_S", 0.5),
    (alarming, "UNREAD_AGAIN_S", 1.0),
    (redrawing, "REDRAW_AGAIN_S", 0.5),
    (watch, "LEAST_PAUSE_S", 0.3),
    (watch, "LOOKS_PER_PLAN", 200),
    (fixing, "SWEEP_EVERY_S", 2.0),
    (dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.3),
    (dramatiq.worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.3),
)
FASTER: Final = 10
"""A workspace with rates of its own, so that the run is no wait for Slack's."""


def main() -> None:
    role, store, slack, aws_url, port, certificate, heartbeat_ms = sys.argv[1:]
    aws = AwsClient(aws_url)
    rates = {name: replace(rate, interval_ms=rate.interval_ms // FASTER) for name, rate in budget.PER_METHOD.items()}
    surroundings: tuple[tuple[Any, str, object], ...] = (
        (queue, "HEARTBEAT_MS", int(heartbeat_ms)),
        (Budget.__init__, "__defaults__", (budget.PER_CHANNEL, rates)),
        (fixing, "AwsReads", lambda _: aws),
        (fixing, "WriteSessions", lambda *_: aws),
        (receiving, "Verifier", lambda: Verifier(lambda _: Path(certificate).read_bytes())),
    )
    for module, name, value in (*QUICKER, *surroundings):
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
        alarms={"sns_topics": {TOPIC: SNS_CHANNEL}},
        accounts=[{"name": "prod", "id": ACCOUNT, "regions": [REGION], "remediate_role": _role()}],
        remediations={
            "mode": "approve",
            "approvers": {"users": [slack_fake.ALICE]},
            "approval_key": "k" * 32 if role in {"web", "executor"} else None,
        },
    )
    engine = Engine(diagnose=aws.diagnose, alarm=aws, reads=lambda *_: cast("Reads", aws))
    with stopped_by_signals() as stopped:
        leave_in_time(stopped, settings.limits.stop_s)
        wait = threading.Event().wait
        with running(settings, cast("Role", role), lambda *_: engine, wait, make_fixing):
            stopped.wait()


def _role() -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/fix"


if __name__ == "__main__":
    main()
