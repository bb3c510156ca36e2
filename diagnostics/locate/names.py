"""Finding what has a name: in the index without a call, else in every place at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from diagnostics.aws_access import explain
from diagnostics.locate.alarms import of_alarms
from diagnostics.locate.candidates import Sightings, ambiguous, candidate, meant
from diagnostics.locate.ecs import all_services, names_in, services_called
from diagnostics.locate.inquiry import Inquiry, Result
from diagnostics.locate.lookups.alarms import SeenAlarm, alarms_named
from diagnostics.locate.lookups.containers import clusters, services_named
from diagnostics.locate.lookups.functions import function_named
from diagnostics.locate.lookups.load_balancing import (
    all_load_balancers,
    all_target_groups,
    load_balancer_named,
    target_group_named,
)
from diagnostics.locate.nearest import nearest
from diagnostics.locate.parse import may_be_elb_name, may_be_function_name
from diagnostics.locate.search import Step, of_kind
from diagnostics.locate.seen import (
    SeenCluster,
    SeenFunction,
    SeenLoadBalancer,
    SeenService,
    SeenTargetGroup,
)
from diagnostics.locate.subjects import of_groups, of_service, of_thing
from diagnostics.locate.wanted import Pair, ServiceWanted
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown

MAX_PLACES: Final = 20


def find_name(inquiry: Inquiry, name: str) -> Result:
    """A service, target group, load balancer, function or alarm.

    No delay when the index has the name. Else three for a service: clusters (beside load balancers, target groups,
    functions and alarms of that name); the service in each cluster, without listing services; its target groups.
    """
    remembered = _remembered(inquiry, name)
    if meant(remembered):
        return _settled(inquiry, remembered)
    looks: list[Any] = [clusters, alarms_named((name,))]
    if may_be_elb_name(name):
        looks += [load_balancer_named(name), target_group_named(name)]
    if may_be_function_name(name):
        looks.append(function_named(name))
    found = inquiry.search.everywhere(*looks)
    inquiry = inquiry.knowing(of_kind(found, SeenCluster))
    seen = Sightings(
        services=services_called(inquiry.search, inquiry.clusters or (), name),
        target_groups=of_kind(found, SeenTargetGroup),
        load_balancers=of_kind(found, SeenLoadBalancer),
        functions=of_kind(found, SeenFunction),
    )
    if meant(seen):
        return _settled(inquiry, seen)
    if alarms := of_kind(found, SeenAlarm):
        return of_alarms(inquiry, alarms)
    return _of_cluster(inquiry, name) or unknown(inquiry, name)


def find_pair(inquiry: Inquiry, pair: Pair) -> Result:
    """``cluster/service`` or ``load-balancer/target-group``: one delay, one more for the service's target groups."""
    wheres = inquiry.wheres
    remembered = Sightings(
        services=tuple(
            service
            for service in inquiry.catalogue.services(wheres)
            if (service.cluster, service.name) == (pair.first, pair.second)
        )
    )
    if remembered.services:
        return _settled(inquiry, remembered)
    words = f"{pair.first}/{pair.second}"
    looks: list[Any] = [services_named(pair.first, (pair.second,)), alarms_named((words,))]
    if may_be_elb_name(pair.first) and may_be_elb_name(pair.second):
        looks += [load_balancer_named(pair.first), target_group_named(pair.second)]
    found = inquiry.search.everywhere(*looks)
    balancers = {balancer.arn for balancer in of_kind(found, SeenLoadBalancer)}
    groups = [group for group in of_kind(found, SeenTargetGroup) if balancers.intersection(group.load_balancers)]
    services = of_kind(found, SeenService)
    if len(groups) == 1 and not services:
        chosen = next(arn for arn in groups[0].load_balancers if arn in balancers)
        return of_groups(inquiry, groups[0].where, groups, load_balancer=chosen)
    if services or groups:
        return _settled(inquiry, Sightings(services=services, target_groups=tuple(groups)))
    if alarms := of_kind(found, SeenAlarm):
        return of_alarms(inquiry, alarms)
    return unknown(inquiry, pair.second, hint=_about_pair(pair, bool(balancers)))


