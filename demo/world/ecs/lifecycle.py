"""One task's way from PROVISIONING to STOPPED.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from demo.world.apps import App, AppCatalogue
from demo.world.ecs import events
from demo.world.ecs.model import Container, Deployment, Service, Task
from demo.world.ecs.placement import Placement
from demo.world.timing import Timing

DEPROVISION_S = 8.0
CRASH_NOTICED_S = 8.0
"""From the end of a process until ECS knows: meanwhile the load balancer still sends requests there."""
SIGKILL_EXIT = 137
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
TIMED = frozenset({"PROVISIONING", "PENDING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"})


class TargetPort(Protocol):
    """What ECS asks of Elastic Load Balancing."""

    def register(self, target_group: str, target_id: str, port: int) -> None: ...

    def deregister(self, target_group: str, target_id: str, port: int) -> float:
        """Returns the deregistration delay in seconds."""
        ...


class LogPort(Protocol):
    """What containers write."""

    def watch(self, task: Task, container: Container, app: App, age_s: float, boot_s: float, now: float) -> None: ...

    def ended(self, task: Task, container: Container, at: float, code: int) -> None: ...

    def signalled(self, task: Task, container: Container, at: float) -> None: ...


class Lifecycle:
    """Moves tasks through their phases. `failed` is told of every task that did not do what its deployment wanted."""

    def __init__(
        self, timing: Timing, apps: AppCatalogue, placement: Placement, targets: TargetPort, log: LogPort
    ) -> None:
        self._timing = timing
        self._apps = apps
        self._placement = placement
        self._targets = targets
        self._log = log
        self.failed: Callable[[Service, Task, bool], None] = _nobody_listens

    def app(self, container: Container) -> App:
        """The behaviour of a container's image."""
        return self._apps[container.spec.image]

    def step(self, service: Service, task: Task) -> None:
        """Brings a task up to now."""
        now = self._timing.now()
        while task.last_status in TIMED and task.next_at <= now:
            self._leave_phase(service, task, task.next_at)
        if task.last_status == "RUNNING" and task.execution_stopped is None:
            self._watch_containers(service, task, now)
        elif task.last_status == "RUNNING" and task.next_at <= now:
            self._notice_crash(service, task, task.next_at)

    def stop(self, service: Service, task: Task, code: str, reason: str, *, drain: bool) -> None:
        """Orders a task to stop; with `drain` its targets are emptied before SIGTERM."""
        now = self._timing.now()
        task.desired_status, task.stop_code, task.stopped_reason, task.stopping = "STOPPED", code, reason, now
        task.version += 1
        if task.last_status != "RUNNING":
            self._exit_all(task, now)
            return
        delay_s = self._leave_targets(service, task, announce_drain=drain) if task.targets else 0.0
        if not drain:
            delay_s = 0.0
        task.last_status = "DEACTIVATING"
        task.next_at = now + self._timing.span_s(delay_s)

    def _leave_phase(self, service: Service, task: Task, at: float) -> None:
        match task.last_status:
            case "PROVISIONING":
                self._pull(service, task, at)
            case "PENDING":
                self._start_containers(service, task, at)
            case "DEACTIVATING":
                self._signal(task, at)
            case "STOPPING":
                self._exit_after_signal(task, at)
            case _:
                self._finish(task, at)
        task.version += 1

    def _pull(self, service: Service, task: Task, at: float) -> None:
        if error := self._first(task, "init_error"):
            self._fail_to_start(service, task, at, error)
            return
        task.last_status, task.pull_started = "PENDING", at
        task.next_at = at + self._timing.span_s(max(self.app(c).pull_s for c in task.containers))

    def _start_containers(self, service: Service, task: Task, at: float) -> None:
        if error := self._first(task, "pull_error") or self._first(task, "start_error"):
            self._fail_to_start(service, task, at, error)
            return
        task.pull_stopped = task.started = at
        task.last_status = "RUNNING"
        for container in task.containers:
            container.last_status = "RUNNING"
        service.launch_failures = 0
        self._join_targets(service, task, at)

    def _first(self, task: Task, kind: str) -> str | None:
        return next((error for c in task.containers if (error := getattr(self.app(c), kind))), None)

    def _fail_to_start(self, service: Service, task: Task, at: float, error: str) -> None:
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", "TaskFailedToStart", error
        task.stopping = at
        if error.startswith("Cannot"):
            task.containers[0].reason = error
        self._exit_all(task, at)
        self.failed(service, task, False)

    def _watch_containers(self, service: Service, task: Task, now: float) -> None:
        age_s = self._timing.age_s(task.started or now)
        for container in task.containers:
            self._judge_container(container, age_s)
            app = self.app(container)
            self._log.watch(task, container, app, age_s, app.boot_s, now)
            if container.spec.essential and (end := self._end_of(task, container, age_s)) is not None:
                self._crash(task, container, now, *end)
                return

    def _judge_container(self, container: Container, age_s: float) -> None:
        check = container.spec.health_check
        if not check:
            return
        interval_s = float(check.get("interval", 30))
        start_s = float(check.get("startPeriod", 0))
        app = self.app(container)
        if app.container_healthy and age_s >= max(interval_s, app.boot_s):
            container.health = "HEALTHY"
        elif not app.container_healthy and age_s >= start_s + interval_s * int(check.get("retries", 3)):
            container.health = "UNHEALTHY"

    def _end_of(self, task: Task, container: Container, age_s: float) -> tuple[int, str | None] | None:
        app = self.app(container)
        too_big = app.memory_mib > task.definition.limit_mib(container.spec) > 0
        if too_big and age_s >= app.memory_grows_for_s:
            return SIGKILL_EXIT, OUT_OF_MEMORY
        if app.crash_after_s is not None and age_s >= app.crash_after_s:
            return app.exit_code, app.exit_reason
        return None

    def _crash(self, task: Task, container: Container, at: float, code: int, reason: str | None) -> None:
        """The processes end; ECS learns of it a little later."""
        container.exit_code, container.reason = code, reason
        self._log.ended(task, container, at, code)
        for each in task.containers:
            each.exit_code = each.exit_code if each.exit_code is not None else 0
        task.execution_stopped = at
        task.next_at = at + self._timing.span_s(CRASH_NOTICED_S)
        task.version += 1

    def _notice_crash(self, service: Service, task: Task, at: float) -> None:
        task.desired_status, task.stop_code = "STOPPED", "EssentialContainerExited"
        task.stopped_reason, task.stopping = "Essential container in task exited", task.execution_stopped
        for container in task.containers:
            container.last_status = "STOPPED"
        self._leave_targets(service, task, announce_drain=False)
        self._deprovision(task, at)
        task.version += 1
        self.failed(service, task, True)

    def _signal(self, task: Task, at: float) -> None:
        task.last_status = "STOPPING"
        for container in task.containers:
            self._log.signalled(task, container, at)
        wait_s = max(min(self.app(c).stops_in_s, c.spec.stop_timeout_s) for c in task.containers)
        task.next_at = at + self._timing.span_s(wait_s)

    def _exit_after_signal(self, task: Task, at: float) -> None:
        for container in task.containers:
            app = self.app(container)
            was_killed = app.stops_in_s > container.spec.stop_timeout_s
            container.exit_code = SIGKILL_EXIT if was_killed else app.exit_on_sigterm
        self._exit_all(task, at)

    def _exit_all(self, task: Task, at: float) -> None:
        for container in task.containers:
            container.last_status = "STOPPED"
        task.execution_stopped = at if task.started is not None else None
        self._deprovision(task, at)

    def _deprovision(self, task: Task, at: float) -> None:
        task.last_status = "DEPROVISIONING"
        task.next_at = at + self._timing.span_s(DEPROVISION_S)

    def _finish(self, task: Task, at: float) -> None:
        task.last_status, task.stopped = "STOPPED", at
        self._placement.release(task)

    def _join_targets(self, service: Service, task: Task, at: float) -> None:
        deployment = next((d for d in service.history if d.id == task.deployment_id), None)
        for target in targets_of(deployment, task) if deployment else ():
            self._targets.register(*target)
            task.targets.append(target)
            events.say_targets(service, at, "registered", target[0])

    def _leave_targets(self, service: Service, task: Task, *, announce_drain: bool) -> float:
        now, delay_s = self._timing.now(), 0.0
        if announce_drain:
            events.say(service, now, events.draining(1))
        for target in task.targets:
            delay_s = max(delay_s, self._targets.deregister(*target))
            events.say_targets(service, now, "deregistered", target[0])
        task.targets = []
        return delay_s


def _nobody_listens(_service: Service, _task: Task, _started: bool) -> None:
    """Until a scheduler wants to know."""


def targets_of(deployment: Deployment, task: Task) -> list[tuple[str, str, int]]:
    """What ECS registers for a task: its address, or its instance with the host port of the container's port."""
    found = []
    for attached in deployment.load_balancers:
        group = attached.get("targetGroupArn")
        port = int(attached["containerPort"])
        if not group:
            continue
        if task.instance is None:
            found.append((group, task.address, port))
            continue
        bindings = {
            inside: host
            for c in task.containers
            if c.spec.name == attached["containerName"]
            for inside, host in c.bindings
        }
        if port in bindings:
            found.append((group, task.instance.instance_id, bindings[port]))
    return found
