"""Nobody accepts connections."""

from diagnostics.facts import RunningTasks
from tests.incidents.building import LB_DIMENSION, TARGETS, TG_DIMENSION, Incident, minutes_of, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.container_port_mismatch import refused, with_container
from tests.incidents.network.sg_ephemeral_range_missing import on_instances, port_range
from tests.incidents.network.sg_ingress_missing import rule_revoked, task_group

CODE = "port-not-listening"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)


def server_died_inside_the_container() -> Incident:
    return refused(Incident())


def one_target_only() -> Incident:
    return refused(Incident(), ["10.0.1.21"])


def keeps_to_the_loopback_address() -> Incident:
    return refused(Incident().definitions(with_container(environment={"PORT": "8080", "HOST": "127.0.0.1"})))


def on_a_host_port() -> Incident:
    incident = on_instances().security_group(task_group(port_range(32768, 65535)))
    return refused(incident, ["i-0a"])


def no_requests_yet() -> Incident:
    incident = Incident().unhealthy("Target.FailedHealthChecks", "Health checks failed")
    return incident.of_group("HTTPCode_Target_2XX_Count", 0, 180).of_group("RequestCount", 0, 180)


def only_just_started() -> Incident:
    incident = refused(Incident())
    return incident.running(*(task(n, ip, started=1.5) for n, ip in enumerate(TARGETS, 1)))


def dropped_not_refused() -> Incident:
    return rule_revoked()


def check_closes_while_users_are_served() -> Incident:
    """Every health check fails without a code, and users get their answers from the same port."""
    return Incident().unhealthy("Target.FailedHealthChecks", "Health checks failed")


def handshake_fails() -> Incident:
    """Somebody listens, and does not speak TLS the way the group does."""
    incident = refused(Incident().target_group(protocol="HTTPS").health_check(protocol="HTTPS"))
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    return incident.metric("TargetTLSNegotiationErrorCount", minutes_of(300, 12), **both).connection_errors(0, 12)


def scaled_out_a_moment_ago() -> Incident:
    """Two more tasks, of which each boots for minutes; the service's grace period leaves them the time."""
    incident = Incident().unhealthy(
        "Target.FailedHealthChecks", "Health checks failed", targets=["10.0.2.21", "10.0.2.22"], since=2
    )
    tasks = (task(n, ip, started=2 if ip.startswith("10.0.2.") else 600) for n, ip in enumerate(TARGETS, 1))
    return incident.service(grace_period_s=300).running(*tasks)


def warms_up_with_503() -> Incident:
    words = "Health checks failed with these codes: [503]"
    incident = scaled_out_a_moment_ago()
    return incident.unhealthy("Target.ResponseCodeMismatch", words, targets=["10.0.2.21", "10.0.2.22"], since=2)


def scaled_out_past_its_grace_period() -> Incident:
    return scaled_out_a_moment_ago().service(grace_period_s=60)


def task_is_gone() -> Incident:
    """The target is a leftover: no running task has its address."""
    incident = refused(Incident(), ["10.0.1.21"])
    return incident.edit(RunningTasks, lambda fact: fact.model_copy(update={"items": fact.items[1:]}))


CASES = (
    finds(
        CODE, "the server died inside the container", server_died_inside_the_container, band="likely", also=FAIL_OPEN
    ),
    finds(CODE, "one target of four", one_target_only, summary_says="10.0.1.21:8080"),
    look_alike(
        CODE,
        "it keeps to the loopback address",
        keeps_to_the_loopback_address,
        first="app-bound-to-loopback",
        also=FAIL_OPEN,
    ),
    finds(CODE, "on a dynamic host port", on_a_host_port, band="likely"),
    finds(CODE, "nobody asked yet", no_requests_yet, band="likely", also=FAIL_OPEN),
    finds(CODE, "the tasks have only just started", only_just_started, band="possible", also=FAIL_OPEN),
    look_alike(CODE, "packets are dropped", dropped_not_refused, first="sg-ingress-missing", also=FAIL_OPEN),
    look_alike(
        CODE,
        "users are served from the same port",
        check_closes_while_users_are_served,
        first="insufficient-evidence",
        also=FAIL_OPEN,
    ),
    look_alike(CODE, "the TLS handshake fails", handshake_fails, first="target-tls-handshake-failure", also=FAIL_OPEN),
    finds(CODE, "new tasks past their grace period", scaled_out_past_its_grace_period),
    look_alike(CODE, "new tasks within their grace period", scaled_out_a_moment_ago, verdict="no_fault_found"),
    look_alike(CODE, "new tasks answer 503 while they warm up", warms_up_with_503, verdict="no_fault_found"),
    look_alike(CODE, "the task is gone", task_is_gone, first="target-stale-registration"),
)
