"""Access logs by Athena: more than this machine should read, for a price that is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnostics.access_logs.athena import Table, cost_usd, delivery_days, queries
from diagnostics.access_logs.places import INTERVAL, Place, interval_start
from diagnostics.access_logs.questions import COLUMNS, COUNT_COLUMNS
from diagnostics.access_logs.row import FIELDS
from diagnostics.access_logs.scope import Scope
from diagnostics.access_logs.tally import Tally
from diagnostics.aws_access import Missing, Reader
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.collect.athena_queries import START, TOO_MUCH, Answered, run_queries
from diagnostics.collect.earlier_scans import EarlierScan, EarlierScans
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import AthenaOptions
from diagnostics.facts import AccessLogs, Gap
from diagnostics.snapshot import Window

GET_TABLE = "glue:GetTable"
NO_TABLE = "NoTable"
OTHER_COLUMNS = "OtherColumns"
OTHER_FOLDER = "AnotherFolder"
NOT_FOUND = "EntityNotFoundException"
QUERIES = 2
MAX_LIST_PAGES = 50
PAID_FOR = frozenset({TOO_MUCH, OUT_OF_TIME})
"""Failures after which asking again would cost as much again."""


def read_by_athena(
    places: Sequence[Place],
    scope: Scope,
    options: AthenaOptions,
    earlier: EarlierScans | None,
    reader: Reader,
    leash: Leash,
) -> AccessLogs | Gap:
    """Asks the table of the first place's folder about every place that shares it. The others become gaps.

    Nothing is asked when the files of the days are larger than `options.max_bytes`.
    """
    asked, window = _asked(places, scope, options, reader), Window(start=scope.since, end=scope.until)
    kept = earlier.find(asked, window) if earlier else None
    if kept and isinstance(kept.found, AccessLogs | Gap):
        leash.tell("what Athena has found before")
        return _again(kept.found, kept, window)
    found = _read(places, scope, options, reader, leash)
    if earlier and (isinstance(found, AccessLogs) or found.error in PAID_FOR):
        earlier.keep(asked, window, found)
    return found


def _read(
    places: Sequence[Place], scope: Scope, options: AthenaOptions, reader: Reader, leash: Leash
) -> AccessLogs | Gap:
    table = Table(options.database, places[0])
    ours = [place.load_balancer for place in places if place.folder == places[0].folder]
    left_out = tuple(_left_out(place) for place in places if place.load_balancer not in ours)
    missing = _check(table, options, reader, leash)
    if missing is not None:
        return missing
    stored = _stored_bytes(table, scope, reader)
    if isinstance(stored, Gap):
        return stored
    estimate = stored * QUERIES
    price = f"{_in_words(estimate)}, about {cost_usd(estimate, QUERIES):.2f} USD"
    if estimate > options.max_bytes:
        message = f"Athena would read {price}: more than logs.athena.max_bytes; ask about a shorter time"
        return Gap(action=START, resource=options.workgroup, error=TOO_MUCH, kind="not-read", message=message)
    leash.tell(f"Athena will read at most {price}")
    whole = _rounded(scope)
    answered = run_queries(queries(whole, table, ours), options, reader, leash)
    if isinstance(answered, Gap):
        return answered
    told = _told(answered, options)
    return _logs(answered, whole).model_copy(update={"gaps": left_out, "notes": (told,), "paid": told})


def _asked(places: Sequence[Place], scope: Scope, options: AthenaOptions, reader: Reader) -> str:
    """The question without its time, and without the zones of targets, which come and go."""
    where = [(one.bucket, one.folder, one.load_balancer) for one in places]
    rows = (scope.target_groups, scope.timeouts, scope.where)
    return f"{reader.account_id} {reader.region} {options.database} {options.max_bytes} {where} {rows}"


def _again(found: AccessLogs | Gap, kept: EarlierScan, window: Window) -> AccessLogs | Gap:
    """An earlier answer, as far as it is of this window: what is counted by anything but minutes cannot be parted."""
    if isinstance(found, Gap):
        return found
    again = "" if kept.window == window else f", and asked anew from {kept.again_at(window):%H:%M} UTC on"
    told = (
        f"Athena's answer about {kept.window.start:%H:%M} to {kept.window.end:%H:%M} UTC is used again{again}; "
        f"then it {found.paid.removeprefix('Athena ')}"
        if found.paid
        else "Athena's answer of before is used again"
    )
    first = f"{window.start:%Y-%m-%dT%H:%M}"
    return found.model_copy(
        update={
            "covered_from": max(found.covered_from, window.start),
            "covered_to": min(kept.window.end, window.end),
            "errors": tuple(one for one in found.errors if one.last >= window.start),
            "by_minute": tuple(one for one in found.by_minute if one.key >= first),
            "sample": tuple(row for row in found.sample if row.at >= window.start),
            "notes": tuple(told if note == found.paid else note for note in found.notes),
            "paid": told,
        }
    )


def _rounded(scope: Scope) -> Scope:
    """Whole intervals of the log files, so that a question a little later finds the answer of the first."""
    return replace(scope, since=interval_start(scope.since), until=interval_start(scope.until) + INTERVAL)


def _check(table: Table, options: AthenaOptions, reader: Reader, leash: Leash) -> Gap | None:
    """The table is made when a person asked for it, and used only as this program makes it."""
    resource = f"{table.database}.{table.name}"
    found = reader.find(
        "glue",
        "get_table",
        missing=(NOT_FOUND,),
        resource=resource,
        expects=("Table",),
        DatabaseName=table.database,
        Name=table.name,
    )
    if isinstance(found, Gap):
        return found
    if isinstance(found, Missing):
        if not options.create_table:
            message = (
                f"Athena has no table {resource} yet: `alb502 logs TARGET --athena --create-table` makes it over "
                f"{table.location}, or run the statement of docs/access-logs.md"
            )
            return Gap(action=GET_TABLE, resource=resource, error=NO_TABLE, kind="not-read", message=message)
        made = run_queries({"definition": table.definition()}, options, reader, leash)
        return made if isinstance(made, Gap) else None
    columns = [str(one.get("Name", "")) for one in found["Table"].get("StorageDescriptor", {}).get("Columns", ())]
    if tuple(columns) != COLUMNS:
        message = f"{resource} has other columns than this version makes: drop it and make it with --create-table"
        return Gap(action=GET_TABLE, resource=resource, error=OTHER_COLUMNS, kind="not-read", message=message)
    return None


def _stored_bytes(table: Table, scope: Scope, reader: Reader) -> int | Gap:
    """What lies in the folders of these days: an upper bound for what one query reads."""
    total = 0
    for prefix in table.day_prefixes(delivery_days(scope.since.date(), scope.until.date())):
        listed = reader.pages(
            "s3",
            "list_objects_v2",
            "Contents",
            max_pages=MAX_LIST_PAGES,
            resource=table.place.bucket_arn,
            may_lack_key=True,
            Bucket=table.place.bucket,
            Prefix=prefix,
        )
        if listed.gaps:
            return listed.gaps[0]
        total += sum(int(item.get("Size", 0)) for item in listed.items)
    return total


def _logs(answered: Answered, scope: Scope) -> AccessLogs:
    tally = Tally(scope)
    tally.add_counts(_in_order(answered.rows["counts"], COUNT_COLUMNS))
    tally.add_sample(_in_order(answered.rows["sample"], FIELDS))
    return tally.logs(source="s3", engine="athena", files=0, size=answered.scanned_bytes, share_read=1.0)


def _in_order(rows: Sequence[Mapping[str, str | None]], names: Sequence[str]) -> list[list[str | None]]:
    return [[row.get(name) for name in names] for row in rows]


def _told(answered: Answered, options: AthenaOptions) -> str:
    if answered.from_cache:
        return f"Athena's answer of less than an hour ago, for which it read {_in_words(answered.scanned_bytes)}"
    price = cost_usd(answered.scanned_bytes, len(answered.rows))
    most = f"at most {_in_words(options.max_bytes)} (logs.athena.max_bytes)"
    return f"Athena read {_in_words(answered.scanned_bytes)}, {most}, about {price:.2f} USD"


def _left_out(place: Place) -> Gap:
    message = f"Athena was asked about one folder of logs; {place.load_balancer} writes to {place.folder}"
    return Gap(action=START, resource=place.objects_arn, error=OTHER_FOLDER, kind="not-read", message=message)


def _in_words(size: int) -> str:
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size:,} bytes"
