"""Which accounts and regions are searched."""

from __future__ import annotations

from diagnostics.aws_access import Scope
from diagnostics.locate.places import at_home, restrict
from diagnostics.locate.wanted import Home
from diagnostics.question import Refused

PROD = Scope("111122223333", "prod", "us-east-1")
PROD_EU = Scope("111122223333", "prod", "eu-west-1")
DEV = Scope("444455556666", "dev", "us-east-1")
ALL = (PROD, PROD_EU, DEV)


def test_an_account_is_meant_by_name_or_id() -> None:
    assert restrict(ALL, "prod", None) == (PROD, PROD_EU)
    assert restrict(ALL, "444455556666", None) == (DEV,)
    assert restrict(ALL, None, "us-east-1") == (PROD, DEV)


def test_an_unknown_account_lists_the_configured_ones() -> None:
    assert restrict(ALL, "staging\n", None) == Refused(
        message="Account 'staging\\n' is not configured. Accounts: prod (111122223333), dev (444455556666).",
        bad_request=True,
    )


def test_an_unknown_region_lists_the_account_s_own() -> None:
    assert restrict(ALL, "dev", "eu-west-1") == Refused(
        message="Region 'eu-west-1' is not configured. Regions: us-east-1.", bad_request=True
    )


def test_without_configured_accounts_any_region_may_be_asked_for() -> None:
    own = (Scope("111122223333", None, "us-east-1"),)

    assert restrict(own, None, "eu-west-1") == (Scope("111122223333", None, "eu-west-1"),)
    assert restrict(own, None, "$(id)") == Refused(
        message="'$(id)' is no AWS region; one is called like us-east-1.", bad_request=True
    )


def test_an_arn_s_region_need_not_be_configured_but_its_account_must() -> None:
    assert at_home(ALL, Home("aws", "ap-south-1", "444455556666")) == (Scope("444455556666", "dev", "ap-south-1"),)
    assert isinstance(at_home(ALL, Home("aws", "us-east-1", "999999999999")), Refused)
