"""What AWS answered to one whole diagnosis of some incidents of the simulated world, kept as files.

`python -m tests.incidents.recorded_answers` records them anew.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from bot.diagnosing import Diagnoser
from diagnostics.aws_access import AccessLimits, AwsAccess
from diagnostics.aws_access.sessions import Sessions
from diagnostics.question import Outcome, Question

PLACE = Path(__file__).parent / "recorded"
INCIDENTS = {
    "oom-after-deployment": "checkout",
    "security-group-revoked": "checkout",
    "lambda-timeout": "",
    "instance-stopped": "",
}
ERROR = "__error__"
MAX_LOG_LINES = 30
PRESENT = 1_800_000_000.0
ACCOUNT = "777000000001"
REGION = "us-east-1"

_one_at_a_time = threading.Lock()
Answers = dict[str, dict[str, Any]]
"""By service and operation, by the parameters."""
Call = Callable[[str, str, dict[str, Any]], Any]


class OpenGate:
    """Lets every look-up through at once."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


class _Sessions(Sessions):
    """Clients whose every operation is `call`."""

    default_region = REGION

    def __init__(self, call: Call) -> None:
        super().__init__(AccessLimits(attempts=1), "test")
        self._call = call

    def _client(self, session: botocore.session.Session, owner: str, region: str, service: str) -> Any:
        return _Client(self._call, service)


class _Client:
    def __init__(self, call: Call, service: str) -> None:
        self._call = call
        self._service = service

    def can_paginate(self, operation: str) -> bool:
        return bool(_model(self._service).can_paginate(operation))

    def get_paginator(self, operation: str) -> Any:
        return _model(self._service).get_paginator(operation)

    def __getattr__(self, operation: str) -> Any:
        return lambda **params: self._call(self._service, operation, params)


def _model(service: str) -> Any:
    with _one_at_a_time:
        return _made(service)


@cache
def _made(service: str) -> Any:
    """botocore's client, for what it knows about pages; it calls nobody."""
    session = botocore.session.get_session()
    return session.create_client(service, region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")


def asking(call: Call, budget_s: float = 60.0) -> Callable[[str], Outcome]:
    """Asks about a target; whatever is asked of AWS, `call` answers."""
    access = AwsAccess((), AccessLimits(attempts=1), gate=OpenGate())
    access._sessions = _Sessions(call)
    diagnoser = Diagnoser(
        access, nicknames={}, budget_s=budget_s, cache_s=0, clock=lambda: datetime.fromtimestamp(PRESENT, UTC)
    )
    return lambda target: diagnoser(Question(words=target), lambda _: None)


def key_of(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, default=str)


def recorded(incident: str) -> tuple[str, Answers]:
    """The target that was asked about, and what AWS answered."""
    kept = json.loads(gzip.decompress((PLACE / f"{incident}.json.gz").read_bytes()), object_hook=_read)
    return kept["target"], kept["answers"]


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, operation)


def given(answer: Any, operation: str) -> Any:
    """The answer as botocore gives it: its body a stream, if it has one. Raises `ClientError` if it is an error."""
    if isinstance(answer, dict) and ERROR in answer:
        raise ClientError({"Error": answer[ERROR]}, operation)
    body = answer.get("Body") if isinstance(answer, dict) else None
    return {**answer, "Body": StreamingBody(io.BytesIO(body), len(body))} if isinstance(body, bytes) else answer


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return {"__at__": value.isoformat()}
    if isinstance(value, bytes):
        return {"__bytes__": b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _read(value: dict[str, Any]) -> Any:
    if "__at__" in value:
        return datetime.fromisoformat(value["__at__"])
    return b64decode(value["__bytes__"]) if "__bytes__" in value else value


def _shortened(body: bytes) -> bytes:
    lines = gzip.decompress(body).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:MAX_LOG_LINES]), mtime=0)


def _record(incident: str) -> None:
    from demo import scenarios
    from demo.running import build

    world = build(incident, present=PRESENT, account=ACCOUNT)
    answers: Answers = {}
    lock = threading.Lock()

    def call(service: str, operation: str, params: dict[str, Any]) -> Any:
        known = answers.setdefault(f"{service} {operation}", {})
        try:
            with lock:
                answer = getattr(world.people.client(service, ACCOUNT, REGION), operation)(**params)
        except ClientError as error:
            known[key_of(params)] = {ERROR: error.response["Error"]}
            raise
        answer.pop("ResponseMetadata", None)
        if "Body" in answer:
            answer["Body"] = _shortened(answer["Body"].read())
            answer["ContentLength"] = len(answer["Body"])
        known[key_of(params)] = json.loads(json.dumps(answer, default=_written), object_hook=_read)
        return given(answer, operation)

    target = INCIDENTS[incident] or scenarios.load(incident).target
    print(incident, asking(call)(target).report.headline)  # type: ignore[union-attr]
    PLACE.mkdir(exist_ok=True)
    text = json.dumps({"target": target, "answers": answers}, default=_written, sort_keys=True)
    (PLACE / f"{incident}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    for _incident in INCIDENTS:
        _record(_incident)
