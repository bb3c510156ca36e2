"""Kestrel."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen

RANK = 60
SETTINGS = {"Kestrel": "KestrelServerOptions.Limits.KeepAliveTimeout = TimeSpan.FromSeconds({s})"}


def keep_alive(seen: Seen) -> KeepAlive | None:
    kestrel = seen.names & {"ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "DOTNET_URLS"}
    if kestrel or seen.path.endswith("dotnet/aspnet"):
        where = f"variable {min(kestrel)}" if kestrel else seen.word("aspnet")
        return KeepAlive(runtime="Kestrel", seconds=130, where=where)
    return None


def heard(banner: Banner) -> KeepAlive | None:
    if "Kestrel" in banner.quotes:
        return KeepAlive(runtime="Kestrel", seconds=130, where=banner.where("Kestrel"))
    return None
