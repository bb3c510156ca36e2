from datetime import timedelta
from typing import Any

from diagnostics.facts import Changes, Metrics, OwnChange, OwnChanges, SecurityGroup, SecurityGroups
from tests.incidents.building import (
    LB_SG,
    NOW,
    PORT,
    TARGETS,
    TASK_SG,
    Incident,
    ago,
    allow_all,
    allow_from,
    change,
    stopped_task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, connect_timeouts, logged, slow

CODE = "connect-timeout-unattributed"


def closed_group(incident: Incident) -> Incident:
    return incident.security_group(
        SecurityGroup(id=TASK_SG, name="checkout", ingress=(allow_from(LB_SG, port=9),), egress=(allow_all(),))
    )


def rule_put_back() -> Incident:
    rule = change("AuthorizeSecurityGroupIngress", minutes_ago=11, resources=(TASK_SG,))
    return logged(Incident(), connect_timeouts(200, since=24, until=10)).changed(rule)


def going_on() -> Incident:
    """Rows come late; the counters tell that it goes on."""
    return logged(Incident(), connect_timeouts(200, since=20)).elb_errors(504, 14, 20).connection_errors(14, 20)


def timed_out(until: float) -> Incident:
    """Every rule lets connections pass now; they timed out until then."""
    return logged(Incident(), connect_timeouts(200, since=20, until=until))


def rule_added(minutes_ago: float, port: int = PORT, **more: Any) -> Any:
    request = {
        "groupId": TASK_SG,
        "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": port, "toPort": port}]},
    }
    given = {"request": request, **more}
    return change("AuthorizeSecurityGroupIngress", minutes_ago=minutes_ago, resources=(TASK_SG,), **given)


def repaired(minutes_ago: float) -> OwnChanges:
    """This program added the rule, and CloudTrail does not tell it yet."""
    who = "alb502 (Let the load balancer in; asked by Ann, approved by Bob)"
    fix = OwnChange(
        plan="p-1",
        at=ago(minutes_ago),
        title="Let the load balancer in",
        resource=TASK_SG,
        settles_by=NOW + timedelta(minutes=3),
        changes=(rule_added(minutes_ago, actor=who),),
    )
    return OwnChanges(items=(fix,), since=ago(240))


def not_passed_yet(minutes_ago: float) -> Incident:
    """The targets need some more checks to be healthy again."""
    sick = timed_out(minutes_ago).unhealthy("Target.Timeout", "Request timed out", targets=list(TARGETS)[:1])
    return sick.changed(rule_added(minutes_ago))


def silent_elsewhere() -> Incident:
    """Another target is the one that does not answer its health checks: no part of the same silence."""
    sick = Incident().unhealthy("Target.Timeout", "Request timed out", targets=list(TARGETS)[1:2])
    return logged(sick, connect_timeouts(60, targets=ALL_TARGETS[:1]))


CASES = (
    finds(CODE, "another target is unhealthy", silent_elsewhere, first="insufficient-evidence"),
    finds(
        CODE,
        "a firewall inside the hosts drops connections, every rule that AWS knows lets them pass",
        going_on,
        band="likely",
        summary_says="although the rules on the way let them pass",
    ),
    finds(
        CODE,
        "one target is silent",
        lambda: logged(Incident(), connect_timeouts(60, targets=ALL_TARGETS[2:3])),
        summary_says="10.0.2.21:8080",
    ),
    finds(
        CODE,
        "somebody added the rule a moment ago, which is too early to tell",
        lambda: timed_out(1.5).changed(rule_added(1.5)),
        band="possible",
        summary_says="timed out until 03:28 UTC, before the way was opened (rule added 03:28 by role/ops-admin)",
    ),
    finds(
        CODE,
        "this program added the rule, and CloudTrail does not tell it yet",
        lambda: timed_out(1.5).replace(repaired(1.5)),
        band="possible",
        summary_says="before the way was opened (rule added 03:28 by alb502",
    ),
    finds(
        CODE,
        "this program added the rule, and CloudTrail may not be read",
        lambda: timed_out(1.5).replace(repaired(1.5)).denied(Changes, "cloudtrail:LookupEvents"),
        band="possible",
        summary_says="before the way was opened (rule added 03:28 by alb502",
    ),
    finds(
        CODE,
        "it is over, and nothing tells why: CloudTrail is minutes late",
        lambda: timed_out(6),
        band="possible",
        summary_says="timed out until 03:23 UTC; none did since, while requests went on",
    ),
    finds(
        CODE,
        "it is over, access logs are off and nothing tells why",
        lambda: Incident().elb_errors(504, 30, 20, 6).connection_errors(30, 20, 6),
        band="possible",
        summary_says="none did since",
    ),
    finds(
        CODE,
        "another trouble goes on after the rule was added",
        lambda: (
            timed_out(10).changed(rule_added(10)).stopped(stopped_task(9, minutes_ago=1, exit_code=1, ran_minutes=300))
        ),
        first="task-crash-exit",
        band="possible",
        summary_says="timed out until 03:19 UTC; none did since (rule added 03:20 by role/ops-admin)",
    ),
    finds(
        CODE,
        "a target has not passed enough checks since the rule was added",
        lambda: not_passed_yet(0.5),
        band="possible",
        summary_says="before the way was opened",
    ),
    finds(
        CODE,
        "a target is silent long after the rule was added",
        lambda: not_passed_yet(9),
        summary_says="although the rules on the way let them pass",
    ),
    finds(
        CODE,
        "somebody let himself in by SSH, connections time out as before",
        lambda: timed_out(1).changed(rule_added(1.5, port=22)),
        band="likely",
    ),
    finds(
        CODE,
        "a rule was added, and connections time out as before",
        lambda: going_on().changed(rule_added(9)),
        band="likely",
    ),
    finds(
        CODE,
        "it comes and goes, and pauses longer than it is quiet now",
        lambda: logged(Incident(), connect_timeouts(90, since=40, until=30), connect_timeouts(90, since=16, until=6)),
        band="likely",
    ),
    finds(
        CODE,
        "counters may not be read, and rows are read up to the last of them",
        lambda: timed_out(6).denied(Metrics, "cloudwatch:GetMetricData"),
        band="likely",
    ),
    finds(
        CODE,
        "security groups may not be read, which excludes nothing",
        lambda: logged(Incident(), connect_timeouts(200, since=20)).denied(
            SecurityGroups, "ec2:DescribeSecurityGroups"
        ),
        band="possible",
    ),
    finds(
        CODE,
        "access logs are off, connections fail with 504",
        lambda: Incident().elb_errors(504, 30, 20).connection_errors(30, 20),
        band="possible",
    ),
    look_alike(
        CODE,
        "the security group said no until somebody added the rule",
        rule_put_back,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the security group says no",
        lambda: logged(
            closed_group(Incident()).unhealthy("Target.Timeout", "Request timed out"), connect_timeouts(200, since=20)
        ),
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "targets took the requests and did not answer",
        lambda: logged(Incident(), slow(200)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "the address of a task that crashed still gets requests",
        lambda: logged(
            Incident().stopped(stopped_task(9, minutes_ago=20, exit_code=1, ip="10.0.1.60", ran_minutes=300)),
            connect_timeouts(40, since=19.5, until=18.5, targets=("10.0.1.60:8080",)),
        ),
        first="task-crash-exit",
    ),
)
