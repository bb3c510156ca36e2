"""One way in which targets of a group fail their health check, with what else is known about that group.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import JsonValue

from diagnostics.causes.cause import Evidence, Facts, decisive, supporting
from diagnostics.facts import (
    Change,
    Changes,
    EarlierChanges,
    EcsService,
    Fact,
    Frozen,
    Gap,
    LogLine,
    LogSignature,
    Metrics,
    RunningTasks,
    StoppedTasks,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Task,
    TaskDefinitions,
)
from diagnostics.printable import counted, line, part_of
from diagnostics.rules import task_stops
from diagnostics.rules.address_space import address
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.container_settings import ContainerProbe, container_probe, mapped_ports
from diagnostics.rules.group_traffic import (
    QUIET,
    QUIET_BETWEEN_KILLS,
    GroupTraffic,
    sick_since,
    traffic_of,
    was_ever_healthy,
)
from diagnostics.rules.health_history import HISTORY_USES, Failing, HealthHistory
from diagnostics.rules.health_reasons import HealthReport, accepted_codes, codes_in_words, named
from diagnostics.rules.mended import SETTINGS, Mended, left_at, mended_by, setting
from diagnostics.rules.observations import Observations
from diagnostics.rules.target_states import others_in_words
from diagnostics.rules.written import quoted, who, written

CASE_NEEDS: tuple[type[Fact], ...] = (TargetGroups, TargetHealth)
CASE_USES: tuple[type[Fact], ...] = (
    *(kind for kind in HISTORY_USES if kind not in CASE_NEEDS),
    TaskDefinitions,
    Metrics,
    EarlierChanges,
    *LINE_USES,
)
"""What a cause declares to ask for health cases."""
CASE_CLEAR_NEEDS: tuple[type[Fact], ...] = (EcsService, StoppedTasks)
"""Events and stopped tasks alone know what replaced targets failed for."""

LEADS_TO = ("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets")
HELPED_BY = ("deployment-regression", "deployment-min-healthy-too-low")
"""What failing health checks do to a service, and what only brings them about."""

CHECKS_DOC = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
TROUBLE_DOC = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html"

NOT_CHECKED = frozenset({"draining", "unused", "unavailable"})
MAX_PATH = 120
SHORT_ID = 8


class HealthCase(Frozen):
    """`sick` fails in one way; `registered` counts the group's targets that are checked at all.

    `since` is when the group's health turned, `killed` the tasks that ECS stopped for it. `changes` are the settings
    of this group that people changed before `since`, newest first. `mended`: nothing fails any more since this edit of
    the health check, and `group` then has the settings that failed, as far as CloudTrail tells them.
    `mapped_ports` None: what the targets open is not known. `log_lines` are those in which the application says why it
    refuses: the host of a request, or plain HTTP and TLS meeting each other. `may_be_starting`: tasks or
    service could not be read, and it fails in the way of tasks that are new, for no longer than these may need.
    """

    group: TargetGroup
    sick: Failing
    registered: int
    all_sick: bool
    since: datetime | None
    traffic: GroupTraffic
    ever_healthy: bool | None
    killed: tuple[Task, ...] = ()
    changes: tuple[Change, ...] = ()
    mended: Mended | None = None
    mapped_ports: frozenset[int] | None = None
    probe: ContainerProbe | None = None
    log_lines: tuple[LogLine, ...] = ()
    others: tuple[Target, ...] = ()
    """The group's targets that do not fail so, whatever they do."""
    recorded: tuple[Change, ...] = ()
    """All changes of this group that CloudTrail told of, newest first; its creation is one."""
    may_be_starting: bool = False

    @property
    def in_all(self) -> int:
        """How many targets the group has, those included that are not checked."""
        return len(self.sick.keys) + len(self.others)

    @property
    def affects(self) -> frozenset[str]:
        reported = self.sick.task_ids if not self.sick.targets else frozenset()
        return self.sick.keys | reported | {task.id for task in self.killed}

    @property
    def reports(self) -> tuple[HealthReport, ...]:
        """ECS's words for the same failure, newest first."""
        return self.sick.reports

    @property
    def path(self) -> str:
        return line(self.group.health_check.path or "/", MAX_PATH)

    @property
    def explicit_port(self) -> int | None:
        """The health check's own port, when it is another one than where requests go."""
        text = self.group.health_check.port
        ports = {target.port for target in self.sick.targets} | {report.port for report in self.reports}
        return int(text) if text.isdigit() and int(text) not in ports else None

    def explains(self, observed: Observations) -> frozenset[str]:
        stops = task_stops.explained_by_stops(self.killed, observed) if self.killed else frozenset()
        gone = frozenset() if self.sick.targets else frozenset({"deployment", "no-targets"})
        return ((frozenset({"unhealthy"}) | gone) & observed.symptoms) | stops

    def changed(self, key: str) -> Change | None:
        """The change that gave the setting `key` its present value, if somebody made one before the trouble."""
        for change in self.changes:
            value = setting(change, key)
            if value is not None:
                same_before = str(self.before(change, key)) == str(value)
                # CloudTrail writes a port as it was given, which may be a number.
                return change if str(value) == str(_present(self.group, key)) and not same_before else None
        return None

    def before(self, change: Change, key: str) -> JsonValue:
        """What the setting `key` was before the change; None where no record tells."""
        known = change.before.get(key)
        if known is not None:
            return known.get("httpCode") if isinstance(known, dict) else known
        older = (left_at(old, key) for old in self.recorded if old.at < change.at)
        return next((value for value in older if value is not None), None)


