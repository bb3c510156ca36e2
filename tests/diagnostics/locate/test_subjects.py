"""What stands behind other kinds of load balancers is refused in one line, without a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.locate.index import Catalogue
from diagnostics.locate.inquiry import Inquiry, Result
from diagnostics.locate.search import Search
from diagnostics.locate.seen import SeenService, SeenTargetGroup, Where
from diagnostics.locate.subjects import of_groups, of_service
from diagnostics.question import Question, Refused
from diagnostics.snapshot import Subject

HERE = Where(account="111122223333", region="us-east-1")
ELB = "arn:aws:elasticloadbalancing:us-east-1:111122223333"
GROUP, EDGE_GROUP = f"{ELB}:targetgroup/checkout/1", f"{ELB}:targetgroup/edge/2"
PUBLIC, EDGE = f"{ELB}:loadbalancer/app/public/3", f"{ELB}:loadbalancer/net/edge/4"

behind_public = SeenTargetGroup(where=HERE, arn=GROUP, name="checkout", load_balancers=(PUBLIC,))
behind_edge = SeenTargetGroup(where=HERE, arn=EDGE_GROUP, name="edge", load_balancers=(EDGE,))


@pytest.fixture
def inquiry() -> Iterator[Inquiry]:
    with Search(AwsAccess(), (), CallMeter()) as search:
        yield Inquiry(Question(words="checkout"), search, Catalogue({}), {}, lambda _: None)
        assert search.delays == 0


def service(*groups: str, classic: tuple[str, ...] = ()) -> SeenService:
    return SeenService(where=HERE, arn="arn", name="checkout", cluster="prod", target_groups=groups, classic=classic)


def line(result: Result) -> str:
    assert isinstance(result, Refused)
    assert result.bad_request
    return result.message


def test_a_service_behind_a_network_load_balancer(inquiry: Inquiry) -> None:
    assert line(of_service(inquiry, service(EDGE_GROUP), (behind_edge,))) == (
        "Service prod/checkout is behind the network load balancer edge; alb502 reads application load balancers only."
    )


def test_a_service_behind_a_classic_load_balancer(inquiry: Inquiry) -> None:
    assert "classic load balancer old" in line(of_service(inquiry, service(classic=("old",))))


def test_of_a_service_behind_two_kinds_the_application_load_balancer_is_read(inquiry: Inquiry) -> None:
    result = of_service(inquiry, service(GROUP, EDGE_GROUP), (behind_public, behind_edge))

    assert isinstance(result, Subject)
    assert (result.load_balancers, result.target_groups) == ((PUBLIC,), (GROUP,))


def test_a_target_group_of_a_network_load_balancer(inquiry: Inquiry) -> None:
    assert "the network load balancer edge" in line(of_groups(inquiry, HERE, (behind_edge,)))
    assert "the network load balancer edge" in line(of_groups(inquiry, HERE, (behind_edge,), load_balancer=EDGE))


def test_a_session_in_a_pasted_address_is_not_kept(inquiry: Inquiry) -> None:
    pasted = replace(inquiry, question=Question(words="https://shop.example.com/reset?token=hunter2"))
    result = of_service(pasted, service(GROUP), (behind_public,))

    assert isinstance(result, Subject)
    assert result.query == "https://shop.example.com/reset?[redacted]"
