"""Where a load balancer's log files lie, and which of them can hold rows of a time window.

Keys and file names: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
(access logs), load-balancer-connection-logs.html and load-balancer-health-check-logs.html beside it: all three kinds
share a folder and are told apart by the beginning of the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

LogKind = Literal["access", "connection", "health-check"]

INTERVAL = timedelta(minutes=5)
"""A file holds the rows of this long before the time in its name, its end."""

DELIVERY_DELAY = timedelta(minutes=5)
"""How long after the end of its interval a file usually appears."""

LATEST_DELIVERY = timedelta(hours=1)
"""The day's folder is that of delivery: a file that ended so long before midnight may lie in the next day's."""

LONGEST_BY_HOUR = timedelta(days=1)
"""Longer windows are listed by the day: one page of keys holds more than an hour of most load balancers."""

_ATTRIBUTES: Mapping[LogKind, str] = {
    "access": "access_logs.s3",
    "connection": "connection_logs.s3",
    "health-check": "health_check_logs.s3",
}
_FILE_PREFIXES: Mapping[LogKind, str] = {"access": "", "connection": "conn_log_", "health-check": "health_check_log_"}
_ARN = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):loadbalancer/"
    r"(?P<name>app/[A-Za-z0-9-]{1,32}/[0-9a-f]{8,32})"
)
_FILE = re.compile(
    r"(?P<kind>conn_log_|health_check_log_)?(?P<account>\d{12})_elasticloadbalancing_(?P<region>[a-z0-9-]+)_"
    r"app\.(?P<name>[A-Za-z0-9-]{1,32})\.(?P<id>[0-9a-f]{8,32})_(?P<end>\d{8}T\d{4})Z_(?P<node>[0-9A-Fa-f.:]{2,45})_"
    r"[^/]{1,100}\.log(?:\.gz)?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The bucket and folder of one kind of log of one load balancer. `prefix` has no slash at its ends."""

    kind: LogKind
    bucket: str
    prefix: str
    account: str
    region: str
    load_balancer: str
    """As in logs and metrics, ``app/name/id``."""
    load_balancer_arn: str

    @property
    def folder(self) -> str:
        """Everything before the year, without bucket, with a slash at the end."""
        before = f"{self.prefix}/" if self.prefix else ""
        return f"{before}AWSLogs/{self.account}/elasticloadbalancing/{self.region}/"

    @property
    def file_prefix(self) -> str:
        """The beginning of every file's name, up to its end time."""
        name = self.load_balancer.replace("/", ".")
        return f"{_FILE_PREFIXES[self.kind]}{self.account}_elasticloadbalancing_{self.region}_{name}_"

    @property
    def partition(self) -> str:
        """``aws``, ``aws-us-gov``, ``aws-cn``…"""
        return self.load_balancer_arn.split(":")[1]

    @property
    def bucket_arn(self) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def objects_arn(self) -> str:
        """What s3:GetObject has to be allowed on."""
        return f"{self.bucket_arn}/{self.folder}*"


@dataclass(frozen=True, slots=True)
class LogFile:
    """One delivered file. `node` is the address of the load balancer's node that wrote it; `size` in bytes."""

    key: str
    kind: LogKind
    load_balancer: str
    end: datetime
    node: str
    size: int = 0

    @property
    def start(self) -> datetime:
        return self.end - INTERVAL


def is_on(attributes: Mapping[str, str], kind: LogKind = "access") -> bool:
    """Whether these attributes of a load balancer turn this kind of log on."""
    return attributes.get(f"{_ATTRIBUTES[kind]}.enabled") == "true"


def place_of(load_balancer_arn: str, attributes: Mapping[str, str], kind: LogKind = "access") -> Place | None:
    """Where this log is delivered; None when it is off, or the ARN is not that of an application load balancer."""
    arn = _ARN.fullmatch(load_balancer_arn)
    bucket = attributes.get(f"{_ATTRIBUTES[kind]}.bucket", "")
    if arn is None or not bucket or not is_on(attributes, kind):
        return None
    return Place(
        kind=kind,
        bucket=bucket,
        prefix=attributes.get(f"{_ATTRIBUTES[kind]}.prefix", "").strip("/"),
        account=arn["account"],
        region=arn["region"],
        load_balancer=arn["name"],
        load_balancer_arn=load_balancer_arn,
    )


def list_prefixes(place: Place, start: datetime, end: datetime) -> tuple[str, ...]:
    """Key prefixes that hold every file of the window, the newest first, as narrow as the file names allow.

    The end time follows the load balancer's id in a name, so a prefix can stop after its hour.
    """
    first, last = _ends(start, end)
    by_hour = last - first <= LONGEST_BY_HOUR
    stamp = "%Y%m%dT%H" if by_hour else "%Y%m%d"
    prefixes = (
        f"{place.folder}{day:%Y/%m/%d}/{place.file_prefix}{unit.strftime(stamp)}"
        for unit in _units(first, last, by_hour=by_hour)
        for day in _delivery_days(unit, timedelta(hours=1) if by_hour else timedelta(days=1))
    )
    return tuple(dict.fromkeys(prefixes))


def parse_key(key: str, size: int = 0) -> LogFile | None:
    """What a key says about its file; None for anything that is no log file of an application load balancer."""
    found = _FILE.fullmatch(key.rpartition("/")[2])
    if found is None:
        return None
    try:
        end = datetime.strptime(found["end"], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    kind = next(kind for kind, prefix in _FILE_PREFIXES.items() if prefix == (found["kind"] or ""))
    return LogFile(key, kind, f"app/{found['name']}/{found['id']}", end, found["node"], size)


def wanted(files: Iterable[LogFile], place: Place, start: datetime, end: datetime) -> tuple[LogFile, ...]:
    """The files of this place that can hold rows of the window, each once, the newest first."""
    ours = {
        file.key: file
        for file in files
        if file.kind == place.kind and file.load_balancer == place.load_balancer and may_hold(file, start, end)
    }
    return tuple(sorted(ours.values(), key=lambda file: (file.end, file.key), reverse=True))


def may_hold(file: LogFile, start: datetime, end: datetime) -> bool:
    """Whether the file's interval and the window touch."""
    first, last = _ends(start, end)
    return first <= file.end <= last


def newest_complete(now: datetime) -> datetime:
    """Up to here the files of an interval should have arrived."""
    return interval_start(now - DELIVERY_DELAY)


def interval_start(at: datetime) -> datetime:
    """The last end of an interval not after `at`."""
    seconds = int(at.timestamp())
    step = int(INTERVAL.total_seconds())
    return datetime.fromtimestamp(seconds // step * step, UTC)


def _ends(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The first and the last end of a file that can hold rows of the window; both bounds belong to it."""
    first = interval_start(start)
    return (first if first == start else first + INTERVAL), interval_start(end) + INTERVAL


def _units(first: datetime, last: datetime, *, by_hour: bool) -> Iterator[datetime]:
    """Hours, or days, that hold ends from `last` back to `first`."""
    step = timedelta(hours=1) if by_hour else timedelta(days=1)
    unit = last.replace(minute=0) if by_hour else last.replace(hour=0, minute=0)
    while unit + step > first:
        yield unit
        unit -= step


def _delivery_days(unit: datetime, length: timedelta) -> tuple[datetime, ...]:
    """Folders in which files that ended in this hour or day may lie, the newest first."""
    latest = unit + length - INTERVAL + LATEST_DELIVERY
    return (unit,) if latest.date() == unit.date() else (latest, unit)
