"""The rule is there and names the wrong group."""

from diagnostics.facts import GroupReference, LoadBalancers, NetworkInterfaces, Permission, SecurityGroup
from tests.incidents.building import LB, LB_SG, PORT, TASK_SG, Incident, allow_all, allow_from, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group

CODE = "sg-stale-reference"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)
NEW_SG = "sg-0new"


def balancer_wears(incident: Incident, *groups: str) -> Incident:
    incident.edit(
        LoadBalancers,
        lambda fact: fact.model_copy(
            update={"items": tuple(item.model_copy(update={"security_groups": groups}) for item in fact.items)}
        ),
    )
    incident.edit(
        NetworkInterfaces,
        lambda fact: fact.model_copy(
            update={
                "items": tuple(
                    item.model_copy(update={"security_groups": groups}) if item.description.startswith("ELB") else item
                    for item in fact.items
                )
            }
        ),
    )
    return incident.security_group(SecurityGroup(id=NEW_SG, name="shop-lb-2", egress=(allow_all(),)))


def the_balancer_got_another_group() -> Incident:
    incident = silent(balancer_wears(Incident(), NEW_SG))
    return incident.changed(change("SetSecurityGroups", minutes_ago=13, resources=(LB,)))


def long_before_the_records() -> Incident:
    return silent(balancer_wears(Incident(), NEW_SG))


def a_group_was_added() -> Incident:
    return balancer_wears(Incident(), LB_SG, NEW_SG)


def own_group_on_another_port() -> Incident:
    group = task_group(allow_from(LB_SG, port=80), allow_from("sg-bastion"))
    return silent(Incident().security_group(group))


def group_admits_only_itself() -> Incident:
    return silent(Incident().security_group(task_group(allow_from(TASK_SG))))


def a_colleague_is_named_and_our_rule_was_removed() -> Incident:
    return silent(Incident().security_group(task_group(allow_from("sg-orders")))).changed(revoked(13))


def a_rule_was_removed_by_its_id() -> Incident:
    by_id = {"groupId": TASK_SG, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-1"}]}}
    removed = change("RevokeSecurityGroupIngress", minutes_ago=13, resources=(TASK_SG,), request=by_id)
    return silent(Incident().security_group(task_group(allow_from("sg-orders")))).changed(removed)


def over_a_peering() -> Incident:
    reference = GroupReference(group_id=LB_SG, account="444455556666", peering_status="active")
    rule = Permission(protocol="tcp", from_port=PORT, to_port=PORT, groups=(reference,))
    return Incident().security_group(task_group(rule))


def another_load_balancer_wears_it() -> Incident:
    """The tasks serve a public and an internal load balancer, and only the public one's rule is left."""
    incident = long_before_the_records()
    other = LB.replace("app/shop/50dc6c495c0c9188", "app/public/60ed7d506d1d9299")

    def add(fact: LoadBalancers) -> LoadBalancers:
        public = fact.items[0].model_copy(update={"arn": other, "name": "public", "security_groups": (LB_SG,)})
        return fact.model_copy(update={"items": (*fact.items, public)})

    return incident.edit(LoadBalancers, add)


CASES = (
    look_alike(
        CODE,
        "the named group is on the other load balancer",
        another_load_balancer_wears_it,
        first="sg-ingress-missing",
        also=FAIL_OPEN,
    ),
    finds(
        CODE, "the load balancer got another group", the_balancer_got_another_group, band="confirmed", also=FAIL_OPEN
    ),
    finds(CODE, "nobody recorded when", long_before_the_records, band="confirmed", also=FAIL_OPEN),
    look_alike(CODE, "a second group was added", a_group_was_added),
    look_alike(
        CODE, "own group on the wrong port", own_group_on_another_port, first="sg-ingress-missing", also=FAIL_OPEN
    ),
    look_alike(
        CODE, "a group that admits itself", group_admits_only_itself, first="sg-ingress-missing", also=FAIL_OPEN
    ),
    look_alike(
        CODE,
        "the other group belongs to a colleague",
        a_colleague_is_named_and_our_rule_was_removed,
        first="sg-ingress-missing",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "a rule was removed by its id, which may have been the load balancer's",
        a_rule_was_removed_by_its_id,
        first="sg-ingress-missing",
        also=FAIL_OPEN,
    ),
    look_alike(CODE, "a reference across a peering", over_a_peering),
)
