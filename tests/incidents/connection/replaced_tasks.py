"""Refused connections while ECS replaces the tasks, so that target health shows none of it."""

from tests.incidents.building import TARGETS, Incident, definition, deployment, task, task_definition_arn
from tests.incidents.cases import Case, finds, look_alike
from tests.incidents.connection.container_port_mismatch import with_container
from tests.incidents.replacing import MOMENTS, REFUSED, Moment, replacing

PORT_MISMATCH, NOT_LISTENING = "container-port-mismatch", "port-not-listening"
EMPTY = "no-registered-targets"


def port_changed(moment: Moment) -> Incident:
    return replacing(Incident().definitions(with_container(environment={"PORT": "3000"})), REFUSED, moment)


def hangs_at_start(moment: Moment) -> Incident:
    """It had nine minutes and opened nothing."""
    container = with_container(environment={}, command=("serve", "--host", "127.0.0.1"))
    return replacing(Incident().definitions(container), REFUSED, moment, ran_min=9)


def rolling_deployment() -> Incident:
    """The old tasks serve; the new revision's are killed one after the other."""
    new = deployment(8, created=14, rollout_state="IN_PROGRESS", running=0, failed_tasks=3)
    old = deployment(7, status="ACTIVE")
    incident = Incident()
    healthy = incident.snapshot()
    replacing(incident, REFUSED, "empty", revision=8)
    incident.facts[type(healthy.facts["target_health"])] = healthy.facts["target_health"]
    incident.service(desired=4, running=4, deployments=(new, old), task_definition=task_definition_arn(8))
    incident.running(*(task(number, ip) for number, ip in enumerate(TARGETS, 1)))
    incident.definitions(definition(7), with_container(8, environment={"PORT": "3000"}), previous=7)
    return incident.elb_errors(503, 0, 180)


def next_revision_is_right() -> Incident:
    """Revision 8 had the wrong port; revision 9 has the right one and is about to start."""
    incident = replacing(Incident(), REFUSED, "initial", last_min=5, revision=8, stops_known=True)
    new = deployment(9, created=3, rollout_state="IN_PROGRESS", running=1)
    incident.service(task_definition=task_definition_arn(9), deployments=(new,))
    incident.running(task(1, "10.0.1.21", revision=9, started=0.5))
    incident.definitions(with_container(8, environment={"PORT": "3000"}), definition(9), previous=8)
    return incident


CASES = (
    *(
        Case(
            PORT_MISMATCH,
            f"the only task is replaced, its port is another one, target group {moment}",
            lambda moment=moment: port_changed(moment),  # type: ignore[misc]
            "finds",
            also=(EMPTY,),
            band="confirmed",
            summary_says="3000",
        )
        for moment in MOMENTS
    ),
    *(
        Case(
            "app-bound-to-loopback",
            f"the only task is replaced and keeps to the loopback address, target group {moment}",
            lambda moment=moment: hangs_at_start(moment),  # type: ignore[misc]
            "finds",
            also=(EMPTY,),
            band="likely",
        )
        for moment in MOMENTS
    ),
    finds(
        PORT_MISMATCH,
        "the old tasks serve while the new ones are replaced",
        rolling_deployment,
        band="confirmed",
        also=("deployment-regression", "deployment-failing-loop"),
    ),
    look_alike(
        NOT_LISTENING, "the port was right before and after", next_revision_is_right, first=PORT_MISMATCH, also=(EMPTY,)
    ),
)
