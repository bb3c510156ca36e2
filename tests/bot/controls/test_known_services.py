"""What can be chosen from: what the service index holds, read from the store and never from AWS."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, cast

from bot.known_services import YOUNG_S, KnownServices
from diagnostics.aws_access import AwsAccess, Scope
from diagnostics.facts.fact import Gap
from diagnostics.locate.index import MAX_AGE_S, PlaceIndex, Stored
from diagnostics.locate.seen import SeenLoadBalancer, SeenService, SeenTargetGroup, Where

HERE = Where(account="111122223333", region="us-east-1")
ARN = "arn:aws:elasticloadbalancing:us-east-1:111122223333"
BALANCER = f"{ARN}:loadbalancer/app/shop/50dc6c495c0c9188"


def group(name: str, *balancers: str) -> SeenTargetGroup:
    return SeenTargetGroup(
        where=HERE, arn=f"{ARN}:targetgroup/{name}/6d0ecf831eec9f09", name=name, load_balancers=balancers
    )


def service(name: str, *groups: str) -> SeenService:
    arn = f"arn:aws:ecs:us-east-1:111122223333:service/prod/{name}"
    return SeenService(where=HERE, arn=arn, name=name, cluster="prod", target_groups=groups)


PLACE = PlaceIndex(
    services=(service("zebra", group("zebra").arn), service("checkout", group("checkout").arn), service("worker")),
    load_balancers=(SeenLoadBalancer(where=HERE, arn=BALANCER, name="shop"),),
    target_groups=(
        group("checkout", BALANCER),
        group("zebra", BALANCER),
        group("thumbnails", BALANCER),
        group("left-over"),
    ),
)


@dataclass
class Index:
    texts: dict[str, Stored] = field(default_factory=dict)
    reads: int = 0

    def get(self, key: str) -> Stored | None:
        self.reads += 1
        return self.texts.get(key)

    def put(self, key: str, text: str) -> None:
        raise AssertionError("nothing is written")

    def refreshing(self, key: str) -> AbstractContextManager[bool]:
        raise AssertionError("nothing is refreshed")


@dataclass
class Access:
    found: Any

    def scopes(self, _: object, timeout_s: float) -> Any:
        return self.found


def known(index: Index, clock: Any = lambda: 0.0, found: Any = None) -> KnownServices:
    scopes = (
        Scope(account_id="111122223333", account_name="main", region="us-east-1"),
        Scope(account_id="111122223333", account_name="main", region="eu-west-1"),
    )
    return KnownServices(cast("AwsAccess", Access(found or scopes)), index, clock)


def test_services_behind_a_load_balancer_and_groups_that_nobody_owns() -> None:
    index = Index({"111122223333/us-east-1": Stored(PLACE.model_dump_json(exclude_defaults=True), 60.0)})
    found = known(index)()
    assert [(one.kind, one.name) for one in found.candidates] == [
        ("ecs-service", "checkout"),
        ("target-group", "thumbnails"),
        ("ecs-service", "zebra"),
    ]
    assert {one.account_name for one in found.candidates} == {"main"}
    assert [(place.label, place.things, place.age_s) for place in found.places] == [
        ("account main, us-east-1", 3, 60.0),
        ("account main, eu-west-1", 0, None),
    ]
    assert not found.is_complete


def test_one_reading_serves_everybody_for_a_while() -> None:
    index, now = Index(), [0.0]
    services = known(index, lambda: now[0])
    services()
    reads = index.reads
    services()
    assert index.reads == reads
    now[0] = YOUNG_S
    services()
    assert index.reads > reads


def test_what_is_too_old_or_written_by_another_version_is_not_known() -> None:
    for stored in (Stored(PLACE.model_dump_json(), MAX_AGE_S + 1), Stored('{"version": 99}', 1.0)):
        found = known(Index({"111122223333/us-east-1": stored}))()
        assert found.candidates == ()
        assert found.places[0].age_s is None


def test_without_credentials_it_says_why() -> None:
    gap = Gap(action="sts:GetCallerIdentity", resource="*", error="ExpiredToken", kind="expired")
    found = known(Index(), found=gap)()
    assert found.trouble == "sts:GetCallerIdentity: ExpiredToken"
    assert not found.is_complete
