"""The gap that a collector leaves which did not get to its end."""

from __future__ import annotations

from collections.abc import Container, Sequence

from diagnostics.aws_access.failures import MALFORMED_ANSWER, OUT_OF_TIME
from diagnostics.collect.collector import CollectorSpec, Read
from diagnostics.facts.fact import Fact, Gap

COLLECT_ACTION = "alb502:Collect"
STILL_BEING_READ = "StillBeingRead"


def passed_on(gap: Gap, fact: type[Fact]) -> Gap:
    """What a collector leaves that cannot begin without `fact`."""
    reason = gap.message if gap.message.startswith("needs ") else f"needs {fact.name}"
    return gap.model_copy(update={"message": reason})


def broken(spec: CollectorSpec, reads: Sequence[Read]) -> Gap:
    """An answer without what it should contain is the usual reason for a collector to fail."""
    read = reads[0] if reads else None
    return Gap(
        action=read.action if read else COLLECT_ACTION,
        resource=str(read.resource) if read else spec.yields.name,
        error=MALFORMED_ANSWER,
        message=f"{spec.yields.name} could not be made out of the answer",
    )


def failed(spec: CollectorSpec) -> Gap:
    """A fault of our own."""
    return Gap(action=COLLECT_ACTION, resource=spec.yields.name, error="UnexpectedError")


def out_of_time(spec: CollectorSpec, reads: Sequence[Read], answered: Container[int]) -> Gap:
    """`answered` are the numbers of the reads whose answers are in; the first of the others is named."""
    action, resource = _waited_for(spec, reads, answered)
    message = f"{spec.yields.name} was not read before the time was up"
    return Gap(action=action, resource=resource, error=OUT_OF_TIME, kind="timeout", message=message)


def still_reading(spec: CollectorSpec, reads: Sequence[Read], answered: Container[int]) -> Gap:
    """The same while there is time left."""
    action, resource = _waited_for(spec, reads, answered)
    message = f"{spec.yields.name} is still being read"
    return Gap(action=action, resource=resource, error=STILL_BEING_READ, kind="not-read", message=message)


def _waited_for(spec: CollectorSpec, reads: Sequence[Read], answered: Container[int]) -> tuple[str, str]:
    pending = next((read for index, read in enumerate(reads) if index not in answered), None)
    return (pending.action, str(pending.resource)) if pending else (COLLECT_ACTION, spec.yields.name)
