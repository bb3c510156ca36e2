"""Puma and Unicorn."""

from __future__ import annotations

import re

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, configured, goes_on_for_20_s

RANK = 30
PUMA_LONG_SINCE, PUMA_BEFORE_S, PUMA_SINCE_S = 7, 20.0, 65.0
SETTINGS = {"Puma": "persistent_timeout {s} in config/puma.rb, or PUMA_PERSISTENT_TIMEOUT={s}"}
# https://github.com/puma/puma/blob/main/docs/signals.md, https://yhbt.net/unicorn/SIGNALS.html
SHUTDOWNS = {
    "Puma": goes_on_for_20_s("bundle exec puma -C config/puma.rb") + "; force_shutdown_after 30 in config/puma.rb",
    "Unicorn": goes_on_for_20_s("bundle exec unicorn …", "QUIT") + "; it drops everything at SIGTERM, not at SIGQUIT",
}
WORKERS = {
    "Unicorn": "timeout {s} in unicorn.rb, which counts the whole request, so that streaming does not help",
    "Puma": "worker_timeout {s} in config/puma.rb; it counts from a worker's last sign of life, which it gives beside"
    " its requests as long as nothing holds the whole process",
}
# https://api.rubyonrails.org/classes/ActionDispatch/HostAuthorization.html
HOSTS = {
    "Rails": 'config.host_authorization = { exclude: ->(request) { request.path == "{path}" } }, or config.hosts <<'
    ' IPAddr.new("10.0.0.0/8") with the range of the subnets, in config/environments/production.rb',
}


def keep_alive(seen: Seen) -> KeepAlive | None:
    if seen.runs("unicorn"):
        return KeepAlive(runtime="Unicorn", closes="after-each", where="command unicorn")
    if not seen.runs("puma") and not re.search(r"\brails (?:server|s)\b", seen.line):
        return None
    set_to = seen.variable("PUMA_PERSISTENT_TIMEOUT")
    return configured("Puma", set_to) or KeepAlive(
        runtime="Puma (20 s before version 7, 65 s since)", where=seen.word("puma")
    )


def framework(seen: Seen) -> str | None:
    return "Rails" if any(name.startswith("RAILS_") for name in seen.names) or seen.runs("rails") else None


def heard(banner: Banner) -> KeepAlive | None:
    """Puma prints its version: https://github.com/puma/puma/blob/main/History.md"""
    if "Unicorn" in banner.quotes:
        return KeepAlive(runtime="Unicorn", closes="after-each", where=banner.where("Unicorn"))
    major = banner.major("Puma")
    if major is None:
        return None
    seconds = PUMA_SINCE_S if major >= PUMA_LONG_SINCE else PUMA_BEFORE_S
    return KeepAlive(
        runtime=f"Puma {major}", seconds=seconds, where=f"log line Puma version: {banner.versions['Puma']}"
    )
