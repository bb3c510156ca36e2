"""Blocked paths put together to what a person would call one fault: one place, these ports, these targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.facts import Target
from diagnostics.rules.reachability import Blocked, Path, Purpose, Stage
from diagnostics.rules.stand_ins import REPLACED

MAX_PORTS = 6
MAX_REASONS = 4


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands between a load balancer and some of its targets.

    `complete`: nothing gets through to these targets here, from any zone. `zones` are the load balancer's zones from
    which they are not reached. `of_how_many`: targets of the same groups that connections are opened to. `ports` are
    several where every target has one of its own, as with dynamic host ports. `targets` may be stand-ins for those
    that ECS has replaced.
    """

    load_balancer: str
    target_groups: tuple[str, ...]
    stage: Stage
    resources: tuple[str, ...]
    reasons: tuple[str, ...]
    ports: tuple[int, ...]
    purposes: frozenset[Purpose]
    complete: bool
    zones: tuple[str, ...]
    targets: tuple[Target, ...]
    of_how_many: int

    @property
    def why(self) -> str:
        return self.reasons[0]

    @property
    def port_words(self) -> str:
        """``8080``, or the first few of several."""
        more = f" and {len(self.ports) - MAX_PORTS} more" if len(self.ports) > MAX_PORTS else ""
        return ", ".join(str(port) for port in self.ports[:MAX_PORTS]) + more

    @property
    def affects(self) -> frozenset[str]:
        return frozenset(target.key for target in self.targets)

    @property
    def everybody(self) -> bool:
        return len(self.targets) == self.of_how_many

    def who(self) -> str:
        """``all 4 targets``, ``2 of 4 targets, all in us-east-1b``, ``10.0.1.21:8080``."""
        number = len(self.targets)
        if all(target.state == REPLACED for target in self.targets):
            return "all targets that come" if self.everybody else "some of the targets that come"
        zones = {target.zone for target in self.targets if target.zone}
        inside = f", all in {zones.pop()}" if len(zones) == 1 and not self.everybody else ""
        if self.everybody:
            return {1: "the only target", 2: "both targets"}.get(number, f"all {number} targets")
        return f"{number} of {self.of_how_many} targets{inside}" if number > 1 else self.targets[0].key


def obstacles(paths: Iterable[Path], stage: Stage) -> tuple[Obstacle, ...]:
    """What blocks at this stage. Paths that differ in what says no, why, or what for are different ones."""
    everything = tuple(paths)
    found: dict[tuple[str, tuple[str, ...], str, frozenset[Purpose], bool], list[tuple[Path, Blocked]]] = {}
    for (balancer, *_), ways in _by_target(everything).items():
        refused = [(path, verdict) for path in ways if isinstance(verdict := path.at(stage), Blocked)]
        if not refused:
            continue
        complete = len(refused) == len(ways) and not any(verdict.partly for _, verdict in refused)
        for path, verdict in refused:
            key = (balancer, verdict.resources, _kind_of_reason(verdict, stage), path.purposes, complete)
            found.setdefault(key, []).append((path, verdict))
    return tuple(
        Obstacle(
            load_balancer=balancer,
            target_groups=tuple(dict.fromkeys(path.target_group for path, _ in blocked)),
            stage=stage,
            resources=resources,
            reasons=tuple(dict.fromkeys(verdict.why for _, verdict in blocked))[:MAX_REASONS],
            ports=tuple(sorted({path.port for path, _ in blocked})),
            purposes=purposes,
            complete=complete,
            zones=tuple(sorted({path.zone for path, _ in blocked})),
            targets=tuple({path.target.key: path.target for path, _ in blocked}.values()),
            of_how_many=_how_many(everything, balancer, {path.target_group for path, _ in blocked}),
        )
        for (balancer, resources, _, purposes, complete), blocked in found.items()
    )


def _kind_of_reason(verdict: Blocked, stage: Stage) -> str:
    """An ACL's reason names one address and subnet; several of them are still one ACL that says no."""
    return "" if stage == "network-acl" else verdict.why


def _by_target(paths: Iterable[Path]) -> dict[tuple[str, str, str, int], list[Path]]:
    ways: dict[tuple[str, str, str, int], list[Path]] = {}
    for path in paths:
        ways.setdefault((path.load_balancer, path.target_group, path.target.key, path.port), []).append(path)
    return ways


def _how_many(paths: Iterable[Path], balancer: str, groups: set[str]) -> int:
    return len({path.target.key for path in paths if path.load_balancer == balancer and path.target_group in groups})
