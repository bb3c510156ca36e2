from diagnostics.facts import SecurityGroup, SecurityGroups
from tests.incidents.building import LB_SG, TASK_SG, Incident, allow_all, allow_from, change, stopped_task
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


CASES = (
    finds(
        CODE,
        "a firewall inside the hosts drops connections, every rule that AWS knows lets them pass",
        lambda: logged(Incident(), connect_timeouts(200, since=20)),
        band="likely",
    ),
    finds(
        CODE,
        "one target is silent",
        lambda: logged(Incident(), connect_timeouts(60, targets=ALL_TARGETS[2:3])),
        summary_says="10.0.2.21:8080",
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
