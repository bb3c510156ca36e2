"""Where names in DNS lead, as AWS gives them and as Route 53 answers."""

from __future__ import annotations

from typing import Any, cast

import pytest

from diagnostics.locate.lookups.domains import Record, Zone, records_of
from diagnostics.locate.search import Place
from diagnostics.locate.seen import Where
from diagnostics.locate.web_address import region_in


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("internal-checkout-1234567890.eu-west-1.elb.amazonaws.com", "eu-west-1"),
        ("dualstack.checkout-1234567890.us-east-1.elb.amazonaws.com", "us-east-1"),
        ("checkout-0123456789abcdef.elb.eu-central-1.amazonaws.com", "eu-central-1"),
        ("checkout-1234567890.cn-north-1.elb.amazonaws.com.cn", "cn-north-1"),
        ("checkout.eu-west-1.elb.amazonaws.com", None),
        ("elb.example.com", None),
    ],
)
def test_the_region_stands_in_the_name_that_aws_gave(name: str, region: str | None) -> None:
    assert region_in(name) == region


def test_a_record_leads_to_names_or_to_addresses() -> None:
    listed = [
        {"Name": "shop.example.com.", "Type": "CNAME", "ResourceRecords": [{"Value": "Web.Example.com."}]},
        {"Name": "shop.example.com.", "Type": "A", "AliasTarget": {"DNSName": "dualstack.lb.example."}},
        {"Name": "shop.example.com.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.7"}]},
        {"Name": "shop.example.com.", "Type": "TXT", "ResourceRecords": [{"Value": "web.example.com"}]},
        {"Name": "web.example.com.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.8"}]},
    ]

    class Answers:
        def find(self, *_: object, **__: object) -> dict[str, Any]:
            return {"ResourceRecordSets": listed}

    place = Place(Where(account="111122223333", region="us-east-1"), cast(Any, Answers()))
    found = records_of(Zone(place, "Z1", "example.com"), "shop.example.com")(place)
    assert found.found == (
        Record("shop.example.com", ("web.example.com",)),
        Record("shop.example.com", ("dualstack.lb.example",)),
        Record("shop.example.com", (), ("192.0.2.7",)),
    )
