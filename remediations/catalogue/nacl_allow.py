"""Let load balancer and targets talk through the network ACLs between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnostics.facts import Changes, NetworkAcls, Subnets
from diagnostics.report import SettingChange
from diagnostics.rules.changes import changes_before_onset
from diagnostics.rules.reachability import Blocked, Path, paths
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain
from remediations.fix import Case, fix
from remediations.plan import MAX_NARROWER, MAX_WRITES, Guard, Plan, Success, Undo
from remediations.steps import acl_entries, healthy, network_acls, openings
from remediations.steps.arns import arn_of, ec2_arns
from remediations.steps.network_acls import Entry
from remediations.steps.openings import COUNTED_AFTER_S, EFFECT_S

EDITS = ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry", "ReplaceNetworkAclAssociation")


@fix(
    id="nacl-allow",
    title="Let load balancer and targets talk through the network ACL",
    risk="high",
    causes=("nacl-blocked",),
    calls=("ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAclEntry"),
    needs=(*TERRAIN_NEEDS, NetworkAcls, Subnets),
    uses=(*TERRAIN_USES, Changes),
    docs=(
        "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
)
def nacl_allow(case: Case) -> Iterator[Plan]:
    """Adds entries that allow what is denied on the way, no more: the port towards the targets' subnets, and the return
    ports back, between these subnets only. Each gets the first free number below the entry that denies; where none
    speaks of it, a number after all others. The approver may choose a single subnet of the load balancer.

    Offered where the ACLs of both subnets were read and these entries are proven to be enough. An ACL holds for
    everything in its subnets: the same ports between the same subnets are opened for all of it, and an entry that
    denies may be there on purpose. Any change of the ACL in the meantime stops the fix, as the order decides. The undo
    removes exactly the entries that were added.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    """
    terrain = Terrain.of(case.facts)
    blamed = frozenset(case.cause.resources)
    if case.cause.band == "possible":
        return
    shut = [way for way in paths(terrain) if isinstance(way.acl, Blocked)]
    for arn in dict.fromkeys(way.load_balancer for way in shut):
        own = [way for way in shut if way.load_balancer == arn]
        if not any(blamed.intersection(way.acl.resources) for way in own if isinstance(way.acl, Blocked)):
            continue
        entries = acl_entries.entries(own, terrain)
        if 0 < len(entries) <= MAX_WRITES and blamed.intersection(entry.acl_id for entry in entries):
            parts = tuple(_parts(case, terrain, own, entries))[:MAX_NARROWER]
            yield _plan(case, terrain, own, entries).model_copy(update={"narrower": parts})


def _parts(case: Case, terrain: Terrain, shut: list[Path], whole: Sequence[Entry]) -> Iterator[Plan]:
    """For one subnet of the load balancer alone. Its nodes in others stay shut out, so that targets need not get
    healthy by it."""
    for subnet in dict.fromkeys(way.subnet_id for way in shut):
        ways = [way for way in shut if way.subnet_id == subnet]
        entries = acl_entries.entries(ways, terrain)
        blamed = {entry.acl_id for entry in entries}.intersection(case.cause.resources)
        if blamed and len(entries) < len(whole):
            part = _plan(case, terrain, ways, entries)
            there = tuple(network_acls.has(entry, is_so=True) for entry in entries)
            seen = Success(text=f"the entries for {subnet} are there", within_s=EFFECT_S, guards=there)
            label = f"only for {subnet} of the load balancer"
            yield part.model_copy(update={"label": label, "success": seen, "eta_s": EFFECT_S})


def _plan(case: Case, terrain: Terrain, shut: list[Path], entries: Sequence[Entry]) -> Plan:
    subject, ids = case.facts.subject, list(dict.fromkeys(entry.acl_id for entry in entries))
    first = next(one for one in ids if one in case.cause.resources)
    arns = dict.fromkeys(way.target_group for way in shut)
    groups = [group for arn in arns if (group := terrain.target_groups.of(arn)) is not None]
    checked = any("health-check" in way.purposes for way in shut)
    takes_s = EFFECT_S + (max((healthy.becomes_healthy_s(group) for group in groups), default=0) if checked else 0)
    quiet = openings.no_failed_connections(shut[0].load_balancer, groups)
    return Plan(
        fix="nacl-allow",
        title=f"Let load balancer {_balancer(shut)} and its targets talk through network ACL {' and '.join(ids)}",
        risk="high",
        resource=arn_of(subject, "ec2", f"network-acl/{first}"),
        judged_by_tags_of=ec2_arns(subject, "network-acl", [one for one in ids if one != first]),
        changes=tuple(
            SettingChange(
                resource=entry.acl_id,
                setting=f"{network_acls.direction(egress=entry.egress)} entry {entry.number}",
                before=None,
                after=entry.words,
            )
            for entry in entries
        ),
        guards=tuple(_as_read(terrain, shut, entries)),
        writes=tuple(network_acls.add(subject, entry) for entry in entries),
        success=Success(
            text="the targets pass their health checks" if checked else "connections to the targets no longer fail",
            within_s=takes_s if checked else COUNTED_AFTER_S,
            guards=(
                *(network_acls.has(entry, is_so=True) for entry in entries),
                *(healthy.targets_healthy(group.arn) for group in (groups if checked else ())),
            ),
            quiet=() if checked else quiet,
        ),
        undo=Undo(
            kind="exact",
            text=f"removes {'that entry' if len(entries) == 1 else 'those entries'} from {' and '.join(ids)}",
            writes=tuple(network_acls.remove(subject, entry) for entry in entries),
            guards=tuple(network_acls.has(entry, is_so=True) for entry in entries),
        ),
        touches=f"everything in {', '.join(_subnets(terrain, ids))}: these ports are open between these subnets",
        warnings=tuple(_warnings(case, ids)),
        eta_s=takes_s,
    )


def _balancer(shut: list[Path]) -> str:
    return shut[0].load_balancer.split("/")[-2]


def _as_read(terrain: Terrain, shut: list[Path], entries: Sequence[Entry]) -> Iterator[Guard]:
    passed = {way.subnet_id for way in shut} | {way.whereabouts.subnet_id for way in shut}
    known = {acl.id: acl for acl in (terrain.acls.items if terrain.acls else ())}
    for acl_id in dict.fromkeys(entry.acl_id for entry in entries):
        yield network_acls.stands_before(known[acl_id], [one for one in known[acl_id].subnet_ids if one in passed])
    for acl_id, egress in dict.fromkeys((entry.acl_id, entry.egress) for entry in entries):
        yield network_acls.unchanged(known[acl_id], egress=egress)


def _subnets(terrain: Terrain, ids: Sequence[str]) -> tuple[str, ...]:
    known = terrain.acls.items if terrain.acls else ()
    return tuple(dict.fromkeys(subnet for acl in known if acl.id in ids for subnet in acl.subnet_ids))


def _warnings(case: Case, ids: Sequence[str]) -> Iterator[str]:
    found = changes_before_onset(
        case.facts.maybe(Changes), resources=ids, names=EDITS, onset=case.facts.observed.onset or case.facts.now
    )
    for change in found[:1]:
        yield f"{change.actor[:80]} changed the ACL at {change.at:%H:%M} UTC: ask whether it was on purpose"
    yield "an ACL is a second lock of its subnets: whoever keeps the network should know"
