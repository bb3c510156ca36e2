"""What a search comes across: just enough of each thing to tell what belongs together."""

from __future__ import annotations

from diagnostics.facts.fact import Frozen


class Where(Frozen):
    """A region of an account."""

    account: str
    region: str
    account_name: str | None = None

    @property
    def label(self) -> str:
        return f"account {self.account_name or self.account}, {self.region}"


class SeenCluster(Frozen):
    where: Where
    name: str


class SeenService(Frozen):
    """An ECS service that is not deleted. `classic` are the names of classic load balancers it registers with."""

    where: Where
    arn: str
    name: str
    cluster: str
    target_groups: tuple[str, ...] = ()
    classic: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


class SeenLoadBalancer(Frozen):
    where: Where
    arn: str
    name: str
    type: str = "application"
    dns_name: str = ""
    security_groups: tuple[str, ...] = ()

    @property
    def is_application(self) -> bool:
        return self.type == "application"


class SeenTargetGroup(Frozen):
    where: Where
    arn: str
    name: str
    target_type: str = "ip"
    load_balancers: tuple[str, ...] = ()


class SeenFunction(Frozen):
    """`qualifier` is the alias or version that was asked about."""

    where: Where
    arn: str
    name: str
    qualifier: str | None = None


class SeenServiceName(Frozen):
    """A service of which only the ARN was listed."""

    where: Where
    name: str
    cluster: str
