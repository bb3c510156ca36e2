"""Tags of the load balancers, the subject's target groups and the ECS service."""

from __future__ import annotations

from diagnostics.collect.answers import batches, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Later, Read, Reads, collector
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.facts import EcsService, Gap, NotApplicable, Tags
from diagnostics.redaction import redact_tag
from diagnostics.snapshot import Subject

ARNS_PER_CALL = 20
MAX_ARNS = 40


@collector(cached=True)
def tags(subject: Subject, service: Later[EcsService]) -> Reads[Tags]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html"""
    arns = (*subject.load_balancers[:MAX_LOAD_BALANCERS], *subject.target_groups)[:MAX_ARNS]
    answers = yield [
        Read("elbv2", "describe_tags", "TagDescriptions", {"ResourceArns": some}, resource=some[0])
        for some in batches(arns, ARNS_PER_CALL)
    ]
    yield service
    outcome = service.outcome
    by_arn = {
        item["ResourceArn"]: {tag["Key"]: redact_tag(tag["Key"], tag.get("Value", "")) for tag in item.get("Tags", ())}
        for item in items_of(answers)
    }
    gaps = gaps_of(answers)
    if isinstance(outcome, EcsService):
        by_arn[outcome.arn] = outcome.tags
    elif isinstance(outcome, Gap):
        gaps = (*gaps, outcome)
    if not by_arn:
        return nothing_read(answers) or (gaps[0] if gaps else NotApplicable(reason="there is nothing with tags"))
    return Tags(by_arn=by_arn, gaps=gaps)
