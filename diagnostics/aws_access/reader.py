"""Reading one region of one account: every failure is a value, every page loop has an end."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from diagnostics.aws_access.accounts import AccessLimits, Account
from diagnostics.aws_access.actions import iam_action
from diagnostics.aws_access.failures import (
    MALFORMED_ANSWER,
    OBJECT_TOO_LARGE,
    OUT_OF_TIME,
    QUEUE_FULL,
    READ_ERRORS,
    TOO_MANY_PAGES,
    WEB_PAGE,
    error_code,
    gap_of,
    is_web_page,
    malformed,
)
from diagnostics.aws_access.meter import CallMeter
from diagnostics.aws_access.observing import AwsCall, CallResult, Observer, request_id_of, retries_of
from diagnostics.aws_access.pacing import SPACING_S, RateGate
from diagnostics.aws_access.sessions import Sessions
from diagnostics.facts.fact import Gap, GapKind

CHUNK_BYTES = 1 << 16
"""So often the clock is looked at: a body that trickles in is left in time."""
SLOW_CALL_S = 5.0
"""A call that took longer is logged."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """AWS answered that the thing does not exist. `error` is its code, such as ``LoadBalancerNotFound``."""

    error: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """What a page loop read. `gaps` says what it could not: everything (`failed`), or the rest (`truncated`).

    `missing` is set, and `items` empty, when AWS answered with one of the caller's not-found codes.
    `calls` counts the calls that waited for one another.
    """

    items: tuple[Any, ...] = ()
    gaps: tuple[Gap, ...] = ()
    calls: int = 0
    truncated: bool = False
    missing: Missing | None = None

    @property
    def failed(self) -> Gap | None:
        """The gap when nothing at all was read."""
        return self.gaps[0] if self.gaps and not self.items and not self.truncated else None


class Reader:
    """Reads one region of one account, for one diagnosis. Threads may share it."""

    def __init__(
        self,
        account: Account,
        region: str,
        *,
        sessions: Sessions,
        limits: AccessLimits,
        semaphore: Callable[[str], threading.BoundedSemaphore],
        gate: RateGate,
        meter: CallMeter,
        observer: Observer,
    ) -> None:
        self.account_id = account.id
        self.account_name = account.name or None
        self.region = region
        self.meter = meter
        self.observer = observer
        self.parallel_per_service = limits.parallel_per_service
        self._account = account
        self._sessions = sessions
        self._limits = limits
        self._semaphore = semaphore
        self._gate = gate

    def call(
        self, service: str, operation: str, /, *, resource: str = "*", expects: Sequence[str] = (), **params: Any
    ) -> dict[str, Any] | Gap:
        """One call of a boto3 method (``"elbv2", "describe_target_health"``) with its parameters.

        `resource` is what a gap should name. `expects` are keys that the answer must have. Never raises.
        """
        found = self._one(service, operation, resource, expects, (), params)
        if isinstance(found, Missing):  # no code was named as not-found: this cannot be
            return malformed(iam_action(service, operation), resource, found.message)
        return found

    def find(
        self,
        service: str,
        operation: str,
        /,
        *,
        missing: Sequence[str],
        resource: str = "*",
        expects: Sequence[str] = (),
        **params: Any,
    ) -> dict[str, Any] | Missing | Gap:
        """Like `call` for something that may not exist: the error codes in `missing` become `Missing`."""
        return self._one(service, operation, resource, expects, missing, params)

    def pages(
        self,
        service: str,
        operation: str,
        key: str,
        /,
        *,
        max_pages: int,
        resource: str = "*",
        missing: Sequence[str] = (),
        may_lack_key: bool = False,
        **params: Any,
    ) -> Pages:
        """What stands under `key` in up to `max_pages` pages. An operation without pages is called once.

        An empty `key` means the whole answer. A value that is no list counts as one item. A failing page keeps the
        items before it and leaves a gap; so does the bound when there would have been more. `may_lack_key`: AWS leaves
        the key out when there is nothing.
        """
        action = iam_action(service, operation)
        items: list[Any] = []
        calls = 0
        for answer, more in self._answers(service, operation, resource, params, missing):
            calls += 1
            if isinstance(answer, Missing):
                return Pages(missing=answer, calls=calls)
            if isinstance(answer, Gap):
                return Pages(items=tuple(items), gaps=(answer,), calls=calls)
            if key and key not in answer and not may_lack_key:
                gap = malformed(action, resource, f"the answer has no {key}")
                return Pages(items=tuple(items), gaps=(gap,), calls=calls)
            value = answer.get(key, []) if key else answer
            items.extend(value if isinstance(value, list) else [value])
            if more and calls >= max_pages:
                gap = Gap(
                    action=action,
                    resource=resource,
                    error=TOO_MANY_PAGES,
                    kind="not-read",
                    message=f"only the first {len(items):,} were read, and there are more",
                )
                return Pages(items=tuple(items), gaps=(gap,), calls=calls, truncated=True)
        return Pages(items=tuple(items), calls=calls)

    def download(self, bucket: str, key: str, *, max_bytes: int, timeout_s: float) -> bytes | Gap:
        """The body of one S3 object of at most `max_bytes`; a gap also when it is not there in `timeout_s` seconds.

        A read that hangs ends with the client's own timeout. Never raises.
        """
        action, resource = iam_action("s3", "get_object"), f"s3://{bucket}/{key}"
        until = time.monotonic() + timeout_s

        def read(client: Any) -> dict[str, Any]:
            answer = client.get_object(Bucket=bucket, Key=key)
            return {**answer, "Body": _body(answer["Body"], max_bytes, until)}

        found = self._guarded("s3", "get_object", resource, (), read)
        if not isinstance(found, dict):
            return found if isinstance(found, Gap) else malformed(action, resource, found.message)
        body = found["Body"]
        if isinstance(body, bytes):
            return body
        kind: GapKind = "timeout" if body == OUT_OF_TIME else "not-read"
        return Gap(action=action, resource=resource, error=body, kind=kind)

    def metered(self, meter: CallMeter) -> Reader:
        """The same reader, whose calls `meter` counts."""
        other = copy.copy(self)
        other.meter = meter
        return other

    def _one(
        self,
        service: str,
        operation: str,
        resource: str,
        expects: Sequence[str],
        missing: Sequence[str],
        params: Mapping[str, Any],
    ) -> dict[str, Any] | Missing | Gap:
        found = self._guarded(
            service, operation, resource, missing, lambda client: getattr(client, operation)(**params)
        )
        if isinstance(found, dict):
            absent = [key for key in expects if key not in found]
            if absent:
                return malformed(iam_action(service, operation), resource, f"the answer has no {', '.join(absent)}")
        return found

    def _answers(
        self, service: str, operation: str, resource: str, params: Mapping[str, Any], missing: Sequence[str]
    ) -> Iterator[tuple[dict[str, Any] | Missing | Gap, bool]]:
        """Each page, and whether another one follows; ends after a failure."""
        token: dict[str, Any] = {}
        while True:
            tokens: list[tuple[str, str]] = []

            def read(client: Any, extra: dict[str, Any] = token, names: list[tuple[str, str]] = tokens) -> Any:
                names.extend(_page_tokens(client, operation))
                return getattr(client, operation)(**params, **extra)

            answer = self._guarded(service, operation, resource, missing, read)
            following = _next_token(answer, tokens) if isinstance(answer, dict) else {}
            if following and following == token:
                yield malformed(iam_action(service, operation), resource, "the same page twice"), False
                return
            yield answer, bool(following)
            if not following:
                return
            token = following

    def _guarded(
        self,
        service: str,
        operation: str,
        resource: str,
        missing: Sequence[str],
        invoke: Callable[[Any], Any],
    ) -> dict[str, Any] | Missing | Gap:
        action = iam_action(service, operation)
        with self._place(service) as admitted:
            if not (admitted and self._turn(action)):
                return self._never_made(Gap(action=action, resource=resource, error=QUEUE_FULL, kind="timeout"))
            started = time.monotonic()
            answer: Any = None
            result: CallResult = "failed"
            code = ""
            try:
                client = self._sessions.client(self._account, self.region, service)
                started = time.monotonic()
                answer = self._sessions.ask(self._account, self.region, service, client, invoke)
                result, code = ("failed", MALFORMED_ANSWER) if is_web_page(answer) else ("ok", "")
            except READ_ERRORS as error:
                answer, code = error, error_code(error)
                if code in missing:
                    result = "missing"
                    return Missing(code, gap_of(error, action=action, resource=resource, region=self.region).message)
                gap = gap_of(
                    error,
                    action=action,
                    resource=resource,
                    region=self.region,
                    role_arn=self._account.read_role,
                    whose=f"account {self._account.label}" if self._account.id else self._sessions.own_profile,
                )
                action, result, code = gap.action, gap.kind, gap.error
                return gap
            finally:
                seconds = time.monotonic() - started
                self.meter.record(iam_action(service, operation), seconds)
                self._tell(
                    AwsCall(
                        action=action,
                        account=self.account_id,
                        region=self.region,
                        seconds=seconds,
                        result=result,
                        retries=retries_of(answer),
                        error=code,
                        request_id=request_id_of(answer),
                    )
                )
        if is_web_page(answer):
            return malformed(action, resource, WEB_PAGE)
        return answer if isinstance(answer, dict) else malformed(action, resource, "the answer is no structure")

    def _tell(self, call: AwsCall) -> None:
        self.observer.called(call)
        failed = call.result not in ("ok", "missing")
        if not failed and call.seconds < SLOW_CALL_S:
            return
        said = {
            "action": call.action,
            "account": call.account,
            "region": call.region,
            "error": call.error,
            "request_id": call.request_id,
            "seconds": round(call.seconds, 3),
            "retries": call.retries,
        }
        _logger.warning("AWS call failed" if failed else "AWS call was slow", extra=said)

    def _never_made(self, gap: Gap) -> Gap:
        where = {"action": gap.action, "account": self.account_id, "region": self.region, "error": gap.error}
        _logger.warning("AWS call failed", extra=where)
        return gap

    @contextmanager
    def _place(self, service: str) -> Iterator[bool]:
        semaphore = self._semaphore(service)
        admitted = semaphore.acquire(timeout=self._limits.queue_timeout_s)
        try:
            yield admitted
        finally:
            if admitted:
                semaphore.release()

    def _turn(self, action: str) -> bool:
        spacing_s = SPACING_S.get(action)
        if spacing_s is None:
            return True
        key = f"{self.account_id}/{self.region}/{action}"
        return self._gate.wait(key, spacing_s, self._limits.queue_timeout_s)


def _body(stream: Any, max_bytes: int, until: float) -> bytes | str:
    """What the stream holds, or the error word for too much or too slow. Always closes it."""
    parts: list[bytes] = []
    size = 0
    with closing(stream):
        while part := stream.read(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                return OBJECT_TOO_LARGE
            if time.monotonic() > until:
                return OUT_OF_TIME
    return b"".join(parts)


def _page_tokens(client: Any, operation: str) -> list[tuple[str, str]]:
    """Pairs of (request parameter, answer key) that carry the page, from botocore's model; empty: no pages."""
    if not client.can_paginate(operation):
        return []
    settings = client.get_paginator(operation)._pagination_cfg  # noqa: SLF001 - the model of paging has no public name
    inputs, outputs = settings["input_token"], settings["output_token"]
    return list(zip(_as_list(inputs), _as_list(outputs), strict=True))


def _as_list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [str(value)]


def _next_token(answer: Mapping[str, Any], tokens: Sequence[tuple[str, str]]) -> dict[str, Any]:
    found = {}
    for parameter, key in tokens:
        for alternative in key.split(" || "):
            if answer.get(alternative):
                found[parameter] = answer[alternative]
                break
    return found
