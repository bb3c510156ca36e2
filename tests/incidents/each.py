"""Many cases in one test: a test by itself costs more than most of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable

import pytest

from tests.incidents.cases import Case


def check_each(cases: Iterable[Case], check: Callable[[Case], None]) -> None:
    """Checks all of them whatever comes of the first, and fails with every one that does not hold."""
    failed = []
    for case in cases:
        try:
            check(case)
        except Exception as error:  # noqa: BLE001 - told below, with the other cases
            failed.append(f"{case.code}: {case.title}\n{''.join(traceback.format_exception(error))}")
    if failed:
        pytest.fail("\n\n".join(failed), pytrace=False)
