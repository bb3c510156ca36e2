"""What is never done, whatever the settings and the policies of a role allow. Pure, and judged on a plan's data alone:
when it is offered, and again before it is carried out.

Nothing is deleted but what the same plan made; IAM is not touched, and a role is passed on only if the service's tasks
have it already; no address range reaches beyond the subnets on the way; nothing outside the report's subject is
written to or named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from remediations.networks import too_wide
from remediations.ownership import OURS, given_names, is_own
from remediations.parameters import objections_to_aim, objections_to_parameters
from remediations.plan import FROM, MAX_NARROWER, MAX_WRITES, PLAN, Call, Grant, Plan, Write
from remediations.reach import Reach

SERVICES: Final = frozenset({"application-autoscaling", "cloudwatch", "codedeploy", "ec2", "ecs", "elbv2", "lambda"})
"""Whose settings a plan may write."""
_IN_ARNS: Final = {"elbv2": "elasticloadbalancing"}
READ_SERVICES: Final = SERVICES | {"autoscaling", "logs"}
GENTLE: Final = ("add", "authorize", "create", "modify", "publish", "put", "register", "replace", "set", "update")
"""Verbs of calls that leave everything in its place that they do not name."""
READING: Final = ("describe", "get", "list")
"""Verbs of calls that change nothing."""
ENDS_WORK: Final = frozenset(
    {
        ("elbv2", "deregister_targets"),
        ("ecs", "stop_task"),
        ("ecs", "stop_service_deployment"),
        ("codedeploy", "stop_deployment"),
    }
)
"""They end work that begins again or had failed, and delete nothing."""
LIFTS_A_LIMIT: Final = ("lambda", "delete_function_concurrency")
"""It takes away a limit that a function has of its own, which the undo sets again, and deletes nothing."""
RISKS: Final = ("low", "medium", "high")
INVOKER: Final = "elasticloadbalancing.amazonaws.com"
"""The one principal that may be let in to a function."""
INVOKE: Final = "lambda:InvokeFunction"
TASKS: Final = "ecs-tasks.amazonaws.com"
"""The one service that a role may be passed to."""

_OPERATION: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+\Z")
_ARN: Final = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)"
)
_EC2_ID: Final = re.compile(r"(?:acl|eni|i|igw|nat|pcx|pl|rtb|sg|subnet|tgw|vpc|vpce)-[0-9A-Za-z]+\Z")
_REVISION: Final = re.compile(r"(?:task-definition/)?(?P<family>[\w-]+):\d+\Z")
_WRITTEN_BY_NAME: Final = frozenset(
    {"cluster", "service", "task", "taskDefinition", "FunctionName", "ResourceId", "deploymentId"}
)
"""Parameters that say what is written to, or run, by its name or its ARN."""
_MENTIONED: Final = frozenset({"VpcId"})
_NOTHING: Final[Mapping[str, JsonValue]] = MappingProxyType({})
_TAGGING: Final = frozenset({"ec2:CreateTags", "ecs:TagResource", "elasticloadbalancing:AddTags"})
_SCALING: Final = frozenset({"ecs:DescribeServices", "ecs:UpdateService"})
"""What Application Auto Scaling asks of whoever sets the limits of a service."""
_NEW: Final[Mapping[tuple[str, str], str]] = {
    ("ec2", "authorize_security_group_ingress"): r"security-group-rule/\*",
    ("ec2", "authorize_security_group_egress"): r"security-group-rule/\*",
    ("elbv2", "create_rule"): r"listener-rule/app/[\w./-]+/\*",
    ("application-autoscaling", "register_scalable_target"): r"scalable-target/\*",
}
"""Creations whose ARN is not known before, and what may stand in its place; see also `_new_names`."""


def refusal(plan: Plan, reach: Reach) -> str | None:
    """Why this plan must not be carried out, its undo and its narrower forms included; None if nothing forbids it."""
    return next(_objections(plan, reach, nested=False), None)


def refusal_of_undo(undo: Plan, done: Plan, kept: Mapping[str, JsonValue], reach: Reach) -> str | None:
    """The same for the undo of a plan that was carried out, as a plan of its own. What it takes away must have been
    made by that plan: `kept` is what AWS gave then."""
    given = frozenset(text for value in kept.values() for text in _texts(value))
    wider = reach.model_copy(update={"writable": reach.writable | given})
    return next(_objections(undo, wider, nested=False, done=done.writes, kept=kept), None)


def refusal_of_prepared(write: Write, parameters: Mapping[str, JsonValue], reach: Reach) -> str | None:
    """The same for parameters that were made of a live answer, just before they are sent.

    A task definition names many things that are not the subject's own, and has named them before: what counts is that
    it stays in its family and brings no other role.
    """
    if (write.call.service, write.call.operation) != ("ecs", "register_task_definition"):
        call = write.call.model_copy(update={"parameters": dict(parameters)})
        given = frozenset(_texts(dict(write.arguments)))  # of the plan, with what AWS gave in the meantime filled in
        wider = reach.model_copy(update={"nameable": reach.nameable | given})
        objections = chain(_objections_to_call(call, wider, (), prepared=True), objections_to_aim(write, call))
        return next(objections, None) or _wide((call,), reach)
    if parameters.get("family") not in reach.families:
        return f"it registers a task definition of another family: {parameters.get('family')}"
    for name in ("taskRoleArn", "executionRoleArn"):
        if parameters.get(name) and parameters[name] not in reach.roles:
            return f"it gives the tasks another role: {parameters[name]}"
    return None


def only_reads(call: Call) -> bool:
    """Whether it changes nothing, whoever wrote it into a plan."""
    verb = call.operation.split("_", 1)[0]
    return bool(_OPERATION.match(call.operation)) and verb in READING and call.service in READ_SERVICES


def _objections(
    plan: Plan, reach: Reach, *, nested: bool, done: tuple[Write, ...] = (), kept: Mapping[str, JsonValue] = _NOTHING
) -> Iterator[str]:
    writes, undoing = plan.writes, plan.undo.writes
    if not writes or max(len(writes), len(undoing)) > MAX_WRITES:
        yield f"it makes {max(len(writes), len(undoing))} writes; 1 to {MAX_WRITES} are allowed"
    for arn in (plan.resource, *plan.judged_by_tags_of):
        yield from _objections_to_arn(arn, reach, reach.writable | reach.nameable, _new_names((*done, *writes)))
    for index, write in enumerate((*writes, *undoing)):
        yield from _objections_to_write(write, reach, (*done, *writes, *undoing)[: len(done) + index], kept)
    wide = _wide((write.call for write in (*writes, *undoing)), reach)
    if wide is not None:
        yield wide
    guards = (*plan.guards, *plan.success.guards, *plan.success.fails, *plan.undo.guards)
    yield from _objections_to_reads(guard.look.call for guard in guards)
    if plan.narrower and (nested or len(plan.narrower) > MAX_NARROWER):
        yield "it has too many narrower forms, or one of them has some of its own"
        return
    for one in plan.narrower:
        if one.fix != plan.fix:
            yield f"one of its narrower forms is another fix: {one.fix}"
        if RISKS.index(one.risk) > RISKS.index(plan.risk):
            yield f"one of its narrower forms has more risk than the whole: {one.risk}"
        if not (_granted(one.writes) <= _granted(writes) and _granted(one.undo.writes) <= _granted(undoing)):
            yield "one of its narrower forms writes to more than the whole"
        yield from _objections(one, reach, nested=True)


def _granted(writes: Iterable[Write]) -> set[tuple[str, str]]:
    return {(grant.action, arn) for write in writes for grant in write.grants for arn in grant.resources}


def _objections_to_write(
    write: Write, reach: Reach, earlier: Sequence[Write], kept: Mapping[str, JsonValue] = _NOTHING
) -> Iterator[str]:
    call = write.call
    yield from _objections_to_call(call, reach, earlier, kept)
    yield from objections_to_aim(write, call)
    yield from _objections_to_arguments(write, reach, earlier)
    new = _new_names((*earlier, write))
    if not write.resources:
        yield f"{call.action} names no resource"
    for arn in write.resources:
        if not arn.startswith(f"arn:{reach.partition}:{_IN_ARNS.get(call.service, call.service)}:"):
            yield f"{arn} is nothing that {call.service}.{call.operation} changes"
        if not _is_new(arn, call) and not _is_a_new_rule(arn, call, reach):
            yield from _objections_to_arn(arn, reach, reach.writable, new)
    for grant in write.also:
        yield from _objections_to_grant(grant, write, reach)
    if any(kept.name == PLAN for kept in write.keeps):
        yield f"it keeps something as {PLAN}"
    reads = (write.done_when.look.call, *(kept.look.call for kept in write.keeps), *write.reads.values())
    yield from _objections_to_reads(reads)


def _objections_to_call(
    call: Call,
    reach: Reach,
    earlier: Sequence[Write],
    kept: Mapping[str, JsonValue] = _NOTHING,
    *,
    prepared: bool = False,
) -> Iterator[str]:
    if call.service not in SERVICES or not _OPERATION.match(call.operation):
        yield f"{call.service}.{call.operation} is not among the calls that may write"
    gentle = call.operation.split("_", 1)[0] in GENTLE or (call.service, call.operation) == LIFTS_A_LIMIT
    if not gentle and (call.service, call.operation) not in ENDS_WORK and not is_own(call, earlier, kept):
        yield f"{call.action} takes away what this plan did not make"
    yield from _objections_to_values(call, reach, earlier)
    yield from objections_to_parameters(call, reach, prepared=prepared)
    if call.operation == "add_permission":
        yield from _objections_to_permission(call, reach)
    if call.operation == "put_metric_alarm" and not str(call.parameters.get("AlarmName")).startswith(OURS):
        yield "it writes an alarm that is not named as ours"


def _objections_to_permission(call: Call, reach: Reach) -> Iterator[str]:
    given = call.parameters
    if given.get("Principal") != INVOKER:
        yield f"it lets {given.get('Principal')} in"
    if given.get("Action") != INVOKE:
        yield f"it lets it do {given.get('Action')}"
    if given.get("SourceArn") not in reach.writable:
        yield f"it lets it in for {given.get('SourceArn') or 'whatever load balancer'}"
    if given.get("SourceAccount") not in (None, reach.account):
        yield f"it lets it in for account {given.get('SourceAccount')}"


def _objections_to_values(call: Call, reach: Reach, earlier: Sequence[Write]) -> Iterator[str]:
    """What a parameter of its own names is written to; what stands deeper is mentioned."""
    names = given_names(earlier) | {PLAN}
    mentioned, new = reach.writable | reach.nameable, _new_names(earlier)
    for name, value in call.parameters.items():
        if name in _WRITTEN_BY_NAME and isinstance(value, str) and not _belongs(value, reach.writable, reach):
            yield f"{name} {value} is not what the report is about"
        own = isinstance(value, str) and name not in _MENTIONED
        for text in _texts(value):
            if not text.isprintable():
                yield f"it holds what cannot be seen: {text!a}"
            elif text.strip()[:4].lower() == "arn:":
                yield from _objections_to_arn(text, reach, reach.writable if own else mentioned, new)
            elif _EC2_ID.match(text) and not _belongs(text, reach.writable if own else mentioned, reach):
                yield f"{text} is not what the report is about"
        for placeholder in _placeholders(value):
            if placeholder not in names:
                yield f"it uses {placeholder!r}, which no earlier write keeps"
    if call.parameters.get("family") not in (None, *reach.families):
        yield f"it registers a task definition of another family: {call.parameters['family']}"


def _objections_to_arguments(write: Write, reach: Reach, earlier: Sequence[Write]) -> Iterator[str]:
    """They are trusted when the parameters are made of them, so they name nothing else either."""
    arguments: JsonValue = dict(write.arguments)
    for text in _texts(arguments):
        if not text.isprintable():
            yield f"it is made of what cannot be seen: {text!a}"
        elif text.strip()[:4].lower() == "arn:" and text not in reach.roles:
            yield from _objections_to_arn(text, reach, reach.writable | reach.nameable, _new_names(earlier))
    names = given_names(earlier) | {PLAN}
    for placeholder in _placeholders(arguments):
        if placeholder not in names:
            yield f"it uses {placeholder!r}, which no earlier write keeps"


def _objections_to_arn(arn: str, reach: Reach, known: frozenset[str], new: frozenset[str]) -> Iterator[str]:
    parts = _ARN.match(arn)
    if parts is None:
        yield f"{arn} is no ARN"
    elif (parts["partition"], parts["region"], parts["account"]) != (reach.partition, reach.region, reach.account):
        yield f"{arn} is in another account or region than the report"
    elif parts["rest"] in new or arn in known:
        return
    elif "*" in arn or "?" in arn:
        yield f"{arn} names more than one thing"
    elif not _belongs(arn, known, reach):
        yield f"{arn} is not what the report is about"


def _belongs(name: str, known: frozenset[str], reach: Reach) -> bool:
    """Also a revision of the service's task definition, and a version of its function."""
    if name in known:
        return True
    arn = _ARN.match(name)
    rest = arn["rest"] if arn else name
    revision = _REVISION.match(rest)
    if revision is not None:
        return revision["family"] in reach.families
    function, _, version = name.rpartition(":")
    return rest.startswith("function:") and rest.count(":") == 2 and version.isdecimal() and function in known


