"""Entries of network ACLs: as they were read, one that is added, and its removal by its number."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from diagnostics.facts import NetworkAcl
from diagnostics.facts.fact import Frozen
from diagnostics.facts.network import NetworkAclEntry
from diagnostics.rules.nacl import LAST_RULE
from diagnostics.snapshot import Subject
from remediations.plan import Call, Guard, Look, Write
from remediations.steps import paths
from remediations.steps.arns import ec2_arns

TCP = "6"


class Entry(Frozen):
    """An entry that lets TCP through, and the number that it gets."""

    acl_id: str
    egress: bool
    number: int
    cidr: str
    first: int
    last: int

    @property
    def words(self) -> str:
        """``entry 89: allow tcp 8080 from 10.0.1.0/24``."""
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"entry {self.number}: allow tcp {ports} {'to' if self.egress else 'from'} {self.cidr}"

    def as_read(self) -> NetworkAclEntry:
        """As it will be read once it is there."""
        return NetworkAclEntry(
            rule_number=self.number,
            egress=self.egress,
            protocol=TCP,
            allow=True,
            cidr=self.cidr,
            from_port=self.first,
            to_port=self.last,
        )


def direction(*, egress: bool) -> str:
    return "outbound" if egress else "inbound"


def unchanged(acl: NetworkAcl, *, egress: bool) -> Guard:
    """All entries of this direction are as they were read; their order decides what a new one does."""
    mine = sorted(
        (entry for entry in acl.entries if entry.egress == egress and entry.rule_number < LAST_RULE),
        key=lambda entry: entry.rule_number,
    )
    expected: list[JsonValue] = [
        [
            entry.rule_number,
            "allow" if entry.allow else "deny",
            entry.cidr or entry.ipv6_cidr,
            entry.protocol,
            entry.from_port,
            entry.to_port,
        ]
        for entry in mine
    ]
    listed = f"{_direction(egress=egress)} && RuleNumber < {paths.number(LAST_RULE)}"
    fields = "RuleNumber, RuleAction, CidrBlock || Ipv6CidrBlock, Protocol, PortRange.From, PortRange.To"
    path = f"sort_by(NetworkAcls[0].Entries[?{listed}], &RuleNumber)[].[{fields}]"
    text = f"the {direction(egress=egress)} entries of {acl.id} are as they were read"
    return Guard(look=Look(call=_acl(acl.id), path=path), expected=expected, text=text)


def stands_before(acl: NetworkAcl, subnets: Iterable[str]) -> Guard:
    """The ACL is the one of these subnets."""
    wanted = sorted(subnets)
    each = " && ".join(f"contains({_SUBNETS}, {paths.quoted(subnet)})" for subnet in wanted)
    text = f"{acl.id} is the network ACL of {', '.join(wanted)}"
    return Guard(look=Look(call=_acl(acl.id), path=each), expected=True, text=text)


def has(entry: Entry, *, is_so: bool) -> Guard:
    """Whether the very entry is there."""
    wanted = (
        f"{_direction(egress=entry.egress)} && RuleNumber == {paths.number(entry.number)} && RuleAction == 'allow'"
        f" && Protocol == '{TCP}' && CidrBlock == {paths.quoted(entry.cidr)}"
        f" && PortRange.From == {paths.number(entry.first)} && PortRange.To == {paths.number(entry.last)}"
    )
    look = Look(call=_acl(entry.acl_id), path=f"length(NetworkAcls[0].Entries[?{wanted}] || `[]`) > `0`")
    verb = "has" if is_so else "does not have"
    text = f"{entry.acl_id} {verb} the {direction(egress=entry.egress)} {entry.words}"
    return Guard(look=look, expected=is_so, text=text)


def add(subject: Subject, entry: Entry) -> Write:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html"""
    call = Call.of(
        "ec2",
        "create_network_acl_entry",
        NetworkAclId=entry.acl_id,
        RuleNumber=entry.number,
        Egress=entry.egress,
        Protocol=TCP,
        RuleAction="allow",
        CidrBlock=entry.cidr,
        PortRange={"From": entry.first, "To": entry.last},
    )
    return Write(
        call=call, resources=ec2_arns(subject, "network-acl", [entry.acl_id]), done_when=has(entry, is_so=True)
    )


def remove(subject: Subject, entry: Entry) -> Write:
    """Removes the entry that `add` made, by its number.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAclEntry.html"""
    call = Call.of(
        "ec2", "delete_network_acl_entry", NetworkAclId=entry.acl_id, RuleNumber=entry.number, Egress=entry.egress
    )
    return Write(
        call=call, resources=ec2_arns(subject, "network-acl", [entry.acl_id]), done_when=has(entry, is_so=False)
    )


_SUBNETS = "NetworkAcls[0].Associations[].SubnetId"


def _direction(*, egress: bool) -> str:
    return "Egress" if egress else "!Egress"


def _acl(acl_id: str) -> Call:
    return Call.of("ec2", "describe_network_acls", NetworkAclIds=[acl_id])
