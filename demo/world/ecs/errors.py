"""The refusals of the ECS API, worded as AWS words them.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and the errors of each operation.
"""

from __future__ import annotations

from demo.aws.call import AwsError


def cluster_not_found() -> AwsError:
    return AwsError("ClusterNotFoundException", "Cluster not found.", 400)


def service_not_found() -> AwsError:
    return AwsError("ServiceNotFoundException", "Service not found.", 400)


def service_not_active() -> AwsError:
    return AwsError("ServiceNotActiveException", "Service was not ACTIVE.", 400)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message, 400)


def client(message: str) -> AwsError:
    return AwsError("ClientException", message, 400)


def task_definition_not_found() -> AwsError:
    return client("Unable to describe task definition.")


def service_deployment_not_found() -> AwsError:
    return AwsError(
        "ServiceDeploymentNotFoundException", "The service deployment ARN that you specified was not found.", 400
    )


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message, 400)
