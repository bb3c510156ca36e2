"""Secrets are planted wherever one can come in, whole flows run, and everything that comes out is searched."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis import Redis

from bot.app import running
from bot.cli import configured, crash
from bot.cli.serve import make_engine
from bot.engine import Engine
from bot.telemetry import known_secrets, logs
from demo.running import RunningWorld, run
from demo.scenarios.scenario import ACCOUNT
from tests import slack_fake
from tests.bot import planting
from tests.bot.cli.running import alb502
from tests.bot.conftest import WAIT, BotUnderTest, Diagnosis
from tests.bot.planting import found_in, kept_in, secret
from tests.bot.test_slack_end_to_end import whole_answer
from tests.slack_fake import CHANNEL, TEAM, SlackFake

Capsys = pytest.CaptureFixture[str]

PLANTED_IN = {"DescribeRules", "DescribeTags", "FilterLogEvents", "GetObject", "LookupEvents"}
SIGNING = f"{secret('signing-secret')}x"
BOT_TOKEN, APP_TOKEN = f"xoxb-{secret('bot-token')}", f"xapp-1-{secret('app-token')}"
APPROVAL_KEY = secret("approval-key").ljust(32, "x")
EXTERNAL_ID = secret("external-id")
REDIS_URL = f"redis://user:{secret('redis-password')}@127.0.0.1:1/0"


@pytest.fixture(scope="module", params=["crash-loop-after-deploy", "lambda-timeout"])
def world(request: pytest.FixtureRequest) -> Iterator[RunningWorld]:
    with run(request.param, live=False) as world:
        yield world


@pytest.fixture
def aws(world: RunningWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The environment of a process in front of this world. What it holds is the operations that were asked."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ALB502_", "SLACK_", "REDIS_"))]:
        monkeypatch.delenv(name)
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALB502_STATE_DIR", str(tmp_path / "state"))
    return planting.planted(monkeypatch)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process would write to standard error."""
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    monkeypatch.setattr(known_secrets, "_known", set())
    monkeypatch.setattr(known_secrets, "_patterns", [])
    logs.configure(stream)
    structlog.configure(cache_logger_on_first_use=False)  # the loggers of modules outlive this test
    logs.catch_threads()
    yield stream
    logging.captureWarnings(capture=False)
    threading.excepthook = hook
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_no_secret_of_aws_comes_out_of_a_terminal(
    world: RunningWorld, aws: list[str], tmp_path: Path, capsys: Capsys
) -> None:
    saved, target = tmp_path / "snapshot.json", world.scenario.target
    outputs = {"diagnose": alb502(capsys, "diagnose", target, "--json", "--save", str(saved))}
    outputs["logs"] = alb502(capsys, "logs", target, "--json")
    outputs["alarms"] = alb502(capsys, "alarms", target, "--json")
    outputs["replay"] = alb502(capsys, "replay", str(saved))
    outputs["post-mortem"] = alb502(capsys, "replay", str(saved), "--format", "markdown")
    assert {name: ran.status for name, ran in outputs.items()} == dict.fromkeys(outputs, 0)
    assert set(aws) >= PLANTED_IN
    told = {name: found_in(ran.out + ran.err) for name, ran in outputs.items()}
    told["snapshot"] = found_in(saved.read_bytes())
    assert not {place: words for place, words in told.items() if words}


def environment(slack: SlackFake, store_url: str) -> dict[str, str]:
    account = {"name": "prod", "id": ACCOUNT, "regions": ["us-east-1"], "external_id": EXTERNAL_ID}
    account["read_role"] = f"arn:aws:iam::{ACCOUNT}:role/alb502-read"
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING,
        "REDIS_URL": store_url,
        "ALB502_SLACK_API_URL": f"{slack.url}/api/",
        "ALB502_HTTP_HOST": "127.0.0.1",
        "ALB502_HTTP_PORT": "0",
        "ALB502_OPS_PORT": "0",
        "ALB502_ACCOUNTS": json.dumps([account]),
        "ALB502_REMEDIATIONS__APPROVAL_KEY": APPROVAL_KEY,
    }


def post(bot: BotUnderTest, body: bytes) -> None:
    assert bot.post(body, slack_fake.sign(body, secret=SIGNING))[0] == 200


