"""Kestrel."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen

RANK = 60
SETTINGS = {"Kestrel": "KestrelServerOptions.Limits.KeepAliveTimeout = TimeSpan.FromSeconds({s})"}
# The callbacks of ApplicationStopping are waited for, and their time counts towards ShutdownTimeout:
# https://learn.microsoft.com/en-us/aspnet/core/fundamentals/host/generic-host#ihostapplicationlifetime
SHUTDOWNS = {
    "Kestrel": "builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(50));"
    " app.Lifetime.ApplicationStopping.Register(() => Thread.Sleep(20_000))",
}
# https://learn.microsoft.com/en-us/aspnet/core/fundamentals/servers/kestrel/host-filtering
HOSTS = {
    "Kestrel": '"AllowedHosts": "*" in appsettings.json (it takes no ranges of addresses), and the names in the'
    " listener's rules (host-header) instead",
}
HOSTS[".NET"] = HOSTS["Kestrel"]


def keep_alive(seen: Seen) -> KeepAlive | None:
    kestrel = seen.names & {"ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "DOTNET_URLS"}
    if kestrel or seen.path.endswith("dotnet/aspnet"):
        where = f"variable {min(kestrel)}" if kestrel else seen.word("aspnet")
        return KeepAlive(runtime="Kestrel", seconds=130, where=where)
    return None


def framework(seen: Seen) -> str | None:
    return "Kestrel" if keep_alive(seen) else None


def heard(banner: Banner) -> KeepAlive | None:
    if "Kestrel" in banner.quotes:
        return KeepAlive(runtime="Kestrel", seconds=130, where=banner.where("Kestrel"))
    return None
