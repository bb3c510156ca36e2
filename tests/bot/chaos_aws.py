"""The AWS of the chaos run: one that outlives every process of the bot, throttles, and hangs.

The server stands in the process that runs the chaos; `AwsClient` is what the bot's processes ask it with.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from bot.remediating import Remedied
from diagnostics.facts.fact import Gap
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Diagnosed, Outcome, ProgressListener, Question, Refused, Unknown
from diagnostics.snapshot import Snapshot, Subject, Window
from handlers.alarms import AlarmNews
from handlers.ask import new_id
from remediations.plan import Call, Plan
from remediations.reach import Reach
from remediations.sessions import OnBehalf
from remediations.writing import Lost, Rejected, Sending, Written
from tests import reports
from tests.remediations.cloud import ACCOUNT, REACH, REGION, Cloud, deployments_are, plan, redeploy

OFFER: Final = "two-settings"
TITLE: Final = "Set path and delay of"
THROTTLED: Final = 429
HANGS_S: Final = 1.2
GIVES_UP_S: Final = 0.6
TRIES: Final = 6
NAME: Final = re.compile(r"fix-\d+")

Body = dict[str, Any]


@dataclass
class ChaosAws:
    """`clouds`: what there is to write to, by service. `alarms`: state and time of its change. `looks`: how often each
    thing was diagnosed. `trouble`: what becomes of the next requests."""

    url: str = ""
    clouds: dict[str, Cloud] = field(default_factory=lambda: defaultdict(lambda: Cloud(healthy=True)))
    alarms: dict[str, tuple[str, str]] = field(default_factory=dict)
    looks: Counter[str] = field(default_factory=Counter)
    trouble: deque[str] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_alarm(self, name: str, state: str) -> None:
        self.alarms[name] = (state, datetime.now(UTC).isoformat())

    def answer(self, what: str, asked: Body) -> tuple[int, Body, float]:
        """Status, answer, and how long it hangs. What hangs is done, and nobody hears of it."""
        with self._lock:
            trouble = self.trouble.popleft() if self.trouble else ""
            if trouble == "throttle":
                return THROTTLED, {}, 0.0
            return 200, getattr(self, f"_{what}")(asked), HANGS_S if trouble else 0.0

    def _look(self, asked: Body) -> Body:
        self.looks[asked["words"]] += 1
        return {"look": self.looks[asked["words"]]}

    def _alarm(self, asked: Body) -> Body:
        state, since = self.alarms.get(asked["name"], ("", ""))
        return {"state": state, "since": since}

    def _read(self, asked: Body) -> Body:
        found = self._cloud(asked).read(Call.model_validate(asked))
        assert isinstance(found, dict)
        return found

    def _write(self, asked: Body) -> Body:
        done = self._cloud(asked).write(Call.model_validate(asked), lambda: None)
        assert isinstance(done, Written)
        return dict(done.answer)

    def _cloud(self, asked: Body) -> Cloud:
        named = NAME.search(json.dumps(asked))
        return self.clouds[named[0] if named else ""]


@contextmanager
def serving(aws: ChaosAws) -> Iterator[ChaosAws]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer, hangs_s = aws.answer(self.path.strip("/"), asked)
            time.sleep(hangs_s)
            text = json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:  # whoever asked is gone
                return

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class ThrottledError(Exception):
    """AWS asks for patience."""


class AwsClient:
    """Diagnoses, tells of alarms, reads and writes: all that the bot does in AWS. Tries again as an SDK does, but never
    what it writes."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def diagnose(self, question: Question, _: ProgressListener) -> Outcome:
        """Words that begin with ``service`` mean nothing; the rest is broken, and ``fix-…`` can be mended."""
        if question.words.startswith("service"):
            self._again("look", {"words": question.words})
            return Unknown(words=question.words)
        found = self._again("look", {"words": question.words})
        return Refused(message="AWS does not answer") if found is None else _diagnosed(question.words, found["look"])

    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        name = news.alarm or "?"
        found = self._again("alarm", {"name": name})
        if found is None or not found["state"]:
            return NotOurs("no answer", unread=True)
        return KnownAlarm(
            name=name,
            account=ACCOUNT,
            region=REGION,
            state=found["state"],
            changed_at=datetime.fromisoformat(found["since"]),
            watches=f"balancer of {name.partition('.')[0]}",
            words=name,
        )

    def find(self, question: Question) -> Unknown:
        return Unknown(words=question.words)

    def read(self, call: Call) -> Body | Gap:
        found = self._again("read", call.model_dump(mode="json"))
        return Gap(action=call.action, resource="*", error="Throttling", kind="timeout") if found is None else found

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        sending()
        try:
            return Written(self._once("write", call.model_dump(mode="json")))
        except ThrottledError:
            return Rejected("Throttling", "Rate exceeded")
        except OSError:
            return Lost("ReadTimeoutError")

    def writer(self, plan: Plan, account_id: str, region: str, behalf: OnBehalf) -> AwsClient:
        return self

    def _again(self, what: str, asked: Body) -> Body | None:
        for _ in range(TRIES):
            try:
                return self._once(what, asked)
            except (OSError, ThrottledError, http.client.HTTPException):
                time.sleep(0.1)
        return None

    def _once(self, what: str, asked: Mapping[str, Any]) -> Body:
        connection = http.client.HTTPConnection(self._host, timeout=GIVES_UP_S)
        try:
            connection.request("POST", f"/{what}", json.dumps(asked))
            answer = connection.getresponse()
            if answer.status == THROTTLED:
                raise ThrottledError
            found: Body = json.loads(answer.read())
            return found
        finally:
            connection.close()


def _diagnosed(words: str, look: int) -> Diagnosed:
    subject = Subject(query=words, kind="ecs-service", account=ACCOUNT, region=REGION)
    window = Window(start=reports.START, end=reports.END)
    now = datetime.now(UTC)
    can_be_mended = bool(NAME.fullmatch(words))
    fixes = (reports.fix(id=OFFER, title=f"{TITLE} {words}", allowed=True, why_not=None),) if can_be_mended else ()
    return Remedied.model_construct(
        report=reports.report(
            id=new_id("r"),
            made_at=now,
            headline=f"{words} is broken, look {look}",
            target=reports.target(query=words, label=words, service=words, cluster="prod", account=ACCOUNT),
            causes=(reports.cause(remediations=fixes),),
            risks=(),
        ),
        snapshot=Snapshot.of(subject=subject, window=window, taken_at=now),
        plans={OFFER: _plan(words)} if can_be_mended else {},
        reach=Reach.model_validate_json(REACH.model_dump_json().replace("checkout", words)),
    )


def _plan(name: str) -> Plan:
    """One call that has an effect of its own each time."""
    made = plan(writes=(redeploy(),), guards=(deployments_are(0),))
    return Plan.model_validate_json(made.model_dump_json().replace("checkout", name))