def health_cases(facts: Facts) -> tuple[HealthCase, ...]:
    """Every way in which targets of the subject fail, for a cause that declares `CASE_NEEDS` and `CASE_USES`."""
    return tuple(_cases(facts))


def answers(case: HealthCase) -> Evidence:
    """What the failing targets do, in one decisive record."""
    did = {
        "answer": f"answered the health check with {codes_in_words(case.sick.codes)}",
        "timeout": "did not answer the health check in time (Target.Timeout)",
        "connection": "refused or broke the health check's connection (Target.FailedHealthChecks)",
    }[case.sick.kind]
    if case.sick.targets:
        keys = sorted(case.sick.keys)
        text = f"{part_of(len(keys), case.in_all, 'target')} {did}: {named(keys)}{others_in_words(case.others)}"
        return decisive(text, "elbv2:DescribeTargetHealth", value=len(keys))
    report = case.reports[0]
    return decisive(f"targets that ECS has replaced since {did}", "ecs:DescribeServices", at=report.at)


def wants(case: HealthCase) -> str:
    """The check's setting in words."""
    check = case.group.health_check
    port = "the traffic port" if not check.port.isdigit() else f"port {check.port}"
    matcher = f" and accepts {check.matcher}" if check.matcher else ""
    return f"the health check asks {check.protocol} {case.path} on {port}{matcher}"


def replaced(case: HealthCase) -> Iterator[Evidence]:
    """ECS's own record of the failure and the tasks it stopped for it."""
    if case.reports and case.sick.targets:
        report = case.reports[0]
        yield supporting(reported(report), "ecs:DescribeServices", at=report.at)
    if case.killed:
        text = (
            f"ECS stopped {counted(len(case.killed), 'task')} for failed health checks: {task_stops.named(case.killed)}"
        )
        yield supporting(text, "ecs:DescribeTasks", at=case.killed[0].stopped_at)


def reported(report: HealthReport) -> str:
    """A service event about a target in short words."""
    did = {
        "answer": f"it answered {codes_in_words(report.codes)}",
        "timeout": "it did not answer in time",
        "connection": "the connection was refused or broken",
    }[report.kind]
    who = f"task {report.task_id[:SHORT_ID]}" if report.task_id else report.instance_id or "a target"
    return f"ECS reported {who} unhealthy: {did}"


def served(case: HealthCase) -> Iterator[Evidence]:
    """A decisive record that the same targets answer users well, where that was counted."""
    if case.traffic.served:
        bad = case.traffic.server_errors or 0
        errors = f"{bad:,} answers of 5xx" if bad else "no 5xx"
        text = f"meanwhile users of this target group got {case.traffic.good:,} good answers and {errors}"
        yield decisive(text, "cloudwatch:GetMetricData", value=case.traffic.good)


def change_of(case: HealthCase, key: str, what: str) -> Iterator[Evidence]:
    """The change behind the present value of a setting; decisive when it came shortly before the trouble."""
    change = case.changed(key)
    if change is not None:
        record = change_evidence(change, case.since)
        value = line(str(setting(change, key)), MAX_PATH)
        former = case.before(change, key)
        was = "" if former is None else f", and was {line(str(former), MAX_PATH)} before"
        yield record.model_copy(update={"text": f"{record.text}: {what} is {value} since then{was}"})


def set_check(case: HealthCase, *options: str) -> str:
    """The command that changes a setting of the health check."""
    return " ".join((f"aws elbv2 modify-target-group --target-group-arn {case.group.arn}", *options))


def ask_the_target(case: HealthCase, protocol: str | None = None, port: int | None = None) -> str:
    """The command that asks a target what the load balancer asks it; to be run where the target can be reached."""
    target = next(iter(case.sick.targets), None)
    check = case.group.health_check
    own = int(check.port) if check.port.isdigit() else target.port if target else case.group.port
    scheme = (protocol or check.protocol).lower()
    url = f"{scheme}://{_host(target)}:{port or own or ''}{case.path}"
    return f"curl -vk {shlex.quote(url)}"


def health_command(case: HealthCase) -> str:
    """The command that shows the health of the group's targets."""
    return f"aws elbv2 describe-target-health --target-group-arn {shlex.quote(case.group.arn)}"


def killed_for(group: TargetGroup, facts: Facts) -> tuple[Task, ...]:
    """Tasks that ECS stopped in the window because this group's health checks failed, newest first."""
    return HealthHistory.of(facts.maybe, facts.window).killed(group.arn)


