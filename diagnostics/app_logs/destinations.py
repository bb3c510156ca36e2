"""Where a container's lines go, as its task definition says.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.facts import ContainerDefinition

_TO_CLOUDWATCH = frozenset({"cloudwatch", "cloudwatch_logs"})


@dataclass(frozen=True, slots=True)
class Destination:
    """A log group. `prefix` None: its streams have names that nobody can derive from a task."""

    log_group: str
    region: str | None
    prefix: str | None
    driver: str
    blocks: bool = False

    def stream(self, container: str, task: str) -> str | None:
        if self.prefix is None:
            return None
        if self.driver == "awsfirelens":
            return f"{self.prefix}{container}-firelens-{task}"
        return f"{self.prefix}/{container}/{task}"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """`where` is a driver's or an output's name; empty: the container has no log configuration."""

    where: str


def destination_of(container: ContainerDefinition) -> Destination | Elsewhere:
    options = container.log_options
    if container.log_driver == "awslogs" and options.get("awslogs-group"):
        return Destination(
            log_group=options["awslogs-group"],
            region=options.get("awslogs-region"),
            prefix=options.get("awslogs-stream-prefix"),
            driver="awslogs",
            blocks=options.get("mode") == "blocking",
        )
    if container.log_driver != "awsfirelens":
        return Elsewhere(container.log_driver or "")
    lowered = {name.lower(): value for name, value in options.items()}
    output, group = lowered.get("name", ""), lowered.get("log_group_name", "")
    if output not in _TO_CLOUDWATCH or not group or "$(" in group:
        return Elsewhere(f"awsfirelens, {output}" if output else "awsfirelens")
    prefix = lowered.get("log_stream_prefix")
    return Destination(log_group=group, region=lowered.get("region"), prefix=prefix, driver="awsfirelens")
