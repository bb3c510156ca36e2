"""Structured logs: one JSON object a line on standard error, with the correlation id of what is being worked on.

The id is bound where a request comes in and again where its job runs, and travels in context variables; whoever hands
work to another thread copies the context.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

import structlog

from bot.telemetry import known_secrets, traces
from bot.telemetry.seldom import SeldomFilter
from diagnostics.reference import REFERENCE

HIDDEN: Final = "(hidden)"
MAX_VALUE_CHARS: Final = 4_000
MAX_DEPTH: Final = 12
QUIET: Final = ("slack_bolt", "slack_sdk", "botocore", "urllib3", "uvicorn", "dramatiq", "asyncio")

_BOLT: Final = "slack_bolt.App"
_UNUSED_HERE: Final = "`token` will be unused"
"""Bolt warns of SLACK_BOT_TOKEN in the environment, which is where people are told to put it."""

_SECRET: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|xoxe\.[\w.-]+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|(?<=://)[^/\s@]*@"
    r"|https://hooks\.slack(?:-gov)?\.com/\S+"
    r"|(?i:x-amz-security-token|x-amz-signature|aws_secret_access_key|authorization)['\"]?\s*[=:]\s*\S+"
)


def configure(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Sends our logs and those of the libraries to `stream` in one form."""
    shared: list[Callable[[Any, str, MutableMapping[str, Any]], Mapping[str, Any]]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(_is_of_use)
    handler.addFilter(SeldomFilter())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It writes a traceback for every call that a role's credentials could not be had for; our own line says it shorter.
    logging.getLogger("botocore.credentials").setLevel(logging.ERROR)


def _is_of_use(record: logging.LogRecord) -> bool:
    return not (record.name == _BOLT and _UNUSED_HERE in str(record.msg))


def catch_threads() -> None:
    """What ends a thread, or is warned of, is logged as everything else is, instead of written as it is."""
    threading.excepthook = _log_thread
    logging.captureWarnings(capture=True)


def _log_thread(ended: threading.ExceptHookArgs) -> None:
    error = ended.exc_value
    if isinstance(error, SystemExit):
        return  # how a thread ends itself
    name = ended.thread.name if ended.thread else ""
    structlog.get_logger(__name__).error("a thread ended", thread=name, error=type(error).__name__, exc_info=error)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hides what looks like a token, a key, a login in a URL or a response URL, and bounds every value."""
    for name, value in event.items():
        if not name.startswith("_"):
            event[name] = _redacted(value)
    return event


def hidden(text: str) -> str:
    """Without the secrets that this process was given, and without what looks like one."""
    return _SECRET.sub(HIDDEN, known_secrets.without(text, HIDDEN))


def _redacted(value: Any, depth: int = 0) -> Any:
    """The same for what stands deeper in it."""
    if isinstance(value, str):
        return hidden(value[: 2 * MAX_VALUE_CHARS])[:MAX_VALUE_CHARS]  # a secret that is cut is no less one
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, dict | list | tuple):
        return _redacted(str(value))
    if depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(value, dict):
        return {_redacted(key, MAX_DEPTH): _redacted(one, depth + 1) for key, one in value.items()}
    return [_redacted(one, depth + 1) for one in value]


@contextmanager
def correlated(correlation_id: str, **more: str) -> Iterator[None]:
    """Everything logged inside carries the id; calls to AWS send it along."""
    before = REFERENCE.set(correlation_id)
    traces.mark("alb502.reference", correlation_id)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id, **more):
            yield
    finally:
        with suppress(ValueError):  # a thread that the end of the process cut off is tidied up in another context
            REFERENCE.reset(before)