def _objections_to_grant(grant: Grant, write: Write, reach: Reach) -> Iterator[str]:
    """What else a write may need: a role of the tasks, tags on what it makes, and reading."""
    if grant.action == "iam:PassRole":
        if grant.condition != {"StringEquals": {"iam:PassedToService": TASKS}} or write.call.service != "ecs":
            yield "it passes a role to something else than the tasks"
        strange = sorted(set(grant.resources) - reach.roles)
        if strange or not grant.resources:
            yield f"it passes a role that the service's tasks do not have: {', '.join(strange) or 'any'}"
    elif grant.action in _TAGGING:
        key = f"{grant.action.split(':')[0]}:CreateAction"
        if list(grant.condition) != ["StringEquals"] or list(grant.condition["StringEquals"]) != [key]:
            yield f"{grant.action} is wanted for more than what the write makes"
        if not grant.resources or not set(grant.resources) <= set(write.resources):
            yield f"{grant.action} is wanted for more than what the write makes"
    elif grant.action == "cloudwatch:TagResource":
        if write.call.operation != "put_metric_alarm" or set(grant.resources) != set(write.resources):
            yield f"{grant.action} is wanted for more than what the write makes"
    elif write.call.operation == "register_scalable_target" and grant.action in _SCALING:
        if not set(grant.resources) <= reach.writable:
            yield f"{grant.action} is wanted for more than the service that is scaled"
    elif grant.action == write.call.action:
        yield from _objections_to_write(write.model_copy(update={"resources": grant.resources, "also": ()}), reach, ())
    else:
        yield f"it wants {grant.action} besides"


