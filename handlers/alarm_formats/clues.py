"""What tells which alarm and which load balancer is meant, wherever it stands: ARNs, links, names of dimensions.

Console links: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Alarm-On-Logs.html and what is seen in
posts; the name in them is percent-encoded, sometimes twice, sometimes with ``$25``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from diagnostics.aws_access.region_names import region_named
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

MAX_NAME_CHARS: Final = 255
REGION: Final = r"(?:[a-z]{2}|us-gov|us-iso[a-z]?|eu-isoe|eusc-[a-z]{2})-[a-z]{4,12}-[1-9]"
NAMED_REGION: Final = r"(?P<region>[A-Z][A-Za-z .()-]{2,60})"

_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:cloudwatch:(?P<region>{REGION}):(?P<account>\d{{12}}):alarm:(?P<name>[^\n\r\"'<>|`]{{1,255}})"
)
_BALANCER: Final = re.compile(r"(?<![A-Za-z0-9-])app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}(?![0-9a-f])")
_GROUP: Final = re.compile(r"(?<![A-Za-z0-9-])targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}(?![0-9a-f])")
_ELB_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>{REGION}):(?P<account>\d{{12}}):(?:loadbalancer/app|targetgroup)/"
)
_ACCOUNT: Final = re.compile(r"account(?:\s*id)?['\"]?\s*[:=#]?\s*['\"`*]*(?P<account>\d{12})(?!\d)", re.IGNORECASE)
_REGION: Final = re.compile(rf"(?<![\w-]){REGION}(?![\w-])")
_SAID_REGION: Final = re.compile(rf"region['\"]?\s*[:=]?\s*['\"`*]*(?P<region>{REGION})(?![\w-])", re.IGNORECASE)
_CONSOLE: Final = re.compile(
    r"(?:[a-z0-9-]+\.)*console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|aws\.amazon\.eu)"
)
_STATES: Final[dict[str, State]] = {
    "alarm": "ALARM",
    "ok": "OK",
    "insufficient_data": "INSUFFICIENT_DATA",
    "insufficient data": "INSUFFICIENT_DATA",
}


def clues_in(said: Said) -> AlarmPost:
    """What can be told from any post, without knowing who made it. It never tells a state."""
    post = AlarmPost(at=said.posted_at)
    for link in said.links:
        post = post.completed(_console_link(link, said.posted_at))
    arn = next((found for text in said.texts if (found := _ARN.search(text))), None)
    if arn:
        name = bounded_name(arn["name"])
        post = AlarmPost(at=said.posted_at, alarm=name, region=arn["region"], account=arn["account"]).completed(post)
    elb = _ELB_ARN.search(said.whole)
    return post.completed(
        AlarmPost(
            at=said.posted_at,
            region=elb["region"] if elb else region_in(said),
            account=elb["account"] if elb else account_in(said),
            load_balancer=_only(_BALANCER.findall(said.whole)),
            target_group=_only(_GROUP.findall(said.whole)),
        )
    )


def plausible(post: AlarmPost) -> AlarmPost:
    """Without what cannot be an account, a region or a dimension: JSON may hold anything of any length there."""
    return replace(
        post,
        account=post.account if re.fullmatch(r"[0-9]{12}", post.account or "") else None,
        region=post.region if re.fullmatch(REGION, post.region or "") else None,
        load_balancer=post.load_balancer if _BALANCER.fullmatch(post.load_balancer or "") else None,
        target_group=post.target_group if _GROUP.fullmatch(post.target_group or "") else None,
    )


def region_in(said: Said) -> str | None:
    named = said.field("region", "aws region")
    if named:
        return named if re.fullmatch(REGION, named) else region_named(named)
    stated = _SAID_REGION.search(said.whole)
    return stated["region"] if stated else _only(_REGION.findall(said.whole))


def account_in(said: Said) -> str | None:
    named = said.field("account", "account id", "aws account", "aws account id")
    if named and re.fullmatch(r"\d{12}", named):
        return named
    found = _ACCOUNT.search(said.whole)
    return found["account"] if found else None


def state_named(words: str | None) -> State | None:
    """``ALARM``, ``OK -> ALARM``: the state that was reached."""
    if not words:
        return None
    return _STATES.get(re.split(r"->|→", words)[-1].strip(" *`\"'.").lower())


def time_of(text: object) -> datetime | None:
    """A time as CloudWatch writes it in JSON and in e-mails."""
    if not isinstance(text, str):
        return None
    for read in (datetime.fromisoformat, _of_an_email):
        try:
            found = read(text.strip())
            return found.astimezone(UTC) if found.tzinfo else None
        except (ValueError, OverflowError):
            continue
    return None


def _of_an_email(text: str) -> datetime:
    return datetime.strptime(text, "%A %d %B, %Y %H:%M:%S UTC").replace(tzinfo=UTC)


def bounded_name(name: str) -> str | None:
    """An alarm's name without the marks around it; None when nothing of it is left."""
    bare = name.strip(" \t*`\"'")
    return bare[:MAX_NAME_CHARS] or None


def decoded(name: str) -> str:
    """A name from a link. Percent signs are sometimes escaped as ``$25``, and the whole sometimes twice."""
    text = name.replace("$25", "%")
    for _ in range(2):
        if not re.search(r"%[0-9A-Fa-f]{2}", text):
            break
        text = unquote(text)
    return text


def _console_link(link: str, at: datetime) -> AlarmPost:
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return AlarmPost(at=at)
    if not _CONSOLE.fullmatch(host) or "cloudwatch" not in parts.path:
        return AlarmPost(at=at)
    first = host.split(".")[0]
    region = next(iter(parse_qs(parts.query).get("region", ())), first)
    name = re.search(r"alarmsV2:alarm/(?P<name>[^?&]+)|[;&?]name=(?P<named>[^;&]+)", parts.fragment)
    return AlarmPost(
        at=at,
        alarm=bounded_name(decoded(name["name"] or name["named"])) if name else None,
        region=region if re.fullmatch(REGION, region) else None,
    )


def _only(found: Iterable[str]) -> str | None:
    """Of several the post does not say which it is about."""
    different = set(found)
    return different.pop() if len(different) == 1 else None
