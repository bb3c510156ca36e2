"""Everything breaks while people ask, alarms come and fixes are approved: `./run chaos SECONDS`.

Workers, the executor and the server are killed, ended and stopped for a while, Redis pauses and is killed, Slack asks
for patience, fails, hangs and loses its answers, AWS throttles and hangs. In the end everything has one answer, and
every fix one effect.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from bot.store.audit import StoredAudit
from bot.store.keys import PREFIX, text_of
from bot.store.private import server_binary
from tests.bot import chaos_aws
from tests.bot.chaos_aws import ChaosAws
from tests.bot.chaos_traffic import Traffic
from tests.bot.test_keys import KEPT, WORKED_OFF
from tests.slack_fake import BROKEN, CUT, RATE_LIMITED, Body, Failure, SlackFake, serving

ROOT: Final = Path(__file__).parents[2]
WORKERS: Final = 2
STOPPED_S: Final = 1.0  # shorter than the heartbeat: what a longer stop may repeat is said in docs/slack.md
PAUSED_S: Final = 1.0
LOST: Final = Failure(500, after_effect=True)
CUT_OFF: Final = Failure(0, after_effect=True)
HANGS_S: Final = 2.5
SETTLED_S: Final = 150.0
DEFAULT_S: Final = 300.0
SHORT_S: Final = 60.0
UP_WITHIN_S: Final = 60.0
READY: Final = "] ready "
HEARTBEAT_MS: Final = 6_000
SHORT_HEARTBEAT_MS: Final = 2_500
ROLES: Final = ("web", "executor", *(f"worker {number}" for number in range(WORKERS)))


@dataclass
class SlowSlack(SlackFake):
    """`hanging`: the next calls of a method are done, and their answers come when nobody waits any more."""

    hanging: Counter[str] = field(default_factory=Counter)

    def handle(self, method: str, body: Body) -> tuple[int, Body, dict[str, str]]:
        answer = super().handle(method, body)
        if self.hanging[method] > 0:
            self.hanging[method] -= 1
            time.sleep(HANGS_S)
        return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def keeper() -> subprocess.Popen[bytes]:
    """Ends all processes of its group as soon as this one is gone, however it went."""
    return subprocess.Popen(["/bin/sh", "-c", "read -r _; kill -KILL 0"], stdin=subprocess.PIPE, process_group=0)


@dataclass
class Chaos:
    slack: SlowSlack
    aws: ChaosAws
    directory: Path
    seed: int
    heartbeat_ms: int
    broken: Counter[str] = field(default_factory=Counter)
    undone: list[str] = field(default_factory=list)
    """What was left in the end."""

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - no secret
        self._store_port, self._http_port = free_port(), free_port()
        self._starts: Counter[str] = Counter()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._group = keeper()
        self.stopped = threading.Event()
        self.traffic = Traffic(self.slack, self.aws, self._http_port, self._dice)
        self._certificate = self.directory / "sns.pem"
        self._certificate.write_bytes(self.traffic.sns.certificate())

    def start(self, name: str) -> None:
        if name == "store":
            line = ["--port", str(self._store_port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
            command = [server_binary(), *line, "--appendonly", "yes", "--save", ""]
            # With `everysec` writes are acknowledged while a slow disk keeps them from the file for up to two seconds,
            # and a store that is killed then has lost them. With `always` they are in the file before.
            command += ["--appendfsync", "always"]
        else:
            store = f"redis://127.0.0.1:{self._store_port}/0"
            role, certificate = name.partition(" ")[0], str(self._certificate)
            told = (
                role,
                store,
                self.slack.url,
                self.aws.url,
                str(self._http_port),
                certificate,
                str(self.heartbeat_ms),
            )
            command = [sys.executable, "-m", "tests.bot.chaos_process", *told]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._starts[name] += 1
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, process_group=self._group.pid
            )

    def end(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        self._group.kill()
        self._group.communicate()

    def happen(self, for_s: float, every_s: float) -> None:
        """One thing after the other begins; none waits for those before it."""
        traffic = self.traffic
        things = (
            traffic.question,
            traffic.incident,
            traffic.refresh,
            traffic.fix,
            traffic.by_sns,
            traffic.question,
            traffic.incident,
            traffic.refresh,
            traffic.question,
            traffic.question,
        )
        until, number = time.monotonic() + for_s, 0
        while time.monotonic() < until:
            traffic.later(things[number % len(things)])
            number += 1
            time.sleep(every_s)

    def break_all(self, every_s: float) -> None:
        kinds: tuple[Callable[[], None], ...] = (
            self.kill_worker,
            self.end_worker,
            self.stop_worker,
            self.kill_server,
            self.stop_server,
            self.kill_executor,
            self.stop_executor,
            self.pause_store,
            self.kill_store,
            self.trouble_slack,
            self.hang_slack,
            self.throttle_aws,
            self.hang_aws,
        )
        while not self.stopped.is_set():
            for kind in self._dice.sample(kinds, len(kinds)):
                if self.stopped.is_set():
                    return
                kind()
                self.broken[kind.__name__] += 1
                self.stopped.wait(every_s)

    def kill_worker(self) -> None:
        self._again(self._a_worker(), signal.SIGKILL)

    def end_worker(self) -> None:
        self._again(self._a_worker(), signal.SIGTERM)

    def stop_worker(self) -> None:
        self._stop(self._a_worker())

    def kill_server(self) -> None:
        self._again("web", signal.SIGKILL)

    def stop_server(self) -> None:
        self._stop("web")

    def kill_executor(self) -> None:
        self._again("executor", signal.SIGKILL)

    def stop_executor(self) -> None:
        self._stop("executor")

    def kill_store(self) -> None:
        self._again("store", signal.SIGKILL)

    def pause_store(self) -> None:
        with suppress(RedisError, OSError), self.redis() as redis:
            redis.client_pause(int(PAUSED_S * 1_000))

    def trouble_slack(self) -> None:
        kinds = (LOST, RATE_LIMITED, BROKEN, CUT, CUT_OFF)
        self.slack.fail("chat.postMessage", self._dice.choice(kinds))
        self.slack.fail("chat.update", self._dice.choice(kinds), BROKEN)
        self.slack.fail("views.update", self._dice.choice(kinds))
        self.slack.fail("users.info", RATE_LIMITED)

    def hang_slack(self) -> None:
        self.slack.hanging[self._dice.choice(("chat.postMessage", "chat.update"))] += 1

    def throttle_aws(self) -> None:
        self.aws.trouble.extend(["throttle"] * self._dice.randint(1, 5))

    def hang_aws(self) -> None:
        self.aws.trouble.extend(["hang"] * self._dice.randint(1, 3))

    def redis(self) -> Redis:
        return Redis(port=self._store_port, socket_timeout=2)

    def left(self) -> list[str]:
        """What is not as it must be in the end."""
        return [*self.traffic.left(), *self._in_the_store()]

    def lasting(self) -> list[str]:
        """Keys that nothing ever ends."""
        with self.redis() as redis:
            names = [text_of(name) for name in redis.scan_iter() if redis.ttl(name) == -1]
        return [name for name in names if not name.startswith((*WORKED_OFF, *KEPT))]

    def _in_the_store(self) -> list[str]:
        try:
            with self.redis() as redis:
                in_progress = redis.zcard(f"{PREFIX}in-progress")
                records = [kept.record for kept in StoredAudit(redis).read()]
        except (RedisError, OSError) as error:
            return [f"the store: {type(error).__name__}"]
        told = [f"{in_progress} in progress"] if in_progress else []
        events: dict[str, Counter[str]] = {}
        for record in records:
            events.setdefault(record.ticket, Counter())[record.event] += 1
        twice = [
            f"{ticket} twice" for ticket, counted in events.items() if max(counted["approved"], counted["executed"]) > 1
        ]
        executed = sum(counted["executed"] for counted in events.values())
        effects = sum(cloud.deployments for cloud in self.aws.clouds.values())
        failed = sum(counted["failed"] for counted in events.values())
        is_true = executed <= effects <= executed + failed
        return [*told, *twice, *([] if is_true else [f"the audit tells of {executed} effects, AWS of {effects}"])]

    def _is_up(self, name: str) -> bool:
        return name == "store" or self._log(name).read_text(errors="replace").count(READY) >= self._starts[name]

    def _log(self, name: str) -> Path:
        return self.directory / f"{name.replace(' ', '-')}.log"

    def _a_worker(self) -> str:
        return self._dice.choice([role for role in ROLES if role.startswith("worker")])

    def _stop(self, name: str) -> None:
        process = self._running[name]
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)

    def _again(self, name: str, how: signal.Signals) -> None:
        """Breaks what is up: on a machine that is busy a process may take a while until it is."""
        until = time.monotonic() + UP_WITHIN_S
        while not self._is_up(name) and time.monotonic() < until:
            if self.stopped.wait(0.1):
                return
        process = self._running[name]
        process.send_signal(how)
        process.wait()
        self.start(name)


def run(seconds: float, directory: Path, seed: int, every_s: float = 1.0, settle_s: float = SETTLED_S) -> Chaos:
    """Breaks things for so long and then waits until all is done. What is not by then is in `undone`."""
    with ExitStack() as stack:
        slack = SlowSlack()
        stack.enter_context(serving(slack))
        aws = stack.enter_context(chaos_aws.serving(ChaosAws()))
        is_short = seconds < SHORT_S
        chaos = Chaos(slack, aws, directory, seed, SHORT_HEARTBEAT_MS if is_short else HEARTBEAT_MS)
        stack.callback(chaos.end)
        for name in ("store", *ROLES):
            chaos.start(name)
        chaos.traffic.question()
        breaking = threading.Thread(target=chaos.break_all, args=(every_s,))
        breaking.start()
        try:
            chaos.happen(seconds, every_s=0.4 if is_short else 1.4)
        finally:
            chaos.stopped.set()
            breaking.join()
        until = time.monotonic() + settle_s
        while chaos.left() and time.monotonic() < until:
            time.sleep(0.1)
        chaos.undone = [*chaos.left(), *chaos.lasting()]
        return chaos


def figures(chaos: Chaos) -> dict[str, Any]:
    return {
        "happened": dict(chaos.traffic.done),
        "fixes": dict(chaos.traffic.ends()),
        "broken": dict(chaos.broken),
        "left": len(chaos.undone),
    }


def main() -> None:
    seconds, seed = float(sys.argv[1] if sys.argv[1:] else DEFAULT_S), int(time.time())
    with tempfile.TemporaryDirectory() as directory:
        chaos = run(seconds, Path(directory), seed, every_s=3.0)
    print(f"seed {seed}: {figures(chaos)}")
    for line in chaos.undone[:20]:
        print(line[:500])
    sys.exit(bool(chaos.undone))


if __name__ == "__main__":
    main()
