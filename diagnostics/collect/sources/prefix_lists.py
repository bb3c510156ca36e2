"""Addresses behind the managed prefix lists that security group rules mention."""

from __future__ import annotations

from diagnostics.collect.answers import distinct, gaps_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import PrefixLists, SecurityGroups

MAX_LISTS = 20
PAGE_SIZE = 100
MAX_PAGES = 10


@collector(cached=True)
def prefix_lists(groups: SecurityGroups) -> Reads[PrefixLists]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html"""
    ids = distinct(
        name
        for group in groups.by_id.values()
        for permission in (*group.ingress, *group.egress)
        for name in permission.prefix_list_ids
    )[:MAX_LISTS]
    answers = yield [
        Read(
            "ec2",
            "get_managed_prefix_list_entries",
            "Entries",
            {"PrefixListId": name, "MaxResults": PAGE_SIZE},
            resource=name,
            max_pages=MAX_PAGES,
        )
        for name in ids
    ]
    if failed := nothing_read(answers):
        return failed
    cidrs = {
        name: tuple(entry["Cidr"] for entry in answer.items)
        for name, answer in zip(ids, answers, strict=True)
        if not answer.failed
    }
    return PrefixLists(cidrs=cidrs, gaps=gaps_of(answers))
