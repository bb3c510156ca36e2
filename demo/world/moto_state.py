"""moto keeps its resources in the process; a new world must not see those of an earlier one."""

from __future__ import annotations

import os
from typing import Any

from moto.core.base_backend import BackendDict


def forget_account(account: str) -> None:
    """Drops every resource that moto holds for an account. Credentials issued to it end as well."""
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a tenth of a second for each account
    in_use: list[BackendDict[Any]] = list(vars(BackendDict)["_instances"])  # moto has no public way to drop one account
    for backend in in_use:
        if account in backend:
            backend[account].reset()
            del backend[account]
