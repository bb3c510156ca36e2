"""The region of the environment, by either of its names."""

from __future__ import annotations

import os

import pytest

from diagnostics.aws_access import AwsAccess


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({}, None),
    ],
)
def test_either_name_counts(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str | None) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert AwsAccess().default_region == region