@pytest.mark.parametrize("world", ["crash-loop-after-deploy"], indirect=True)
def test_no_secret_comes_out_of_the_bot(
    world: RunningWorld,
    aws: list[str],
    log: io.StringIO,
    slack: SlackFake,
    store_url: str,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capsys,
) -> None:
    answers = f"{slack.url}/response/{secret('response-url')}"
    monkeypatch.setattr(slack, "response_url", lambda: answers)
    monkeypatch.setattr(slack_fake, "TOKEN", BOT_TOKEN)
    settings = configured.settings(environment(slack, store_url))
    with running(settings, "all", make_engine, WAIT) as up:
        bot = BotUnderTest(up, slack)
        post(bot, slack.command(world.scenario.target))
        reply, about = whole_answer(slack)
        for control in ("post-mortem", "not-this", "why-not"):
            post(bot, slack.press(reply, about, action_id=f"control-{control}"))
        slack.wait_for(lambda: len(slack.replies()) > 1)
        told = {"metrics": found_in(bot.ops("/metrics")[1]), "readyz": found_in(bot.ops("/readyz")[1])}
    assert set(aws) >= PLANTED_IN - {"GetObject"}
    monkeypatch.setenv("REDIS_URL", store_url)
    report_id = next(name for name, _ in kept_in(redis) if name.startswith("alb502:report:")).rpartition(":")[2]
    for arguments in (("report", report_id), ("audit", "--json"), ("feedback", "--json")):
        ran = alb502(capsys, *arguments)
        told[arguments[0]] = found_in(ran.out + ran.err)
    told["Slack"] = found_in(json.dumps([call.body for call in slack.calls] + slack.whispers, ensure_ascii=False))
    told["log"] = found_in(log.getvalue())
    in_store = {name: found_in(value) for name, value in kept_in(redis)}
    told["store"] = set().union(*in_store.values()) - {secret("response-url")}  # it is where the answer goes
    assert not {place: words for place, words in told.items() if words}
    assert all("ask" in name or "click" in name or "wish" in name for name, found in in_store.items() if found)


class Failing(Diagnosis):
    """Fails with everything that it knows in its message."""

    def __call__(self, *_: Any) -> Any:
        raise RuntimeError(f"cannot reach {REDIS_URL} with {SIGNING} {BOT_TOKEN} {APPROVAL_KEY} as {EXTERNAL_ID}")


def test_no_secret_comes_out_of_a_crash(
    log: io.StringIO, slack: SlackFake, store_url: str, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.settings({"REDIS_URL": REDIS_URL})
    monkeypatch.setattr(slack_fake, "TOKEN", BOT_TOKEN)
    settings = configured.settings(environment(slack, store_url))
    monkeypatch.setenv("ALB502_STATE_DIR", str(tmp_path))
    with ExitStack() as stack:
        up = stack.enter_context(running(settings, "all", lambda *_: Engine(Failing()), WAIT))
        post(BotUnderTest(up, slack), slack.command("checkout"))
        slack.wait_for(lambda: "RuntimeError" in log.getvalue())
    thread = threading.Thread(target=Failing())
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError) as raised:
        Failing()()
    _, path = crash.keep(raised.value)
    assert path is not None
    written = path.read_text()
    told = {"log": found_in(log.getvalue()), "file": found_in(written)}
    told["Slack"] = found_in(json.dumps([call.body for call in slack.calls], ensure_ascii=False))
    assert not {place: words for place, words in told.items() if words}
    assert log.getvalue().count("a thread ended") == 1
    assert logs.HIDDEN in written


def test_what_a_process_was_given_is_known_however_it_is_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_secrets, "_known", set())
    monkeypatch.setattr(known_secrets, "_patterns", [])
    sentinel = "redis+sentinel://u:p%40ss-one@a,b/main?sentinel_password=p-two-two"
    environ = {"OTEL_EXPORTER_OTLP_HEADERS": "x=y,api-key=for-the-collector"}
    environ |= {"REDIS_URL": sentinel, "AWS_SESSION_TOKEN": "session/token+of=aws", "HOME": "/a-long-home"}
    environ |= {"SLACK_SIGNING_SECRET": "signed-with-this", "SLACK_WORKSPACE": "example-shop"}
    configured.settings({"REDIS_URL": "redis://:p%2Fthree-x@h/0", "ALB502_REMEDIATIONS__APPROVAL_KEY": "k" * 32})
    known_secrets.learn(known_secrets.secrets_in(environ))
    for said in (
        "p%40ss-one",
        "p@ss-one",
        "p-two-two",
        "session%2Ftoken%2Bof%3Daws",
        "p/three-x",
        "k" * 32,
        "for-the-collector",
        "signed-with-this",
    ):
        assert known_secrets.without(f"it said {said}!", "-") == "it said -!"
    for kept in ("in /a-long-home", "in example-shop"):
        assert known_secrets.without(kept, "-") == kept


def test_the_search_finds_what_is_encoded_and_packed() -> None:
    import base64
    import gzip
    import zlib

    word = secret("search")
    for raw in (
        word.encode(),
        zlib.compress(word.encode()),
        base64.b64encode(gzip.compress(word.encode())),
        json.dumps({"a": base64.urlsafe_b64encode(f"xx{word}".encode()).decode()}).encode(),
        word.replace("-", "%2D").encode(),
    ):
        assert found_in(raw) == {word}
    assert not found_in(f"{CHANNEL} {TEAM}")
