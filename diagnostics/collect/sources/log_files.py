"""Log files in S3: which of them there are for a window, and why there are none."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from diagnostics.access_logs.places import DELIVERY_DELAY, Place, list_prefixes, newest_complete, parse_key, wanted
from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Now, Read, Step
from diagnostics.collect.log_stream import Wanted
from diagnostics.facts import Gap
from diagnostics.snapshot import Window

GET_OBJECT = "s3:GetObject"
LIST_BUCKET = "s3:ListBucket"
DECRYPT = "kms:Decrypt"
LOGS_OFF = "LoggingIsOff"
NOT_DELIVERED = "NoLogFileYet"
NO_BUCKET = "NoSuchBucket"
MAX_PAGES = 5
DOCS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"


def log_files(
    places: Sequence[Place], window: Window, now: Now
) -> Generator[Step, Sequence[Pages], tuple[tuple[Wanted, ...], tuple[Gap, ...]]]:
    """The files of the window, the newest first, and a gap for every place that has none or did not let itself be
    listed. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
    reads = [_listing(place, window) for place in places]
    answers = iter((yield [read for some in reads for read in some]))
    files: list[Wanted] = []
    gaps: list[Gap] = []
    for place, some in zip(places, reads, strict=True):
        own = [next(answers) for _ in some]
        found = _listed(place, own, window)
        refused = _listing_gaps(place, own)
        files.extend(found)
        gaps.extend(refused if refused or found else [_none_yet(place, window, now)])
    files.sort(key=lambda one: one.file.end, reverse=True)
    return tuple(files), tuple(gaps)


def _listing(place: Place, window: Window) -> list[Read]:
    return [
        Read(
            "s3",
            "list_objects_v2",
            "Contents",
            {"Bucket": place.bucket, "Prefix": prefix},
            resource=place.bucket_arn,
            max_pages=MAX_PAGES,
            missing=(NO_BUCKET,),
            may_lack_key=True,
        )
        for prefix in list_prefixes(place, window.start, window.end)
    ]


def _listed(place: Place, answers: Sequence[Pages], window: Window) -> tuple[Wanted, ...]:
    keys = ((str(item["Key"]), int(item.get("Size", 0))) for answer in answers for item in answer.items)
    files = (file for file in (parse_key(key, size) for key, size in keys) if file is not None)
    return tuple(Wanted(place.bucket, file) for file in wanted(files, place, window.start, window.end))


def _listing_gaps(place: Place, answers: Sequence[Pages]) -> tuple[Gap, ...]:
    """What could not be listed, each reason once; a bucket that does not exist is one too."""
    if any(answer.missing for answer in answers):
        message = f"logs of {place.load_balancer} go to {place.bucket}, which does not exist: choose another bucket"
        return (Gap(action=LIST_BUCKET, resource=place.bucket_arn, error=NO_BUCKET, message=message),)
    return distinct_gaps(place, (gap for answer in answers for gap in answer.gaps))


def distinct_gaps(place: Place, gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """One gap for each reason, on what a policy has to name, instead of one for each file."""
    return tuple({(one.action, one.error): one for one in (_of_place(place, gap) for gap in gaps)}.values())


def off(load_balancer_arn: str, more: str = "") -> Gap:
    """Access logs are not written at all, which is how every load balancer starts."""
    name = load_balancer_arn.split(":loadbalancer/", 1)[-1]
    message = (
        f"access logs of {name} are off, which is the default: set access_logs.s3.enabled, .bucket and .prefix of the "
        f"load balancer ({DOCS}); the next incident can then be read row by row{more}"
    )
    return Gap(action=GET_OBJECT, resource=load_balancer_arn, error=LOGS_OFF, kind="not-read", message=message)


def _none_yet(place: Place, window: Window, now: Now) -> Gap:
    """There is no file of the window. A file ends every five minutes and arrives about five minutes later."""
    if newest_complete(now.at) <= window.start:
        delay = int(DELIVERY_DELAY.total_seconds()) // 60
        why = f"the files of this window arrive about {delay} minutes after each interval of {delay}: ask again then"
    else:
        why = (
            f"no file in {place.bucket}/{place.folder} is of this window: there was no request, logs were turned on "
            f"later, or the bucket's policy or its KMS encryption keeps the load balancer from writing ({DOCS})"
        )
    return Gap(action=GET_OBJECT, resource=place.objects_arn, error=NOT_DELIVERED, kind="not-read", message=why)


def _of_place(place: Place, gap: Gap) -> Gap:
    if gap.action == GET_OBJECT and DECRYPT in gap.message:
        return gap.model_copy(update={"action": DECRYPT, "resource": place.objects_arn})
    if gap.action == GET_OBJECT:
        return gap.model_copy(update={"resource": place.objects_arn})
    return gap
