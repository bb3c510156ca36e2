"""Counters of the subject's load balancers as a whole, as causes ask for them."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, decisive
from diagnostics.facts import Metrics
from diagnostics.printable import counted as number_of
from diagnostics.rules.counters import total_of_balancers


def counted(facts: Facts, metric: str) -> int | None:
    """The sum in the window over all load balancers of the subject; None where one of them was not counted."""
    return total_of_balancers(facts.maybe(Metrics), metric, facts.subject, facts.window)


def answered_503(facts: Facts) -> Iterator[Evidence]:
    """The load balancer's own 503, where they are this subject's."""
    number = facts.observed.counts.elb("503")
    if number and facts.observed.errors_are_ours:
        text = f"{number_of(number, 'answer')} of 503 by the load balancer itself"
        yield decisive(text, "cloudwatch:GetMetricData", value=number)
