"""What AWS writes when a host ends, and with it the tasks that ran there.

Stop reasons: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
Why an instance changed state: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
"""

from __future__ import annotations

import re

from diagnostics.facts.hosts import Host, ScalingActivity

_HOST_OF_A_TASK = re.compile(r"\s*Host EC2 \(instance (i-[0-9a-f]{1,32})\)", re.IGNORECASE)
BY_A_PERSON = "UserInitiated"
"""With this stop code the reason is what somebody typed, or AWS's words for what somebody did."""
LEADS_TO = (
    "all-targets-unhealthy-fail-open",
    "container-instance-lost",
    "ecs-agent-disconnected",
    "no-registered-targets",
    "target-instance-stopped",
)
HELPED_BY = ("graceful-shutdown-missing", "insufficient-task-count", "task-sigkill-on-stop")
"""What a host that is taken away does to a service, and what makes it worse."""
_INSTANCE = re.compile(r"\bi-[0-9a-f]{1,32}\b")
_FORCED_OUT = "container instance deregistration forced"
_SPOT_CODES = ("Server.Spot",)
_RETIRED_CODES = ("Server.ScheduledStop", "Server.ScheduledRetirement")
_HEALTH = ("elb system health check", "elb health check", "health check failure")
_GONE_ALREADY = ("ec2 health check", "has been terminated or stopped", "status check")
_REBALANCED = ("rebalance recommendation",)


def host_named_in(reason: str | None) -> str | None:
    """The instance id in ``Host EC2 (instance i-0abc) terminated.``."""
    match = _HOST_OF_A_TASK.match(reason or "")
    return match[1] if match else None


def tells_of_a_lost_host(reason: str | None) -> bool:
    """True also where somebody took the container instance out of the cluster by force."""
    return host_named_in(reason) is not None or _FORCED_OUT in (reason or "").lower()


def instance_in(description: str) -> str | None:
    match = _INSTANCE.search(description)
    return match[0] if match else None


def ended_by_spot(host: Host) -> bool:
    return host.reason_code.startswith(_SPOT_CODES)


def ended_by_retirement(host: Host) -> bool:
    return host.reason_code.startswith(_RETIRED_CODES) or "scheduled retirement" in host.reason.lower()


def is_scale_in(activity: ScalingActivity, host: Host | None = None) -> bool:
    """True for an instance that Auto Scaling ended by its own decision: fewer wanted, a refresh, another zone.

    Not for one that it replaced because it was ill, was about to be taken back, or had ended already; the instance's
    own words, if they are known, tell that AWS ended it and Auto Scaling only took note.
    """
    if host is not None and host.is_gone and (ended_by_spot(host) or ended_by_retirement(host)):
        return False
    return activity.terminates and not (replaces_the_ill(activity) or was_gone_already(activity) or is_spot(activity))


def replaces_the_ill(activity: ScalingActivity) -> bool:
    """Load balancer health checks failed, so that Auto Scaling replaced the instance."""
    text = activity.cause.lower()
    return any(words in text for words in _HEALTH) and not was_gone_already(activity)


def was_gone_already(activity: ScalingActivity) -> bool:
    """The instance failed or had been ended by somebody else, and Auto Scaling took note."""
    text = activity.cause.lower()
    return any(words in text for words in _GONE_ALREADY)


def is_spot(activity: ScalingActivity) -> bool:
    text = activity.cause.lower()
    return any(words in text for words in _REBALANCED) or ("spot" in text and "interrupt" in text)
