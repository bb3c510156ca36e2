"""Requests that stop at the load balancer: firewall, login, tokens; and people who report a code."""

from __future__ import annotations

from typing import Any

from tests.incidents.building import Incident
from tests.incidents.rows import Rows


def asked(incident: Incident, code: int) -> Incident:
    """Somebody reports this code."""
    incident.subject = incident.subject.model_copy(update={"seen": code})
    return incident


def blocked(count: int, status: int = 403, **changes: Any) -> Rows:
    """A rule of the firewall refused the request."""
    return _at_the_door("waf", status, count, "waf", **changes)


def unchecked(count: int, reason: str = "WAFConnectionTimeout", **changes: Any) -> Rows:
    """The firewall did not answer."""
    return _at_the_door("waf", 500, count, "waf-failed", error_reason=reason, **changes)


def login(count: int, status: int, reason: str | None, **changes: Any) -> Rows:
    return _at_the_door("auth", status, count, "authenticate", error_reason=reason, **changes)


def token(count: int, status: int, reason: str | None, **changes: Any) -> Rows:
    return _at_the_door("auth", status, count, "jwt-validation", error_reason=reason, **changes)


def _at_the_door(family: str, status: int, count: int, actions: str, **changes: Any) -> Rows:
    fields = {"actions": actions, "error_reason": changes.pop("error_reason", None)}
    return Rows(
        family, status, count, **{"targets": (), "request_s": -1.0, "elapsed_s": 0.02, "fields": fields, **changes}
    )
