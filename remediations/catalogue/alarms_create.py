"""Create the alarms that tell of such trouble before users do."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import Alarms, LoadBalancerAttributes, LoadBalancers, TargetGroups
from diagnostics.rules.recommended_alarms import recommended, standings
from diagnostics.snapshot import Subject
from remediations.fix import Case, fix
from remediations.plan import MAX_WRITES, Plan
from remediations.steps import alarms


@fix(
    id=alarms.FIX,
    title="Create the recommended alarms that are missing",
    risk="low",
    aim="prevents",
    causes=(
        "all-targets-unhealthy-fail-open",
        "insufficient-evidence",
        "keepalive-race",
        "target-connection-saturation",
        "target-slow-response",
    ),
    calls=("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
    needs=(LoadBalancers, TargetGroups, Alarms),
    uses=(LoadBalancerAttributes,),
    for_risks=True,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",),
)
def alarms_create(case: Case) -> Iterator[Plan]:
    """Creates alarms that tell the SNS topic of the settings when the load balancer answers 502, when a target fails
    its health checks, when answers come near the idle timeout, and when connections to targets fail. Those that the
    account has already, under whatever name, are left out; the approver may choose a single one. It mends nothing.

    Without a topic in the settings it is not offered, as an alarm that tells nobody helps nobody. A name that an alarm
    has already is never taken, since AWS would overwrite that alarm. Each alarm costs a little money every month. The
    undo deletes exactly the alarms that were made, while they are as they were made.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    topic, subject = case.preferences.alarm_topic, case.facts.subject
    if topic is None or not _is_here(topic, subject):
        return
    attributes, known = case.facts.maybe(LoadBalancerAttributes), case.facts[Alarms]
    wanted = recommended(
        subject,
        case.facts[LoadBalancers],
        case.facts[TargetGroups],
        attributes if isinstance(attributes, LoadBalancerAttributes) else None,
    )
    taken = {alarm.name for alarm in known.items}
    missing = [
        one.recommended
        for one in standings(wanted, known)
        if one.status != "exists" and one.recommended.name not in taken
    ][:MAX_WRITES]
    if missing and not known.gaps:
        single = tuple(
            alarms.plan(subject, [one], topic, label=f"only {one.metric}")
            for one in (missing if len(missing) > 1 else ())
        )
        yield alarms.plan(subject, missing, topic).model_copy(update={"narrower": single})


def _is_here(topic: str, subject: Subject) -> bool:
    """CloudWatch tells topics of its own region; one of another account is not the report's to name."""
    return topic.split(":")[3:5] == [subject.region, subject.account]
