"""Four ways to the same answer, each measured from outside: seconds here, calls as the endpoint saw them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.harness.child import Child
from bot.diagnosing import Diagnoser, access_of
from bot.settings import Settings
from bot.store.connection import open_client
from bot.store.facts import StoredFacts, StoredIndex
from demo.world.benchmark import TARGET, TARGET_CLUSTER
from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.locate import refresh
from diagnostics.question import Diagnosed, Question
from diagnostics.report import Report, Stats

EXPECTED_CAUSE = "sg-ingress-missing"
SCRIPT = Path(__file__).with_name("one_call_after_another.sh")
OF_LOGS = ("s3:", "logs:")
NOT_DESCRIBING = ("cloudtrail:", "sts:", *OF_LOGS, "health:")
WHO_AM_I = "sts:GetCallerIdentity"
SLOWER_BY_MS = 400.0
STOPWATCH_ROUNDS = 3


@dataclass(frozen=True)
class Measured:
    """`delays`: calls on the longest chain of calls that waited for one another. `by_action`: the endpoint's count."""

    seconds: float
    delays: int
    by_action: Counter[str]

    @property
    def calls(self) -> int:
        return sum(self.by_action.values())

    @property
    def describe_calls(self) -> int:
        """Describe, list, get and metric calls of configuration; reads of logs have limits of their own."""
        return sum(count for action, count in self.by_action.items() if not action.startswith(NOT_DESCRIBING))

    @property
    def log_calls(self) -> int:
        """Reads of access logs and application logs."""
        return sum(count for action, count in self.by_action.items() if action.startswith(OF_LOGS))


@dataclass(frozen=True)
class Unspaced:
    """A cold diagnosis if CloudTrail had no quota, whose spacing hides what the calls themselves cost.

    `delays`: how many calls waited for one another, by how much longer the answer took when every call took longer.
    """

    seconds: float
    delays: float


class Ways:
    """Every way asks the same endpoint about the same service, and none knows what another has read."""

    def __init__(self, endpoint: Child, latency_ms: float, settings: Settings, store_url: str, aws_cli: Path) -> None:
        self._endpoint = endpoint
        self._latency_ms = latency_ms
        self._settings = settings
        self._aws_cli = aws_cli
        self._access = access_of(settings)
        self._redis = open_client(store_url)
        self._cold = self._diagnoser(self._access)
        self._warm = self._diagnoser(self._access, StoredFacts(self._redis), StoredIndex(self._redis))
        self.in_process()  # clients and connections are made with the first question of a process

    def in_process(self) -> Measured:
        """A process that runs already, with nothing in its cache and no index."""
        return self._measured(lambda: _asked(self._cold))

    def command(self) -> Measured:
        """A new process: imports, clients, who it is (which everything else waits for), and the answer as JSON."""
        measured = self._measured(_commanded)
        return replace(measured, delays=measured.delays + measured.by_action[WHO_AM_I])

    def second_question(self) -> Measured:
        """The same question again, a moment later: configuration comes from the store, the name from the index."""
        self._redis.flushdb()
        refresh(self._access, StoredIndex(self._redis), CallMeter(), older_than_s=0)
        _asked(self._warm)
        return self._measured(lambda: _asked(self._warm))

    def script(self) -> Measured:
        """The AWS CLI, one call after another: every call waits for the one before."""
        measured = self._measured(self._scripted)
        return replace(measured, delays=measured.calls)

    def unspaced(self) -> Unspaced:
        """A cold diagnosis in this process, at the usual latency and at a higher one."""
        diagnose = self._diagnoser(access_of(self._settings, _OpenGate()))
        _asked(diagnose)
        seconds: list[float] = []
        for latency_ms in (self._latency_ms, self._latency_ms + SLOWER_BY_MS):
            self._endpoint.ask(str(latency_ms))
            took = [self._measured(lambda: _asked(diagnose)).seconds for _ in range(STOPWATCH_ROUNDS)]
            seconds.append(median(took))
        self._endpoint.ask(str(self._latency_ms))
        return Unspaced(seconds[0], (seconds[1] - seconds[0]) * 1000 / SLOWER_BY_MS)

    def _measured(self, way: Callable[[], int]) -> Measured:
        self._endpoint.ask()
        began = time.perf_counter()
        delays = way()
        seconds = time.perf_counter() - began
        return Measured(seconds, delays, Counter(self._endpoint.ask()))

    def _diagnoser(
        self, access: AwsAccess, facts: StoredFacts | None = None, index: StoredIndex | None = None
    ) -> Diagnoser:
        limits = self._settings.limits
        return Diagnoser(
            access, nicknames={}, budget_s=limits.diagnosis_s, cache_s=limits.cache_s, index=index, cache=facts
        )

    def _scripted(self) -> int:
        path = f"{self._aws_cli}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "CLUSTER": TARGET_CLUSTER, "SERVICE": TARGET}
        subprocess.run([str(SCRIPT)], env=environment, check=True, stdout=subprocess.DEVNULL)
        return 0


class _OpenGate:
    """Lets every look-up through at once."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


def _asked(diagnose: Callable[..., object]) -> int:
    outcome = diagnose(Question(words=TARGET), lambda _: None)
    if not isinstance(outcome, Diagnosed):
        raise TypeError(f"no diagnosis: {outcome!r}")
    return _checked(outcome.report).longest_chain


def _commanded() -> int:
    answer = subprocess.run(
        [sys.executable, "-m", "bot", "diagnose", TARGET, "--json"], check=True, stdout=subprocess.PIPE
    ).stdout
    return _checked(Report.from_json(answer)).longest_chain


def _checked(report: Report) -> Stats:
    """A fast answer counts only if it is the right one, from everything there is to read."""
    found = report.causes[0].code if report.causes else None
    if found != EXPECTED_CAUSE or report.gaps:
        raise ValueError(f"wrong or incomplete answer: {found}, gaps {report.gaps}")
    return report.stats
