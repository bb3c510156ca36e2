"""What this program changed itself on the path: asked of its own audit, since CloudTrail tells it minutes later.

The calls are written as CloudTrail writes them, so that whatever judges changes judges these alike.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from pydantic import JsonValue

from diagnostics.collect.collector import Reads, collector
from diagnostics.collect.errand import Errand
from diagnostics.collect.own_records import OwnCall, OwnMemory, OwnRecord, OwnRecords
from diagnostics.collect.sources.cloudtrail_events import bounded
from diagnostics.facts import Change, Gap, NotApplicable, OwnChange, OwnChanges, OwnSetting
from diagnostics.printable import line
from diagnostics.rules.own_changes import AUDIT, OWN
from diagnostics.snapshot import Subject, Window

ASKED_FOR_S = 3.0
LOOK_BACK = timedelta(hours=3)
"""As far as CloudTrail is asked about."""
MAX_NAME = 80
MAX_TITLE = 160
MAX_VALUE = 120
MAX_ITEMS = 20
MAX_CALLS = 8
MAX_SETTLES_S = 900

_SOURCES = {"elbv2": "elasticloadbalancing"}
_OTHER_NAMES = {"UserIdGroupPairs": "groups"}
"""Members that CloudTrail calls otherwise."""
_CLIENTS = {"ec2", "elbv2", "ecs", "lambda", "application-autoscaling", "cloudwatch", "logs"}


@collector(cached=False)
def own_changes(subject: Subject, window: Window, memory: OwnMemory) -> Reads[OwnChanges]:
    """Not from AWS: the store in which fixes are recorded is asked, once."""
    records = memory.records
    if records is None:
        return NotApplicable(reason="there is no store here in which fixes are recorded")
    since = window.start - LOOK_BACK
    errand = Errand(lambda *_: _read(records, subject, window), seconds=ASKED_FOR_S)
    yield errand
    found = errand.outcome
    if isinstance(found, Gap):
        return found
    return OwnChanges(items=tuple(own_change(record) for record in found), since=since)


def _read(records: OwnRecords, subject: Subject, window: Window) -> tuple[OwnRecord, ...] | Gap:
    found = records.since(subject.account, subject.region, window.start - LOOK_BACK)
    if found is None:
        return Gap(
            action=AUDIT,
            resource="what alb502 changed",
            error="StoreUnavailable",
            message="the store in which fixes are recorded did not answer",
        )
    return tuple(record for record in found if _is_about(record, subject))[:MAX_ITEMS]


def _is_about(record: OwnRecord, subject: Subject) -> bool:
    own = {*subject.load_balancers, *subject.target_groups, subject.function, f"{subject.cluster}/{subject.service}"}
    return bool(own & (record.about | {record.resource}))


def own_change(record: OwnRecord) -> OwnChange:
    """What was recorded, bounded, with its calls as CloudTrail will tell them."""
    asked_by, approved_by = line(record.asked_by, MAX_NAME), line(record.approved_by, MAX_NAME)
    own = OwnChange(
        plan=line(record.plan, MAX_NAME),
        report=line(record.report, MAX_NAME),
        at=record.at,
        title=line(record.title, MAX_TITLE),
        resource=record.resource,
        settles_by=record.at + timedelta(seconds=min(record.within_s, MAX_SETTLES_S)),
        asked_by=asked_by,
        approved_by=approved_by,
        undoes=record.undoes,
        undone=record.undone,
        outcome=record.outcome,
        worked=record.worked,
        settings=tuple(_bounded_setting(one) for one in record.settings[:MAX_ITEMS]),
    )
    changes = (_change(record, call, number, own.words) for number, call in enumerate(record.calls[:MAX_CALLS]))
    return own.model_copy(update={"changes": tuple(changes)})


def _change(record: OwnRecord, call: OwnCall, number: int, words: str) -> Change:
    source = _SOURCES.get(call.service, call.service) if call.service in _CLIENTS else "unknown"
    return Change(
        id=f"{record.plan}/{number}",
        at=record.at,
        name=line("".join(part.capitalize() for part in call.operation.split("_")), MAX_NAME),
        source=f"{source}.amazonaws.com",
        actor=f"{OWN} ({words})",
        user_agent=f"{OWN}/",
        resources=tuple(_names(record, call)),
        request=bounded(_as_recorded(call.parameters)),
        before=bounded(_as_recorded(call.before)),
    )


def _names(record: OwnRecord, call: OwnCall) -> Iterator[str]:
    """ARNs, and the short ids by which EC2's resources and ECS's services go in CloudTrail."""
    for arn in dict.fromkeys((*call.resources, record.resource)):
        yield arn
        if ":ec2:" in arn or ":service/" in arn:
            yield arn.rsplit("/", 1)[-1]


def _as_recorded(parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {_name(key): _value(value) for key, value in parameters.items()}


def _name(key: str) -> str:
    return _OTHER_NAMES.get(key) or f"{key[:1].lower()}{key[1:]}"


def _value(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return _as_recorded(value)
    return [_value(item) for item in value] if isinstance(value, list) else value


def _bounded_setting(one: OwnSetting) -> OwnSetting:
    values: Iterable[str | None] = (one.before, one.after)
    before, after = (None if value is None else line(value, MAX_VALUE) for value in values)
    return OwnSetting(setting=line(one.setting, MAX_VALUE), before=before, after=after)
