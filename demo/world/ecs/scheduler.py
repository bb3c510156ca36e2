"""Keeps services at their desired count: starts, stops, replaces, rolls out and rolls back.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html (replacement of unhealthy
tasks), https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html (percentages) and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import Protocol

from demo.world.ecs import events, rollout, task_sets
from demo.world.ecs.lifecycle import Lifecycle
from demo.world.ecs.model import Container, Deployment, Service, Task
from demo.world.ecs.placement import Placement
from demo.world.ecs.store import EcsStore
from demo.world.timing import Timing

SETTLE_WITHOUT_TARGETS_S = 40.0
FREE_LAUNCH_FAILURES = 3
FIRST_BACK_OFF_S = 20.0
MAX_BACK_OFF_S = 900.0
PROVISION_AWSVPC_S = 10.0
PROVISION_BRIDGE_S = 1.0


@dataclass(frozen=True, slots=True)
class TargetView:
    """What the load balancer thinks of one target."""

    state: str
    description: str | None


class HealthPort(Protocol):
    """What ECS reads of Elastic Load Balancing."""

    def view(self, target_group: str, target_id: str, port: int) -> TargetView: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A service's wanted tasks by what the scheduler thinks of them."""

    healthy: list[Task]
    unhealthy: list[Task]
    undecided: list[Task]

    @property
    def all(self) -> list[Task]:
        return [*self.healthy, *self.unhealthy, *self.undecided]


