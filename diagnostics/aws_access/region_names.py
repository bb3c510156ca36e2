"""Regions by the names that people and e-mails use for them, as botocore lists them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import botocore.session


def region_named(words: str) -> str | None:
    """``US East (N. Virginia)`` -> ``us-east-1``; None when no region is called so."""
    return _by_name().get(_folded(words))


@cache
def _by_name() -> Mapping[str, str]:
    endpoints = botocore.session.get_session().get_component("data_loader").load_data("endpoints")
    return {
        _folded(region["description"]): name
        for partition in endpoints["partitions"]
        for name, region in partition["regions"].items()
    }


def _folded(words: str) -> str:
    """CloudWatch writes ``EU (Ireland)`` where others write ``Europe (Ireland)``."""
    folded = " ".join(words.casefold().split())
    return "europe" + folded.removeprefix("eu") if folded.startswith("eu (") else folded
