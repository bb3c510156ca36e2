"""The Lambda functions that target groups call: configuration, alias, limits and who may invoke them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from diagnostics.facts.fact import Fact, Frozen


def unqualified(arn: str) -> str:
    """The ARN of the function itself."""
    return ":".join(arn.split(":")[:7])


class InvokeStatement(Frozen):
    """One statement of a resource policy that speaks to Elastic Load Balancing.

    `source_arns` and `source_accounts` are patterns of its conditions; empty: no such condition. `conditions_unread`:
    it has conditions whose meaning for a load balancer is not known here.
    """

    sid: str = ""
    allows: bool = True
    source_arns: tuple[str, ...] = ()
    source_accounts: tuple[str, ...] = ()
    conditions_unread: tuple[str, ...] = ()


class FunctionAlias(Frozen):
    """Where an alias leads: one version, and the part (0-1) of the requests that goes to others."""

    name: str
    version: str
    weights: dict[str, float] = Field(default_factory=dict)


class FunctionConfiguration(Frozen):
    """Settings of a function, or of the version that a qualifier leads to. Environment variables are never kept."""

    version: str
    timeout_s: int
    memory_mib: int
    state: str | None = None
    state_reason: str = ""
    state_reason_code: str | None = None
    last_update: str | None = None
    last_update_reason: str = ""
    last_update_reason_code: str | None = None
    runtime: str | None = None
    package_type: str | None = None
    in_vpc: bool = False
    log_group: str | None = None
    last_modified: datetime | None = None


class LambdaTarget(Frozen):
    """The function behind one target group. `target` is the ARN as it was registered, `qualifier` the end of it.

    None stands for "was not read". `target_exists`: the function with this qualifier; `function_exists`: the function
    itself. `policy` is the one of this qualifier, `function_policy` that of the function without one; an empty policy
    allows nobody. `reserved_read` tells a function without reserved concurrency from one that was not asked about.
    """

    target_group: str
    target: str
    qualifier: str | None = None
    target_exists: bool | None = None
    function_exists: bool | None = None
    configuration: FunctionConfiguration | None = None
    alias: FunctionAlias | None = None
    alias_exists: bool | None = None
    reserved_concurrency: int | None = None
    reserved_read: bool = False
    policy: tuple[InvokeStatement, ...] | None = None
    function_policy: tuple[InvokeStatement, ...] | None = None

    @property
    def function_arn(self) -> str:
        return unqualified(self.target)

    @property
    def name(self) -> str:
        return self.function_arn.rsplit(":", 1)[-1]

    @property
    def label(self) -> str:
        """``checkout`` or ``checkout:live``, as CloudWatch's Resource dimension has it."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name

    @property
    def is_version(self) -> bool:
        return bool(self.qualifier and self.qualifier.isdigit())

    @property
    def is_alias(self) -> bool:
        return bool(self.qualifier and not self.is_version and self.qualifier != "$LATEST")


class LambdaTargets(Fact):
    """One entry for each target group of type lambda with a function registered. `account_limit` is of all functions
    of the account and region together, `unreserved_limit` what is left for those without a reservation."""

    name: ClassVar[str] = "lambda_targets"

    items: tuple[LambdaTarget, ...]
    account_limit: int | None = None
    unreserved_limit: int | None = None
