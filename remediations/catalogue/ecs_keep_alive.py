"""Let the application keep idle connections longer than the load balancer does."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, LoadBalancerAttributes, TaskDefinitions
from diagnostics.rules.served_by import SERVED_USES, keep_alive, serving_container
from remediations.fix import Case, fix
from remediations.plan import Plan, Success
from remediations.steps import deployments, healthy
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.keep_alive import longer
from remediations.steps.task_definitions import PREPARE

SPARE_S = 5
QUIET_S = 600


@fix(
    id="ecs-keep-alive",
    title="Let the application keep idle connections longer",
    risk="medium",
    causes=("keepalive-race",),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=(EcsService, TaskDefinitions, LoadBalancerAttributes),
    uses=(*DEPLOYMENT_USES, *SERVED_USES),
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
    service, idle = case.facts[EcsService], _longest_idle_s(case)
    setting, container = keep_alive(case.facts), serving_container(case.facts)
    definition = deployments.present_definition(case, service)
    if case.cause.band == "possible" or definition is None or container is None or setting is None or idle is None:
        return
    edit = longer(container, setting, idle + SPARE_S) if setting.races(idle) else None
    if edit is not None:
        plan = deployments.revision_plan(
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
        yield plan.model_copy(update={"success": _without_502(case, plan.success)})


def _without_502(case: Case, success: Success) -> Success:
    """A deployment that went well says nothing of what it was for. 502 is not counted by target group: a load balancer
    of several services does not tell either."""
    if case.facts.observed.shared_load_balancer:
        return success
    quiet = tuple(
        healthy.load_balancer_quiet(arn, "HTTPCode_ELB_502_Count", for_s=QUIET_S)
        for arn in case.facts.subject.load_balancers
    )
    return success.model_copy(update={"text": f"{success.text}, and nobody gets 502 any more", "quiet": quiet})


def _longest_idle_s(case: Case) -> int | None:
    """Of all load balancers in front: the server has to outlast every one. None where one of them was not read."""
    attributes, fronts = case.facts[LoadBalancerAttributes], case.facts.subject.load_balancers
    known = [attributes.idle_timeout_s(arn) for arn in fronts if arn in attributes.by_arn]
    return max(known, default=None) if len(known) == len(fronts) else None
