"""What is told of each call to AWS, to whoever counts and traces them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from diagnostics.facts.fact import GapKind
from diagnostics.reference import plain_reference

CallResult = Literal["ok", "missing"] | GapKind
"""``missing``: AWS answered that the thing does not exist, as the caller had expected it might."""

MAX_REQUEST_ID = 100


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call with all its tries. `request_id` is AWS's, for CloudTrail and for AWS's own support."""

    action: str
    account: str
    region: str
    seconds: float
    result: CallResult = "ok"
    retries: int = 0
    error: str = ""
    request_id: str = ""

    @property
    def service(self) -> str:
        return self.action.partition(":")[0]


class Observer(Protocol):
    """Called by many threads; must be quick and must not raise."""

    def called(self, call: AwsCall) -> None:
        """A call has just ended."""

    def collecting(self, fact: str) -> Callable[[str], None]:
        """A fact is about to be read. The calls for it are made in the context that this is called in. What is
        returned is called once, with what became of it."""


class Nobody:
    """Implements `Observer` for whoever does not care."""

    def called(self, call: AwsCall) -> None:
        return None

    def collecting(self, fact: str) -> Callable[[str], None]:
        return _nothing


def request_id_of(answer: object) -> str:
    """AWS's id of a request, from its answer or from its error."""
    found = metadata_of(answer).get("RequestId")
    return str(found)[:MAX_REQUEST_ID] if found else ""


def retries_of(answer: object) -> int:
    """How often botocore tried again; 0 when it does not tell."""
    found = metadata_of(answer).get("RetryAttempts", 0)
    return found if isinstance(found, int) else 0


def metadata_of(answer: object) -> Mapping[str, Any]:
    """What botocore tells about an answer, or about that of an error."""
    response = getattr(answer, "response", answer)
    found = response.get("ResponseMetadata") if isinstance(response, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def add_reference(request: Any, **_: object) -> None:
    """A handler of botocore's ``before-send``: CloudTrail keeps the user agent of each call, so that the reference
    that a person was told can be found there. The user agent is no part of the signature."""
    reference, agent = plain_reference(), request.headers.get("User-Agent")
    if not reference or agent is None:
        return
    said = agent.decode("ascii", "replace") if isinstance(agent, bytes) else str(agent)
    request.headers["User-Agent"] = f"{said} ref/{reference}"


def _nothing(_: str) -> None:
    return None
