"""The WSGI application that tests and the demo talk to as if it were AWS.

A call is identified, passes the hooks, and is then answered by a registered handler or, without one, by moto.
Whatever goes wrong comes back as an AWS error in the service's own protocol, never as a web page.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.test import run_wsgi_app

from demo.aws.call import AwsError, Call, Principal, account_key
from demo.aws.remembering import remember
from demo.aws.wire import (
    Answer,
    UnidentifiedError,
    answer_from_moto,
    identify,
    is_html,
    missing_parameter,
    not_implemented,
    parse_answer,
    serialise,
    service_model,
)

__all__ = ["AwsError", "AwsLayer", "Call", "CallRecord", "Principal", "RawAnswerError", "account_key"]

MAX_RECORDED_CALLS = 100_000
_logger = logging.getLogger(__name__)

Handler = Callable[[Call], object]
BeforeHook = Callable[[Call], None]
AfterHook = Callable[[Call, int, "Mapping[str, str] | None"], None]
HandlerT = TypeVar("HandlerT", bound=Handler)


class CallRecord(NamedTuple):
    """One permission that one answered call needed."""

    account: str
    region: str
    iam_action: str
    status: int


class RawAnswerError(Exception):
    """Raised by a hook to send these very bytes: how a test plays a broken endpoint."""

    def __init__(self, status: int, content_type: str, body: bytes) -> None:
        super().__init__(f"raw answer {status}")
        self.answer = Answer(status, (("Content-Type", content_type),), body)


class _Moto(DomainDispatcherApplication):
    """moto as one application. It looks for the backend of a host in its directories and in hundreds of patterns, so
    what it finds is remembered."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}
        self._known: dict[str | None, bool] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]

    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether a backend of moto's answers for the host that this request is meant for."""
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
        if host not in self._known:
            self._known[host] = any(pattern.match(f"http://{host}") for _, pattern in self.backend_url_patterns)
        return self._known[host]


@cache
def _moto() -> _Moto:
    """One for all layers: what moto keeps, it keeps for the whole process."""
    remember()
    return _Moto()


class AwsLayer:
    """A WSGI callable that answers for AWS.

    `outside` hooks run before the lock is taken and may therefore sleep; `before` hooks and handlers run under
    `lock`, one call at a time, and may raise AwsError; `after` hooks see the call, its HTTP status and, when it
    failed, {"Code", "Message"}. `calls` remembers the last MAX_RECORDED_CALLS permissions used.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.outside: list[BeforeHook] = []
        self.before: list[BeforeHook] = []
        self.after: list[AfterHook] = []
        self.calls: deque[CallRecord] = deque(maxlen=MAX_RECORDED_CALLS)
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._moto = _moto()

    def op(self, service: str, operation: str, *, replace: bool = False) -> Callable[[HandlerT], HandlerT]:
        """Register a handler: it gets the Call and returns what botocore's output shape describes.

        Raises ValueError for an operation that botocore does not have, or one that already has a handler unless
        `replace` says that this is meant.
        """
        try:
            service_model(service).operation_model(operation)
        except (OperationNotFoundError, UnidentifiedError) as unknown:
            raise ValueError(f"botocore has no operation {service}:{operation}") from unknown
        if (service, operation) in self._handlers and not replace:
            raise ValueError(f"{service}:{operation} has a handler already")

        def register(handler: HandlerT) -> HandlerT:
            self._handlers[(service, operation)] = handler
            return handler

        return register

    def clear_calls(self) -> None:
        """Forget the recorded calls."""
        self.calls.clear()

    def original(self, call: Call) -> dict[str, Any]:
        """What moto itself answers, parsed as boto3 would parse it: for handlers that correct one detail of it.

        Raises AwsError when moto refuses the call or does not implement it.
        """
        answer = self._ask_moto(call)
        if answer.error is not None:
            raise AwsError(answer.error["Code"], answer.error["Message"], answer.status)
        return parse_answer(call, answer)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            call = identify(environ)
        except UnidentifiedError as unidentified:
            answer = _refuse(unidentified)
            request_id = ""
        else:
            answer = self._answer(call)
            request_id = call.request_id
        headers = [*answer.headers, ("Content-Length", str(len(answer.body))), ("x-amzn-RequestId", request_id)]
        start_response(f"{answer.status} {_reason(answer.status)}", headers)
        return [answer.body]

    def _answer(self, call: Call) -> Answer:
        try:
            for hook in self.outside:
                hook(call)
        except RawAnswerError as raw:
            return raw.answer
        except ServiceException as refused:
            with self.lock:
                return self._record(call, serialise(call, _own(refused)))
        with self.lock:
            return self._record(call, self._answer_locked(call))

    def _answer_locked(self, call: Call) -> Answer:
        try:
            for hook in self.before:
                hook(call)
            handler = self._handlers.get((call.service, call.operation))
            if handler is None:
                return self._ask_moto(call)
            return serialise(call, missing_parameter(call) or handler(call))
        except RawAnswerError as raw:
            return raw.answer
        except ServiceException as refused:
            return serialise(call, _own(refused))
        except HTTPException as refused:  # moto's older exceptions, raised by a backend that a handler called
            code = getattr(refused, "error_type", None) or "InternalFailure"
            message = str(getattr(refused, "message", None) or refused.description)
            return serialise(call, AwsError(code, message, refused.code))
        except Exception:  # the outermost boundary of the simulated AWS: its own faults are answered as AWS answers
            _logger.exception("%s:%s failed inside the simulated AWS", call.service, call.operation)
            return serialise(call, AwsError("InternalFailure", "The simulated AWS failed; its log says why.", 500))

    def _record(self, call: Call, answer: Answer) -> Answer:
        for action in call.iam_actions:
            self.calls.append(CallRecord(call.account, call.region, action, answer.status))
        for hook in self.after:
            hook(call, answer.status, answer.error)
        return answer

    def _ask_moto(self, call: Call) -> Answer:
        environ = _moto_environ(call)
        if not self._moto.knows(environ):
            return serialise(call, not_implemented(call))
        try:
            body, status_line, headers = run_wsgi_app(self._moto, environ, buffered=True)
        except NotImplementedError:  # moto's applications run in debug mode and let it through
            return serialise(call, not_implemented(call))
        return self._answer_of_moto(call, int(status_line.split(maxsplit=1)[0]), list(headers), b"".join(body))

    @staticmethod
    def _answer_of_moto(call: Call, status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
        if is_html(headers, body):
            unknown_route = status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
            error = not_implemented(call) if unknown_route else AwsError("InternalFailure", "moto failed", 500)
            return serialise(call, error)
        return answer_from_moto(status, headers, body)


def _moto_environ(call: Call) -> dict[str, Any]:
    if call.wire is None:
        raise ValueError("a call that did not come over the wire cannot be handed to moto")
    return {
        **call.wire.environ,
        "wsgi.input": io.BytesIO(call.wire.body),
        "CONTENT_LENGTH": str(len(call.wire.body)),
        "HTTP_X_MOTO_ACCOUNT_ID": call.account,
    }


def _own(refused: ServiceException) -> AwsError:
    """moto looks for an exception's service in its module path, and fails on those of its own core."""
    return refused if isinstance(refused, AwsError) else AwsError(str(refused.code), str(refused.message))


def _refuse(unidentified: UnidentifiedError) -> Answer:
    body = json.dumps({"__type": "UnknownOperationException", "message": str(unidentified)}).encode()
    return Answer(HTTPStatus.NOT_FOUND, (("Content-Type", "application/x-amz-json-1.1"),), body)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