def checked(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Targets that take part: neither leaving nor unused."""
    return tuple(target for target in targets if target.state not in NOT_CHECKED)


def _host(target: Target | None) -> str:
    """How a URL names the target; an instance id is no address."""
    found = address(target.id) if target else None
    if found is None:
        return "TARGET"
    return f"[{found}]" if found.version == 6 else str(found)


def _cases(facts: Facts) -> Iterator[HealthCase]:
    history = HealthHistory.of(facts.maybe, facts.window)
    for arn, targets in facts[TargetHealth].by_group.items():
        group = facts[TargetGroups].of(arn)
        if group is None:
            continue
        killed = history.killed(arn)
        since = _since(facts, group, history.reports(arn), killed)
        taking_part = checked(targets)
        all_sick = bool(taking_part) and not any(target.state == "healthy" for target in taking_part)
        for failing in history.failing(arn):
            mended = mended_by(facts.maybe(Changes), group, failing, facts.window.end, since)
            yield HealthCase(
                group=mended.before(group) if mended else group,
                sick=failing,
                registered=len(taking_part),
                all_sick=all_sick and bool(failing.targets),
                since=since,
                traffic=_traffic(facts, group, since),
                ever_healthy=was_ever_healthy(facts.maybe(Metrics), group),
                killed=killed,
                changes=_changes(facts, group, since),
                mended=mended,
                mapped_ports=mapped_ports(facts, group),
                probe=container_probe(facts),
                log_lines=_log_lines(facts, failing, since),
                others=tuple(target for target in targets if target.key not in failing.keys),
                recorded=_recorded(facts, group),
                may_be_starting=_may_be_starting(facts, history, failing, arn, since),
            )


def _log_lines(facts: Facts, failing: Failing, since: datetime | None) -> tuple[LogLine, ...]:
    """A refused host counts when it is the address of a target, or any address where the targets are gone already."""
    lines = written(facts, "host-refused", "plain-to-tls-port", "tls-to-plain-port", since=since)
    ids = {target.id for target in failing.targets}

    def is_of_the_check(one: LogLine) -> bool:
        host = one.details.get("host", "").rsplit(":", 1)[0].strip("[]")
        return not host or host in ids or (not ids and address(host) is not None)

    return tuple(one for one in lines if is_of_the_check(one))


def of_the_log(case: HealthCase, *signatures: LogSignature) -> tuple[Evidence, ...]:
    """What the application says about the checks, in one decisive record."""
    found = next((one for one in case.log_lines if one.signature in signatures), None)
    return (decisive(f"{who(found)} wrote {quoted(found)}", "logs:FilterLogEvents", at=found.at),) if found else ()


def _since(
    facts: Facts, group: TargetGroup, reports: tuple[HealthReport, ...], killed: tuple[Task, ...]
) -> datetime | None:
    quiet = QUIET_BETWEEN_KILLS if killed else QUIET
    measured = sick_since(facts.maybe(Metrics), group, facts.window.end, quiet)
    signs = [report.at for report in reports] + [task.stopped_at for task in killed if task.stopped_at]
    return measured or min(signs, default=facts.observed.onset)


def _may_be_starting(
    facts: Facts, history: HealthHistory, failing: Failing, group_arn: str, since: datetime | None
) -> bool:
    unread = isinstance(facts.maybe(RunningTasks), Gap) or isinstance(facts.maybe(EcsService), Gap)
    if not unread or since is None:
        return False
    new = history.may_be_starting(group_arn, facts.window.end - since)
    return bool(failing.keys) and failing.keys <= new


def _traffic(facts: Facts, group: TargetGroup, since: datetime | None) -> GroupTraffic:
    return traffic_of(facts.maybe(Metrics), facts.subject, group, since or facts.window.start, facts.window.end)


def _changes(facts: Facts, group: TargetGroup, since: datetime | None) -> tuple[Change, ...]:
    """A target turns unhealthy after `threshold` failed checks in a row, the first of them right after the change."""
    if since is None:
        return ()
    check = group.health_check
    earliest = timedelta(seconds=check.interval_s * max(check.unhealthy_threshold - 1, 0))
    return changes_before_onset(
        facts.maybe(Changes),
        resources=(group.arn, group.name),
        names=("ModifyTargetGroup",),
        onset=since - earliest,
    )


def _recorded(facts: Facts, group: TargetGroup) -> tuple[Change, ...]:
    told = (facts.maybe(Changes), facts.maybe(EarlierChanges))
    items = tuple(change for one in told if isinstance(one, Changes | EarlierChanges) for change in one.items)
    return changes_before_onset(
        Changes(items=items),
        resources=(group.arn, group.name),
        names=("ModifyTargetGroup", "CreateTargetGroup"),
        onset=facts.window.end,
    )


def _present(group: TargetGroup, key: str) -> JsonValue:
    present: JsonValue = getattr(group.health_check, SETTINGS[key].field)
    return present


def outside_matcher(case: HealthCase) -> bool:
    """True when every answer is one that the matcher refuses although it says success."""
    accepted = accepted_codes(case.group.health_check.matcher)
    return bool(case.sick.codes) and all(200 <= code <= 299 and code not in accepted for code in case.sick.codes)
