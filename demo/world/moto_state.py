"""moto keeps its resources in the process; a new world must not see those of an earlier one."""

from __future__ import annotations

from moto.core.base_backend import BackendDict


def forget_account(account: str) -> None:
    """Drops every resource that moto holds for an account. Credentials issued to it end as well."""
    for backend in list(BackendDict._instances):  # noqa: SLF001 -- moto has no public way to drop one account
        if account in backend.keys():
            backend[account].reset()
            del backend[account]
