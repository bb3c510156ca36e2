"""Services that are named in the middle of other words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from diagnostics.aws_access import AwsAccess, Scope
from diagnostics.facts.fact import Gap
from diagnostics.locate import Nickname
from diagnostics.locate.index import PlaceIndex, ServiceIndex, Stored
from diagnostics.locate.known_services import meant_by, service_among
from diagnostics.locate.seen import SeenService, Where
from diagnostics.question import Question

PROD = Where(account="111122223333", region="us-east-1", account_name="prod")
DEV = Where(account="444455556666", region="eu-west-1", account_name="dev")


def service(name: str, where: Where = PROD, cluster: str = "web", **more: Any) -> SeenService:
    group = f"arn:aws:elasticloadbalancing:{where.region}:{where.account}:targetgroup/{name}/0123456789abcdef"
    return SeenService(where=where, arn=name, name=name, cluster=cluster, **{"target_groups": (group,), **more})


@pytest.mark.parametrize(
    ("words", "services", "meant"),
    [
        ("alert 5xx of checkout", [service("checkout"), service("search")], 0),
        ("alert 5xx of web/checkout", [service("checkout")], 0),
        ("alert 5xx of checkout-v2", [service("checkout")], None),
        ("alert checkout and search", [service("checkout"), service("search")], None),
        ("alert checkout", [service("checkout"), service("checkout", DEV)], None),
        ("alert checkout dev", [service("checkout"), service("checkout", DEV)], 1),
        ("alert checkout eu-west-1", [service("checkout"), service("checkout", DEV)], 1),
        ("alert blue/checkout", [service("checkout"), service("checkout", cluster="blue")], 1),
        ("alert worker", [service("worker", target_groups=())], None),
        ("alert disk", [service("checkout")], None),
    ],
)
def test_which_service_is_meant(words: str, services: list[SeenService], meant: int | None) -> None:
    assert meant_by(frozenset(words.split()), services) == (None if meant is None else services[meant])


class Index:
    """Knows the service of one place."""

    def get(self, key: str) -> Stored | None:
        entry = PlaceIndex(services=(service("Checkout", DEV),))
        return Stored(entry.model_dump_json(), 1.0) if key == "444455556666/eu-west-1" else None


def asked(*words: str, known: object = None, nicknames: dict[str, Nickname] | None = None, **hints: Any) -> Any:
    scopes = [Scope(account_id=one.account, account_name=one.account_name, region=one.region) for one in (PROD, DEV)]
    access = SimpleNamespace(scopes=lambda *_, **__: known or scopes, reader=lambda *_: None)
    return service_among(
        words,
        cast("AwsAccess", access),
        index=cast("ServiceIndex", Index()),
        nicknames=nicknames or {},
        budget_s=1.0,
        **hints,
    )


def test_the_index_knows_it_where_it_is() -> None:
    found = Question(words="web/Checkout", account="444455556666", region="eu-west-1")
    assert asked("ALERT", "checkout") == found
    assert asked("ALERT", "checkout", account="444455556666") == found
    assert asked("ALERT", "checkout", account="111122223333") is None
    assert asked("ALERT", "checkout", account="999999999999") is None
    assert asked("ALERT", "disk") is None


def test_a_nickname_goes_first() -> None:
    nicknames = {"shop": Nickname(service="checkout"), "find": Nickname(service="search")}
    assert asked("ALERT", "Shop", nicknames=nicknames) == Question(words="shop")
    assert asked("shop", "find", nicknames=nicknames) is None


def test_without_credentials_nothing_is_known() -> None:
    gap = Gap(action="sts:GetCallerIdentity", resource="*", kind="denied", error="AccessDenied", message="no")
    assert asked("checkout", known=gap) is None
