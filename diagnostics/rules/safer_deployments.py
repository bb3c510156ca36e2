"""How the next deployment hurts nobody: the fields of the service, and the command that sets them.

A change of the deployment configuration starts no deployment by itself:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from typing import Final

from diagnostics.facts import EcsService

ROLLING: Final = (
    '{"minimumHealthyPercent":100,"maximumPercent":200,"deploymentCircuitBreaker":{"enable":true,"rollback":true}}'
)
BLUE_GREEN: Final = (
    'Safer still: "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10 in deploymentConfiguration, with'
    " alternateTargetGroupArn, productionListenerRule and roleArn in loadBalancers[].advancedConfiguration."
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html"""
ALARMS: Final = (
    '"alarms": {"alarmNames": ["ALARM"], "enable": true, "rollback": true} in deploymentConfiguration, with an alarm on'
    " HTTPCode_Target_5XX_Count (the circuit breaker sees only tasks that do not get well)"
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html"""
NOT_BY_ECS: Final = (
    "ECS does not make these deployments (controller {controller}), so its percentages do not count: let the old task"
    " set end only when the new one is healthy and has the traffic (in CodeDeploy terminationWaitTimeInMinutes)."
)


def update(service: EcsService, *options: str) -> str:
    """``aws ecs update-service --cluster shop --service web …``"""
    place = f"--cluster {service.cluster.rsplit('/', 1)[-1]} --service {service.service}"
    return " ".join(("aws ecs update-service", place, *options))


def old_tasks_stay(service: EcsService, *options: str) -> str:
    """What lets no old task go before a new one is healthy."""
    if service.deployment_controller != "ECS":
        return NOT_BY_ECS.format(controller=service.deployment_controller)
    command = update(service, *options, f"--deployment-configuration '{ROLLING}'")
    room = "; the hosts need room for twice the tasks meanwhile" if service.launch_type == "EC2" else ""
    return f"`{command}`{room}. {BLUE_GREEN}"
