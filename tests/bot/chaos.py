"""Everything breaks while people ask: `./run chaos SECONDS`.

Workers and the server are killed, ended and stopped for a while, Redis pauses and is killed, Slack asks for patience,
fails, and loses its answers. In the end everybody has one answer.
"""

from __future__ import annotations

import http.client
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
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from bot.store.private import server_binary
from tests import slack_fake
from tests.slack_fake import BROKEN, RATE_LIMITED, Channel, Failure, SlackFake, serving

ROOT: Final = Path(__file__).parents[2]
WORKERS: Final = 2
STOPPED_S: Final = 1.0  # shorter than the heartbeat: what a longer stop may repeat is said in docs/slack.md
PAUSED_S: Final = 1.0
LOST: Final = Failure(500, after_effect=True)
SETTLED_S: Final = 90.0
DEFAULT_S: Final = 300.0
ROLES: Final = ("web", *(f"worker {number}" for number in range(WORKERS)))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Chaos:
    slack: SlackFake
    directory: Path
    seed: int
    asked: list[str] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - no secret
        self._store_port, self._http_port = free_port(), free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        if name == "store":
            line = ["--port", str(self._store_port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
            command = [server_binary(), *line, "--appendonly", "yes", "--save", ""]
        else:
            role = name.split(maxsplit=1)[0]
            store = f"redis://127.0.0.1:{self._store_port}/0"
            command = [
                sys.executable,
                "-m",
                "tests.bot.chaos_process",
                role,
                store,
                self.slack.url,
                str(self._http_port),
            ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = (self.directory / f"{name.replace(' ', '-')}.log").open("ab")
        with log:
            self._running[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def end(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()

    def ask_all(self, for_s: float, every_s: float) -> None:
        """Asks again and again; an event that nobody took is delivered again, as Slack does, and some come twice."""
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            number = len(self.asked)
            channel = f"C{number:05}"
            self.slack.channels[channel] = Channel(channel)
            body = self.slack.mention(
                f"<@U0BOT> service-{number}", event_id=f"Ev{number}", channel=channel, ts="1700.1"
            )
            for _ in range(self._dice.choice((1, 1, 1, 2))):
                self._deliver(body)
            self.asked.append(channel)
            time.sleep(every_s)

    def break_all(self, stopped: threading.Event, every_s: float) -> None:
        kinds: tuple[Callable[[], None], ...] = (
            self.kill_worker,
            self.end_worker,
            self.stop_worker,
            self.kill_server,
            self.pause_store,
            self.kill_store,
            self.trouble_slack,
        )
        while not stopped.is_set():
            for kind in self._dice.sample(kinds, len(kinds)):
                if stopped.is_set():
                    return
                kind()
                self.broken[kind.__name__] += 1
                stopped.wait(every_s)

    def kill_worker(self) -> None:
        self._again(self._dice.choice(ROLES[1:]), signal.SIGKILL)

    def end_worker(self) -> None:
        self._again(self._dice.choice(ROLES[1:]), signal.SIGTERM)

    def kill_server(self) -> None:
        self._again("web", signal.SIGKILL)

    def kill_store(self) -> None:
        self._again("store", signal.SIGKILL)

    def stop_worker(self) -> None:
        process = self._running[self._dice.choice(ROLES[1:])]
        process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)

    def pause_store(self) -> None:
        with suppress(RedisError), Redis(port=self._store_port, socket_timeout=1) as redis:
            redis.client_pause(int(PAUSED_S * 1_000))

    def trouble_slack(self) -> None:
        self.slack.fail("chat.postMessage", self._dice.choice((LOST, RATE_LIMITED, BROKEN)))
        self.slack.fail("chat.update", self._dice.choice((LOST, RATE_LIMITED, BROKEN)), BROKEN)
        self.slack.fail("users.info", RATE_LIMITED)

    def open_questions(self) -> list[str]:
        """Those whose thread has not one answer."""
        return [channel for channel in self.asked if not self._is_answered(channel)]

    def _is_answered(self, channel: str) -> bool:
        replies = self.slack.replies(channel)
        return len(replies) == 1 and "nothing called" in replies[0]["text"]

    def _again(self, name: str, how: signal.Signals) -> None:
        process = self._running[name]
        process.send_signal(how)
        process.wait()
        self.start(name)

    def _deliver(self, body: bytes) -> None:
        until = time.monotonic() + SETTLED_S
        while time.monotonic() < until:
            connection = http.client.HTTPConnection("127.0.0.1", self._http_port, timeout=3)
            try:
                connection.request("POST", "/slack/events", body, slack_fake.sign(body))
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.2)
        raise AssertionError("the server takes no more events")


def run(seconds: float, directory: Path, seed: int, every_s: float = 1.0) -> Chaos:
    """Breaks things for so long and then waits until all is answered. What is not by then is in `open_questions`."""
    with ExitStack() as stack:
        slack = stack.enter_context(serving(SlackFake()))
        chaos = Chaos(slack, directory, seed)
        stack.callback(chaos.end)
        for name in ("store", *ROLES):
            chaos.start(name)
        stopped = threading.Event()
        chaos._deliver(slack.mention("<@U0BOT> help", event_id="Ev-first"))
        breaking = threading.Thread(target=chaos.break_all, args=(stopped, every_s))
        breaking.start()
        try:
            chaos.ask_all(seconds, every_s=0.4 if seconds < 60 else 1.4)
        finally:
            stopped.set()
            breaking.join()
        until = time.monotonic() + SETTLED_S
        while chaos.open_questions() and time.monotonic() < until:
            time.sleep(0.1)
        return chaos


def main() -> None:
    seconds, seed = float(sys.argv[1] if sys.argv[1:] else DEFAULT_S), int(time.time())
    with tempfile.TemporaryDirectory() as directory:
        chaos = run(seconds, Path(directory), seed, every_s=3.0)
    left = chaos.open_questions()
    print(f"seed {seed}: {len(chaos.asked)} asked, {len(left)} without exactly one answer; {dict(chaos.broken)}")
    for channel in left[:10]:
        print(channel, [reply["text"][:80] for reply in chaos.slack.replies(channel)])
    sys.exit(bool(left))


if __name__ == "__main__":
    main()
