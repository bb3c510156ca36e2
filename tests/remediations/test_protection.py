"""A tag forbids a change whatever it holds, and what it holds is not repeated where it is a secret."""

from __future__ import annotations

from typing import Any, cast

from remediations.protection import Protection, forbidden_by_tags
from remediations.reading import Reads

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067"


class Tagged:
    def __init__(self, **tags: str) -> None:
        self.tags = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]

    def read(self, _call: Any) -> dict[str, Any]:
        return {"TagDescriptions": [{"ResourceArn": GROUP, "Tags": self.tags}]}


def told(key: str, **tags: str) -> str | None:
    return forbidden_by_tags(cast("Reads", Tagged(**tags)), [GROUP], [Protection(key)])


def test_a_tag_is_told_with_its_value() -> None:
    assert told("change-freeze", change_freeze="true") == f"{GROUP} is protected by its tag change-freeze=true"


def test_a_secret_is_not() -> None:
    for tags in ({"deploy_token": "hunter2"}, {"deploy_token": "password=hunter2"}):
        said = told("deploy-token", **tags)
        assert said is not None
        assert "hunter2" not in said
    said = told("note", note="password=hunter2")
    assert said is not None
    assert "hunter2" not in said
