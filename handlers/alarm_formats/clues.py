"""What tells which alarm and which load balancer is meant, wherever it stands: ARNs, links, names of dimensions.

Console links: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Alarm-On-Logs.html and what is seen in
posts; the name in them is percent-encoded, sometimes twice, sometimes with ``$25``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from diagnostics.aws_access.region_names import region_named
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said, without_punctuation

MAX_NAME_CHARS: Final = 255
MAX_WORDS_CHARS: Final = 4_000
REGION: Final = r"(?:[a-z]{2}|us-gov|us-iso[a-z]?|eu-isoe|eusc-[a-z]{2})-[a-z]{4,12}-[1-9]"
NAMED_REGION: Final = r"(?P<region>[A-Z][A-Za-z .()-]{2,60})"

_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:cloudwatch:(?P<region>{REGION}):(?P<account>\d{{12}}):alarm:(?P<name>[^\n\r\"'<>|`]{{1,255}})"
)
_AFTER_ARN: Final = re.compile(
    r"[,;]?\s+(?:is|has|was|went|changed|entered|transitioned|fired|triggered|state|in alarm|->|→)(?!\w).*|[,;]\s.*",
    re.IGNORECASE,
)
"""How a sentence goes on after an ARN; names hold spaces, but seldom these words."""
_BALANCER: Final = re.compile(r"(?<![A-Za-z0-9-])app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}(?![0-9a-f])")
_GROUP: Final = re.compile(r"(?<![A-Za-z0-9-])targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}(?![0-9a-f])")
_ELB_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>{REGION}):(?P<account>\d{{12}}):(?:loadbalancer/app|targetgroup)/"
)
_WORD: Final = re.compile(r"(?<![\w/.-])[A-Za-z0-9][\w-]{0,60}(?:/[A-Za-z0-9][\w-]{0,60})?(?![\w/-])", re.ASCII)
_ACCOUNT: Final = re.compile(r"account(?:\s*id)?['\"]?\s*[:=#]?\s*['\"`*]*(?P<account>\d{12})(?!\d)", re.IGNORECASE)
_REGION: Final = re.compile(rf"(?<![\w-]){REGION}(?![\w-])")
_SAID_REGION: Final = re.compile(rf"region['\"]?\s*[:=]?\s*['\"`*]*(?P<region>{REGION})(?![\w-])", re.IGNORECASE)
_CONSOLE: Final = re.compile(
    r"(?:[a-z0-9-]+\.)*console\."
    r"(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|aws\.amazon\.eu|amazonaws-eusc\.eu)"
)
_SESSION: Final = re.compile(r"(?P<account>\d{12})-[a-z0-9]+")
"""The first part of the console's host when somebody is signed in to several accounts at once."""
_PORTAL: Final = re.compile(
    r"(?:[a-z0-9-]+\.)+awsapps\.com|(?:[a-z0-9-]+\.)*signin\.(?:aws\.amazon\.com|amazonaws-us-gov\.com)"
)
"""Where people sign in first; the link to the console is inside."""
_ALARM_IN_LINK: Final = re.compile(r"alarmsV2:alarm/(?P<name>[^?&]+)|[;&?]name=(?P<named>[^;&]+)")
_CUT: Final = ("...", "…")
"""How subjects end that were too long."""
_STATES: Final[dict[str, State]] = {
    "alarm": "ALARM",
    "ok": "OK",
    "insufficient_data": "INSUFFICIENT_DATA",
    "insufficient data": "INSUFFICIENT_DATA",
}


def clues_in(said: Said, alarm: str | None = None) -> AlarmPost:
    """What can be told from any post, without knowing who made it. It never tells a state.

    `alarm`: the name that the post's format knows. ARNs and links of other alarms, such as the children of a composite
    one, tell nothing of it then.
    """
    pointers = [*_arns(said, alarm), *_links(said, alarm)]
    post = AlarmPost(at=said.posted_at)
    for found in pointers:
        post = post.completed(found)
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


def completed_by_clues(post: AlarmPost, said: Said) -> AlarmPost:
    """What a format knows, and the clues for the rest. A name that was cut is known from an ARN or a link."""
    known, clues = plausible(post), clues_in(said, post.alarm)
    is_cut = known.alarm is not None and known.alarm.endswith(_CUT) and clues.alarm is not None
    return replace(known, alarm=None).completed(clues) if is_cut else known.completed(clues)


def words_in(said: Said) -> tuple[str, ...]:
    """Words that may be the name of a service, ``checkout`` or ``prod/checkout``."""
    found = dict.fromkeys(_WORD.findall(without_addresses(said.whole)))
    lengths = accumulate(len(word) + len('"",') for word in found)
    return tuple(word for word, length in zip(found, lengths, strict=True) if length <= MAX_WORDS_CHARS)