def find_service(inquiry: Inquiry, wanted: ServiceWanted) -> Result:
    """One delay with the cluster's name, two without; one more for the target groups."""
    remembered = tuple(
        service
        for service in inquiry.catalogue.services(inquiry.wheres)
        if service.name == wanted.name and wanted.cluster in (None, service.cluster)
    )
    if remembered:
        return _settled(inquiry, Sightings(services=remembered))
    if wanted.cluster is not None:
        services = inquiry.search.everywhere(services_named(wanted.cluster, (wanted.name,)))
    else:
        inquiry = inquiry.knowing(inquiry.search.everywhere(clusters))
        services = services_called(inquiry.search, inquiry.clusters or (), wanted.name)
    if services:
        return _settled(inquiry, Sightings(services=services))
    return unknown(inquiry, wanted.name)


def unknown(inquiry: Inquiry, name: str, *, hint: str | None = None) -> Unknown | Refused:
    """Nothing has this name: list what there is and suggest the nearest. When no place could be searched, say that."""
    if refusal := nothing_searched(inquiry):
        return refusal
    inquiry.tell("nothing has this name, looking for similar ones")
    return Unknown(
        words=inquiry.question.words,
        nearest=nearest(name, _everything(inquiry)),
        gaps=inquiry.search.gaps,
        hint=hint,
        searched=tuple(where.label for where in inquiry.wheres[:MAX_PLACES]),
    )


def nothing_searched(inquiry: Inquiry) -> Refused | None:
    """A refusal when every call failed; its line is about the first."""
    if inquiry.search.answered or not inquiry.search.gaps:
        return None
    return Refused(message=f"Nothing could be searched. {explain(inquiry.search.gaps[0])}", gaps=inquiry.search.gaps)


def _remembered(inquiry: Inquiry, name: str) -> Sightings:
    wheres = inquiry.wheres
    catalogue = inquiry.catalogue
    if not catalogue.covers(wheres):
        return Sightings()
    return Sightings(
        services=_named(name, catalogue.services(wheres)),
        target_groups=_named(name, catalogue.target_groups(wheres)),
        load_balancers=_named(name, catalogue.load_balancers(wheres)),
    )


def _settled(inquiry: Inquiry, seen: Sightings) -> Result:
    """The one thing that is meant, or the list to choose from."""
    groups = tuple(group for service in seen.services for group in inquiry.groups(service.where, service.target_groups))
    things = meant(Sightings(seen.services, seen.target_groups, seen.load_balancers, seen.functions, groups))
    if len(things) > 1:
        return ambiguous(inquiry.question.words, things)
    [thing] = things
    if isinstance(thing, SeenService):
        return of_service(inquiry, thing, groups)
    return of_thing(inquiry, thing)


def _of_cluster(inquiry: Inquiry, name: str) -> Ambiguous | None:
    """The services of the clusters of this name to choose from, those behind a load balancer where there are any."""
    named = tuple(cluster for cluster in inquiry.clusters or () if cluster.name == name)
    if not named:
        return None
    inquiry.tell("this is an ECS cluster, looking for its services")
    services = sorted(all_services(inquiry.search, named), key=lambda service: service.name)
    balanced = [service for service in services if service.target_groups or service.classic]
    if not services:
        return None
    return ambiguous(inquiry.question.words, balanced or services).model_copy(update={"is_cluster": True})


def _everything(inquiry: Inquiry) -> list[Candidate]:
    wheres = inquiry.wheres
    if inquiry.catalogue.covers(wheres):
        known: list[Any] = [
            *inquiry.catalogue.services(wheres),
            *inquiry.catalogue.target_groups(wheres),
            *inquiry.catalogue.load_balancers(wheres),
        ]
        return [candidate(thing) for thing in known]
    found_clusters = inquiry.clusters
    if found_clusters is None:
        found_clusters = inquiry.search.everywhere(clusters)
    steps: list[Step[Any]] = [*names_in(inquiry.search, found_clusters)]
    for place in inquiry.search.places:
        steps += [(place, all_target_groups), (place, all_load_balancers)]
    return [candidate(thing) for thing in inquiry.search.together(steps)]


def _about_pair(pair: Pair, is_load_balancer: bool) -> str:
    if is_load_balancer:
        return f"Load balancer {pair.first} forwards to no target group called {pair.second}."
    return f"There is no service {pair.second} in a cluster {pair.first}."


def _named(name: str, things: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(thing for thing in things if thing.name == name)
