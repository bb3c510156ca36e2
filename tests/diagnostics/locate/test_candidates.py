"""Several things of one name: which belong together, and how the others are called."""

from __future__ import annotations

from diagnostics.locate.candidates import MAX_CANDIDATES, Sightings, ambiguous, meant
from diagnostics.locate.nearest import nearest
from diagnostics.locate.seen import SeenFunction, SeenLoadBalancer, SeenService, SeenTargetGroup, Where
from diagnostics.question import Candidate

PROD = Where(account="111122223333", region="us-east-1", account_name="prod")
DEV = Where(account="444455556666", region="us-east-1", account_name="dev")
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/checkout/1"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/2"

balancer = SeenLoadBalancer(where=PROD, arn=BALANCER, name="checkout")
group = SeenTargetGroup(where=PROD, arn=GROUP, name="checkout", load_balancers=(BALANCER,))
service = SeenService(where=PROD, arn="service", name="checkout", cluster="prod", target_groups=(GROUP,))


def test_a_service_speaks_for_its_own_target_group_and_load_balancer() -> None:
    everything = Sightings((service,), (group,), (balancer,), groups=(group,))

    assert meant(everything) == (service,)


def test_a_target_group_speaks_for_its_load_balancer() -> None:
    assert meant(Sightings(target_groups=(group,), load_balancers=(balancer,))) == (group,)


def test_a_load_balancer_of_something_else_is_another_thing() -> None:
    other = SeenLoadBalancer(where=PROD, arn=BALANCER.replace("/1", "/9"), name="checkout")

    assert meant(Sightings((service,), load_balancers=(other,), groups=(group,))) == (service, other)


def test_a_service_that_nobody_forwards_to_owns_the_load_balancer_of_its_name() -> None:
    orphan = group.model_copy(update={"load_balancers": ()})

    assert meant(Sightings((service,), load_balancers=(balancer,), groups=(orphan,))) == (service,)


def test_the_same_service_in_two_accounts_has_to_be_chosen() -> None:
    elsewhere = service.model_copy(update={"where": DEV})
    result = ambiguous("checkout", meant(Sightings((service, elsewhere))))

    assert [(c.account_name, c.words) for c in result.candidates] == [
        ("prod", "prod/checkout"),
        ("dev", "prod/checkout"),
    ]


def test_a_long_list_is_cut_and_counted() -> None:
    functions = [SeenFunction(where=PROD, arn=f"arn:{n}", name="f") for n in range(MAX_CANDIDATES + 3)]
    result = ambiguous("f", functions)

    assert (len(result.candidates), result.more) == (MAX_CANDIDATES, 3)


def named(name: str) -> Candidate:
    return Candidate(kind="ecs-service", name=name, account="111122223333", region="us-east-1", words=f"prod/{name}")


def test_the_nearest_names_come_first() -> None:
    known = [named(name) for name in ("payments", "checkout-api", "checkout", "cart")]

    assert [one.name for one in nearest("Chekout", known)] == ["checkout", "checkout-api"]
    assert nearest("zzz", known) == ()
