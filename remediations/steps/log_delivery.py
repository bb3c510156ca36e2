"""Logs that a load balancer writes to S3, switched on by its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from diagnostics.report import SettingChange
from remediations.plan import Plan, Success, Undo
from remediations.steps import load_balancers

Kind = Literal["access_logs", "health_check_logs"]
EFFECT_S = 10
_WORDS: Mapping[Kind, tuple[str, str]] = {
    "access_logs": ("access-logs-enable", "access logs"),
    "health_check_logs": ("health-check-logs-enable", "health check logs"),
}


def plans(arn: str, values: Mapping[str, str], kind: Kind, bucket: str) -> Iterator[Plan]:
    """None where they are on already, or where this load balancer does not know the attribute."""
    enabled, place = f"{kind}.s3.enabled", f"{kind}.s3.bucket"
    if values.get(enabled) != "false":
        return
    fix, words = _WORDS[kind]
    name, before = load_balancers.name_of(arn), values.get(place, "")
    off, on = {enabled: "false"}, {enabled: "true", place: bucket}
    as_read = load_balancers.attributes(arn, off, f"{words} of {name} are off")
    written = load_balancers.attributes(arn, on)
    stays = "" if before == bucket else "; the bucket's name stays among the attributes, without effect"
    yield Plan(
        fix=fix,
        title=f"Write {words} of load balancer {name} to s3://{bucket}",
        risk="low",
        resource=arn,
        changes=(
            SettingChange(resource=arn, setting=enabled, before="false", after="true"),
            SettingChange(resource=arn, setting=place, before=before or None, after=bucket),
        ),
        guards=(as_read,),
        writes=(load_balancers.set_attributes(arn, on, written),),
        success=Success(text=f"{words} of {name} are on", within_s=EFFECT_S, guards=(written,)),
        undo=Undo(
            kind="exact" if before == bucket else "compensating",
            text=f"switches them off{stays}",
            writes=(load_balancers.set_attributes(arn, off, as_read),),
            guards=(written,),
        ),
        touches="no request; files appear in the bucket every few minutes",
        warnings=("S3 takes money for what is stored", f"the policy of {bucket} has to let the load balancer write"),
        eta_s=EFFECT_S,
    )