def without_addresses(words: str) -> str:
    """ARNs and links hold words such as alarm, whatever is said about them."""
    return re.sub(r"(?:arn:|https?://)\S+", " ", words)


def _arns(said: Said, alarm: str | None) -> Iterator[AlarmPost]:
    for text in said.texts:
        for found in _ARN.finditer(text):
            tail = found["name"]
            stopped = f"{tail}{text[found.end() : found.end() + 1]}"  # at a quotation mark, which names may hold
            if alarm is None or tail.startswith(_uncut(alarm)) or alarm.startswith(stopped):
                name = bounded_name(without_punctuation(_AFTER_ARN.sub("", _until_closed(tail))))
                yield AlarmPost(at=said.posted_at, alarm=name, region=found["region"], account=found["account"])


def _links(said: Said, alarm: str | None) -> Iterator[AlarmPost]:
    for link in said.links:
        found = _console_link(link, said.posted_at)
        if alarm is None or found.alarm is None or found.alarm.startswith(_uncut(alarm)):
            yield found


def _until_closed(text: str) -> str:
    """Up to a bracket that was opened before the text."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text[:at]
    return text


def _uncut(alarm: str) -> str:
    return bounded_name(next((alarm.removesuffix(cut) for cut in _CUT if alarm.endswith(cut)), alarm)) or alarm


def plausible(post: AlarmPost) -> AlarmPost:
    """Without what cannot be an account, a region or a dimension: JSON may hold anything of any length there."""
    return replace(
        post,
        account=post.account if re.fullmatch(r"[0-9]{12}", post.account or "") else None,
        region=post.region if re.fullmatch(REGION, post.region or "") else None,
        load_balancer=post.load_balancer if _BALANCER.fullmatch(post.load_balancer or "") else None,
        target_group=post.target_group if _GROUP.fullmatch(post.target_group or "") else None,
    )


def region_field(said: Said) -> str | None:
    named = said.field("region", "aws region", "awsregion")
    return named if not named or re.fullmatch(REGION, named) else region_named(named)


def account_field(said: Said) -> str | None:
    named = said.field("account", "account id", "aws account", "aws account id", "awsaccountid")
    return named if named and re.fullmatch(r"\d{12}", named) else None


def region_in(said: Said) -> str | None:
    if named := region_field(said):
        return named
    stated = _SAID_REGION.search(said.whole)
    return stated["region"] if stated else _only(_REGION.findall(said.whole))


def account_in(said: Said) -> str | None:
    if named := account_field(said):
        return named
    found = _ACCOUNT.search(said.whole)
    return found["account"] if found else None


def state_named(words: str | None) -> State | None:
    """``ALARM``, ``OK -> ALARM``: the state that was reached."""
    if not words:
        return None
    return _STATES.get(re.split(r"[-=](?:>|&gt;)|→", words)[-1].strip(" *`\"'.").lower())


def text_of(value: object) -> str | None:
    """What a machine wrote there, if it is text."""
    return value if isinstance(value, str) else None


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


def exact_name(name: str) -> str | None:
    """An alarm's name as a machine wrote it."""
    return name[:MAX_NAME_CHARS] if name.strip() else None


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
    if _PORTAL.fullmatch(host):
        return _behind_portal(link, at)
    if not _CONSOLE.fullmatch(host) or "cloudwatch" not in parts.path:
        return AlarmPost(at=at)
    labels = host.split(".")
    session = _SESSION.fullmatch(labels[0])
    regions = (*parse_qs(parts.query).get("region", ()), *labels[:2])
    name = _ALARM_IN_LINK.search(parts.fragment)
    return AlarmPost(
        at=at,
        alarm=bounded_name(decoded(name["name"] or name["named"])) if name else None,
        region=next((one for one in regions if re.fullmatch(REGION, one)), None),
        account=session["account"] if session else None,
    )


def _behind_portal(link: str, at: datetime) -> AlarmPost:
    """``https://….awsapps.com/start/#/console?account_id=…&destination=…``, the link to the console percent-encoded."""
    asked = parse_qs(link.partition("?")[2].replace("#", "&"))
    inside = next((one for name in ("destination", "redirect_uri") for one in asked.get(name, ())), None)
    if inside is None or not inside.startswith("https://") or _PORTAL.search(inside):
        return AlarmPost(at=at)
    account = next((one for one in asked.get("account_id", ()) if re.fullmatch(r"\d{12}", one)), None)
    return AlarmPost(at=at, account=account).completed(_console_link(inside, at))


def _only(found: Iterable[str]) -> str | None:
    """Of several the post does not say which it is about."""
    different = set(found)
    return different.pop() if len(different) == 1 else None
