"""Whether nobody could see that requests fail."""

from __future__ import annotations

from diagnostics.rules.observations import BY_COUNTER_AND_ROWS, Observations


def errors_unread(observed: Observations) -> bool:
    """Whether nothing was read that counts failed requests: neither counters nor access log rows."""
    return observed.clusters is None and all(getattr(observed.counts, name) is None for name in BY_COUNTER_AND_ROWS)
