"""Instances that are no targets any more: those that somebody took out, stopped or terminated, by CloudTrail."""

from __future__ import annotations

from diagnostics.collect.answers import distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Reads, collector
from diagnostics.collect.sources.changes_in_doubt import ended_instances, taken_out
from diagnostics.collect.sources.hosts import host_of, instances_with
from diagnostics.facts import Changes, FormerHosts, Hosts, NotApplicable, TargetHealth, Unread
from diagnostics.snapshot import Subject

MAX_HOSTS = 20
NOBODY = NotApplicable(reason="CloudTrail tells of no instance that was a target and is none any more")


@collector(cached=False)
def former_hosts(
    subject: Subject, changes: Changes | Unread, health: TargetHealth | Unread, hosts: Hosts | Unread
) -> Reads[FormerHosts]:
    """A terminated instance is described for about an hour. Those that are known already are not asked about again.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    if not isinstance(changes, Changes):
        return NOBODY
    known = {*hosts.missing, *(host.id for host in hosts.items)} if isinstance(hosts, Hosts) else set[str]()
    named = distinct([*taken_out(changes.items, subject, health), *ended_instances(changes)])
    wanted = tuple(name for name in named if name not in known)[:MAX_HOSTS]
    if not wanted:
        return NOBODY
    answers = yield instances_with(wanted)
    if failed := nothing_read(answers):
        return failed
    found = [host_of(raw, {}) for item in items_of(answers) for raw in item.get("Instances", ())]
    gone = {host.id for host in found}
    missing = () if gaps_of(answers) else tuple(name for name in wanted if name not in gone)
    return FormerHosts(items=tuple(found), missing=missing, gaps=gaps_of(answers))