def _objections_to_reads(calls: Iterable[Call]) -> Iterator[str]:
    for call in calls:
        if not only_reads(call):
            yield f"{call.service}.{call.operation} does not only read"


def _wide(calls: Iterable[Call], reach: Reach) -> str | None:
    return too_wide((text for call in calls for text in _texts(dict(call.parameters))), reach.networks)


def _is_new(arn: str, call: Call) -> bool:
    """Whether this stands for what the call makes and AWS will give a name."""
    pattern, parts = _NEW.get((call.service, call.operation)), _ARN.match(arn)
    return pattern is not None and parts is not None and re.fullmatch(pattern, parts["rest"]) is not None


def _is_a_new_rule(arn: str, call: Call, reach: Reach) -> bool:
    """Whether this stands for a rule that the plan itself adds to a listener of the subject. When it is deleted again
    its own ARN is known, and stands here."""
    listener = arn.replace(":listener-rule/", ":listener/").removesuffix("/*")
    return call.operation == "delete_rule" and arn.endswith("/*") and listener in reach.writable


def _new_names(writes: Iterable[Write]) -> frozenset[str]:
    """The last parts of the ARNs of what these writes make under names of their own."""
    found: list[str] = []
    for write in writes:
        given = write.call.parameters
        match write.call.operation:
            case "create_target_group":
                found.append(f"targetgroup/{given.get('Name')}/*")
            case "register_task_definition":
                found.append(f"task-definition/{given.get('family')}:*")
            case "put_metric_alarm":
                found.append(f"alarm:{given.get('AlarmName')}")
    return frozenset(found)


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text within it, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _placeholders(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        if FROM in value:
            yield str(value[FROM]) if set(value) == {FROM} else "a value beside others"
        for inner in value.values():
            yield from _placeholders(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _placeholders(inner)
