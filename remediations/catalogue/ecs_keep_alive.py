"""Let the application keep idle connections longer than the load balancer does."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, LoadBalancerAttributes, TaskDefinitions
from diagnostics.rules.closed_early import idle_timeout_s
from diagnostics.rules.served_by import SERVED_USES, keep_alive, serving_container
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.keep_alive import longer
from remediations.steps.task_definitions import PREPARE

SPARE_S = 5
_NEEDS = (EcsService, TaskDefinitions, LoadBalancerAttributes)


@fix(
    id="ecs-keep-alive",
    title="Let the application keep idle connections longer",
    risk="medium",
    causes=("keepalive-race",),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=_NEEDS,
    uses=tuple(dict.fromkeys(kind for kind in (*DEPLOYMENT_USES, *SERVED_USES) if kind not in _NEEDS)),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    prepare=PREPARE,
)
def ecs_keep_alive(case: Case) -> Iterator[Plan]:
    """Registers a revision in which the server's own keep-alive setting is 5 s longer than the load balancer's idle
    timeout, and deploys it.

    Offered where the setting stands in the task definition already, or where the server is proven and takes a known
    variable: gunicorn with other workers than sync ones, uvicorn as the command, Spring Boot's Tomcat that wrote into
    the log. For all others the change belongs in code. More open connections cost a little memory. The undo deploys the
    present revision again.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
    """
    service, idle = case.facts[EcsService], idle_timeout_s(case.facts)
    setting, container = keep_alive(case.facts), serving_container(case.facts)
    definition = deployments.present_definition(case, service)
    if case.cause.band == "possible" or definition is None or container is None or setting is None or idle is None:
        return
    edit = longer(container, setting, idle + SPARE_S) if setting.races(idle) else None
    if edit is not None:
        yield deployments.revision_plan(
            case,
            service,
            definition,
            (edit,),
            fix="ecs-keep-alive",
            title=f"Let {setting.runtime} keep idle connections for {idle + SPARE_S} s",
            warnings=(
                f"now: {setting.in_words()}; the load balancer closes them after {idle} s",
                "a setting in code, or in a file of the image, may win over it",
            ),
        )