class Scheduler:
    """The service scheduler of one account and region."""

    def __init__(
        self, store: EcsStore, timing: Timing, placement: Placement, lifecycle: Lifecycle, health: HealthPort
    ) -> None:
        self._store = store
        self._timing = timing
        self._placement = placement
        self._lifecycle = lifecycle
        self._health = health
        lifecycle.failed = self._note_failure

    def tick(self) -> None:
        """Brings every service up to now."""
        for service in self._store.services():
            self.reconcile(service)
        self._store.forget_old(self._timing.now())

    def reconcile(self, service: Service) -> None:
        """Brings one service up to now."""
        tasks = [task for task in self._store.tasks_of(service) if task.stopped is None]
        for task in tasks:
            self._lifecycle.step(service, task)
        if not service.deployments:
            return
        if service.controller == task_sets.CODE_DEPLOY:
            self._reconcile_sets(service, tasks)
            return
        wanted = [task for task in tasks if task.is_wanted]
        current = self._judge(service, [t for t in wanted if t.deployment_id == service.primary.id])
        old = self._judge(service, [t for t in wanted if t.deployment_id != service.primary.id])
        if current.healthy:
            service.primary.consecutive_failures = 0
        self._retire_old(service, current, old)
        self._replace_unhealthy(service, current, len(old.all))
        self._scale_in(service, current)
        self._start_missing(service)
        rollout.settle(self._store, service, self._timing.now(), current.healthy, old.all)
        self._note_steady(service, current, old)

    def _reconcile_sets(self, service: Service, tasks: list[Task]) -> None:
        """Each set has all of the service's tasks until it drains, whichever gets the requests."""
        for one in list(service.deployments):
            own = [task for task in tasks if task.deployment_id == one.id]
            wanted = [task for task in own if task.is_wanted]
            leaves = one.task_set == task_sets.LEAVES or service.status != "ACTIVE"
            surplus = len(wanted) - (0 if leaves else service.desired)
            if surplus > 0:
                self._stop(service, wanted[-surplus:], scaling_reason(one), drain=True)
            elif leaves and not own and len(service.deployments) > 1:
                service.deployments.remove(one)
            elif not leaves:
                self._stop_unhealthy(service, self._judge(service, wanted).unhealthy)
                if surplus < 0 and self._timing.now() >= service.launch_after:
                    self._start(service, one, -surplus)

    def stop_everything(self, service: Service) -> None:
        """For a deleted service."""
        for task in self._store.tasks_of(service):
            if task.is_wanted and task.stopped is None:
                self._stop(service, [task], scaling_reason(service.primary), drain=True)

    # --- judging

    def _judge(self, service: Service, tasks: list[Task]) -> Judged:
        judged = Judged([], [], [])
        lists = {"healthy": judged.healthy, "unhealthy": judged.unhealthy, "undecided": judged.undecided}
        for task in tasks:
            lists[self._opinion(service, task)].append(task)
        return judged

    def _opinion(self, service: Service, task: Task) -> str:
        if not task.is_running or task.started is None:
            return "undecided"
        age_s = self._timing.age_s(task.started)
        views = [self._health.view(*target) for target in task.targets]
        sick = task.health == "UNHEALTHY" or any(view.state == "unhealthy" for view in views)
        if sick:
            return "unhealthy" if age_s >= service.grace_s else "undecided"
        checked = [c for c in task.containers if c.spec.essential and c.spec.health_check]
        if checked and task.health != "HEALTHY":
            return "undecided"
        if views:
            return "healthy" if all(view.state == "healthy" for view in views) else "undecided"
        settled = bool(checked) or age_s >= SETTLE_WITHOUT_TARGETS_S
        return "healthy" if settled else "undecided"

    # --- stopping

    def _retire_old(self, service: Service, current: Judged, old: Judged) -> None:
        needed = math.ceil(service.desired * service.rules.minimum_percent / 100)
        keep = max(0, needed - len(current.healthy))
        leaving = [*old.undecided, *old.unhealthy, *old.healthy]
        surplus = len(leaving) - keep
        if surplus > 0:
            self._stop(service, leaving[:surplus], scaling_reason(service.primary), drain=True)

    def _scale_in(self, service: Service, current: Judged) -> None:
        if current.unhealthy or (current.undecided and service.desired):
            return
        surplus = len(current.all) - service.desired
        if surplus > 0:
            self._stop(service, current.all[-surplus:], scaling_reason(service.primary), drain=True)

    def _replace_unhealthy(self, service: Service, current: Judged, old_count: int) -> None:
        if not current.unhealthy:
            return
        total = len(current.all)
        surplus = total - service.desired
        room = self._maximum(service) - total - old_count
        if surplus > 0:
            self._stop_unhealthy(service, current.unhealthy[: max(0, surplus - len(current.undecided))])
        elif room <= 0 or rollout.has_failed(service.primary):
            self._stop_unhealthy(service, current.unhealthy[:1])
        else:
            count = min(len(current.unhealthy), room)
            self._start(service, service.primary, count, replaced_unhealthy=count)

    def _stop_unhealthy(self, service: Service, tasks: list[Task]) -> None:
        for task in tasks:
            reason = self._announce_unhealthy(service, task)
            self._stop(service, [task], reason, drain=False)
            self._note_failure(service, task, True)

    def _announce_unhealthy(self, service: Service, task: Task) -> str:
        now = self._timing.now()
        for group, target_id, port in task.targets:
            view = self._health.view(group, target_id, port)
            if view.state == "unhealthy":
                owner = f"(task {task.id})" if task.instance is None else f"(instance {target_id})"
                events.say(service, now, events.unhealthy_target(owner, port, group, view.description or ""))
                return f"Task failed ELB health checks in (target-group {group})"
        events.say(service, now, events.unhealthy_container(task.id))
        return "Task failed container health checks"

    def _stop(self, service: Service, tasks: list[Task], reason: str, *, drain: bool) -> None:
        for task in tasks:
            self._lifecycle.stop(service, task, "ServiceSchedulerInitiated", reason, drain=drain)
        events.say(service, self._timing.now(), events.stopped([task.id for task in tasks]))

    # --- starting

    def _maximum(self, service: Service) -> int:
        return max(1, math.floor(service.desired * service.rules.maximum_percent / 100))

    def _start_missing(self, service: Service) -> None:
        if rollout.has_failed(service.primary) or service.status != "ACTIVE":
            return
        wanted = [task for task in self._store.tasks_of(service) if task.is_wanted]
        current = sum(task.deployment_id == service.primary.id for task in wanted)
        room = self._maximum(service) - len(wanted)
        missing = min(service.desired - current, room)
        if missing > 0 and self._timing.now() >= service.launch_after:
            self._start(service, service.primary, missing)

    def _start(self, service: Service, deployment: Deployment, count: int, replaced_unhealthy: int = 0) -> None:
        now, started = self._timing.now(), []
        for _ in range(count):
            task = self._new_task(service, deployment, now)
            refusal = self._placement.place(service, deployment, task)
            if refusal is not None:
                events.say(service, now, events.unable_to_place(refusal))
                service.launch_after = now + self._timing.span_s(FIRST_BACK_OFF_S)
                break
            service.cluster.tasks[task.id] = task
            started.append(task.id)
        if started:
            service.steady = False
            events.say(service, now, events.started(started, replaced_unhealthy))

    def _new_task(self, service: Service, deployment: Deployment, now: float) -> Task:
        task_id = self._store.new_id()
        arn = self._store.arn(f"task/{service.cluster.name}/{task_id}")
        base = self._store.arn(f"container/{service.cluster.name}/{task_id}")
        has_interface = deployment.definition.network_mode == "awsvpc"
        provision_s = PROVISION_AWSVPC_S if has_interface else PROVISION_BRIDGE_S
        return Task(
            id=task_id,
            arn=arn,
            cluster=service.cluster,
            definition=deployment.definition,
            service=service.name,
            deployment_id=deployment.id,
            launch_type=deployment.launch_type,
            containers=[Container(f"{base}/{uuid.uuid4()}", spec) for spec in deployment.definition.containers],
            created=now,
            zone="",
            next_at=now + self._timing.span_s(provision_s),
        )

    # --- remembering

    def _note_failure(self, service: Service, task: Task, started: bool) -> None:
        deployment = next((d for d in service.deployments if d.id == task.deployment_id), None)
        if deployment is not None and deployment.rollout_state == "IN_PROGRESS":
            deployment.failed_tasks += 1
            deployment.consecutive_failures += 1
        if started:
            return
        service.launch_failures += 1
        excess = service.launch_failures - FREE_LAUNCH_FAILURES
        if excess >= 0:
            now = self._timing.now()
            back_off_s = min(MAX_BACK_OFF_S, FIRST_BACK_OFF_S * 2.0**excess)
            service.launch_after = now + self._timing.span_s(back_off_s)
            events.say(service, now, events.unable_to_start())

    def _note_steady(self, service: Service, current: Judged, old: Judged) -> None:
        is_steady = len(current.healthy) == service.desired and not old.all and len(current.all) == service.desired
        if is_steady and not service.steady:
            events.say(service, self._timing.now(), events.steady())
        service.steady = is_steady


def scaling_reason(deployment: Deployment) -> str:
    return f"Scaling activity initiated by (deployment {deployment.id})"
