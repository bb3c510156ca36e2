"""What is true of every fix that is offered, whatever happened."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import jmespath
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from diagnostics.report import Cause, Remediation, Report
from diagnostics.snapshot import Snapshot
from remediations.catalogue import catalogue
from remediations.execute import Execution
from remediations.fix import Preferences
from remediations.journal import Step
from remediations.offers import Offered, offer
from remediations.permission import AccountAccess, People, Policy, Rules
from remediations.plan import FROM, Call, Guard, Kept, Plan, Write
from remediations.reach import Reach
from remediations.refusals import refusal, refusal_of_undo
from remediations.undo import undo_of
from tests.remediations.publishing import is_published

RISKS: Final = ("low", "medium", "high")
PREFERENCES: Final = Preferences(
    access_log_bucket="shop-load-balancer-logs", alarm_topic="arn:aws:sns:us-east-1:111122223333:alarms"
)
MISSING: Final = "missing required field"


def approving(account: str, **rules: Any) -> Policy:
    """Everything that the settings can allow is allowed in this account."""
    given: dict[str, Any] = {"approvers": People(users=frozenset({"U1"})), "allow": frozenset(catalogue())}
    role = f"arn:aws:iam::{account}:role/alb502-fix"
    return Policy(
        mode="approve",
        rules=Rules(**(given | rules)),
        accounts=(AccountAccess(id=account, name="prod", remediate_role=role),),
    )


def hold(report: Report, snapshot: Snapshot) -> Offered:
    """Offers the fixes and checks each of them."""
    offered = offer(report, snapshot, approving(report.target.account), PREFERENCES)
    told = {fix.id: (cause, fix) for cause, fix in _told(offered.report)}
    assert told.keys() == offered.plans.keys()
    for offer_id, plan in offered.plans.items():
        cause, fix = told[offer_id]
        assert offered.reach is not None
        is_sound(plan, offered.reach)
        _holds_for_its_cause(plan, cause, at_risk=cause in offered.report.risks)
        _can_be_told(fix, report.target.region)
    return offered


def is_sound(plan: Plan, reach: Reach) -> None:
    """Nothing refuses it, it goes through the store, the published policy allows it, it can be taken back as it says,
    and AWS would take its parameters."""
    refused = refusal(plan, reach)
    assert refused is None, f"{refused}; what any fix may do stands in remediations/parameters.py and refusals.py"
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    for one in (plan, *plan.narrower):
        is_published(one)
        _can_be_taken_back(one, reach)
        for call, is_whole in _calls(one):
            is_valid(call, is_whole=is_whole)
        for guard in _guards(one):
            jmespath.compile(guard.look.path)


def _told(report: Report) -> Iterator[tuple[Cause, Remediation]]:
    return ((cause, fix) for cause in (*report.causes, *report.risks) for fix in cause.remediations)


def _holds_for_its_cause(plan: Plan, cause: Cause, *, at_risk: bool) -> None:
    spec = catalogue()[plan.fix]
    assert cause.code in spec.causes
    assert spec.for_risks or not at_risk
    assert RISKS.index(spec.risk) <= RISKS.index(plan.risk) <= RISKS.index(spec.up_to or spec.risk)
    assert plan.risk == "low" or cause.band != "possible"
    assert plan.changes
    assert plan.touches
    assert plan.undo.writes or plan.undo.kind == "none"


def _can_be_told(fix: Remediation, region: str) -> None:
    assert fix.aws_cli
    for line in (*fix.aws_cli, *fix.undo.aws_cli):
        words = shlex.split(line)
        assert words[0] == "aws"
        assert words[words.index("--region") + 1] == region
        assert line.isprintable()


def _can_be_taken_back(plan: Plan, reach: Reach) -> None:
    """The undo is judged as a plan of its own before it is carried out, and is not refused then."""
    kept = {one.name: _given(one, write) for write in plan.writes for one in write.keeps}
    steps = tuple(Step(index=index, state="done") for index in range(len(plan.writes)))
    undo = undo_of(plan, "p-1", Execution(status="done", steps=steps, kept=kept))
    assert (undo is None) == (plan.undo.kind == "none")
    assert undo is None or refusal_of_undo(undo, plan, kept, reach) is None


def _given(kept: Kept, write: Write) -> str:
    """Something of the kind that AWS answers there."""
    if kept.in_answer.endswith("Arn"):
        made = write.resources[0]
        if kept.in_answer.endswith("RuleArn"):
            return f"{made.replace(':listener/', ':listener-rule/', 1)}/0a1b2c"
        return made.removesuffix("*") + ("42" if ":task-definition/" in made else "0a1b2c")
    return "sgr-0123456789abcdef0" if kept.in_answer.endswith("RuleId") else "42"


def _calls(plan: Plan) -> Iterator[tuple[Call, bool]]:
    """Every call of it, and whether its parameters are complete."""
    for write in (*plan.writes, *plan.undo.writes):
        yield write.call, write.prepared_by is None
        yield from ((call, True) for call in _reads(write))
        assert write.prepared_by is None or write.prepared_by in catalogue()[plan.fix].prepare
    yield from ((guard.look.call, True) for guard in _guards(plan))


def _reads(write: Write) -> Iterator[Call]:
    yield from write.reads.values()
    yield from (kept.look.call for kept in write.keeps)


def _guards(plan: Plan) -> Iterator[Guard]:
    yield from (*plan.guards, *plan.success.guards, *plan.success.fails, *plan.undo.guards)
    yield from (write.done_when for write in (*plan.writes, *plan.undo.writes))


def is_valid(call: Call, *, is_whole: bool = True) -> None:
    """Whether botocore would send it."""
    operation = _operations(call.service)[call.operation]
    parameters = {name: _filled(value) for name, value in call.parameters.items()}
    report = ParamValidator().validate(parameters, operation.input_shape)
    wrong = [error for error in report._errors if is_whole or error[0] != MISSING]
    assert not wrong, (call, report.generate_report())


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    described = Loader().load_service_model(service, "service-2")
    model = ServiceModel(described, service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return "x-0123456789abcdef0" if set(value) == {FROM} else {key: _filled(one) for key, one in value.items()}
    return [_filled(one) for one in value] if isinstance(value, list) else value
