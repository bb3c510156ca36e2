"""nginx, Apache httpd, HAProxy, Envoy, Caddy, Traefik."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import KeepAlive, Seen, goes_on_for_20_s

RANK = 50
SETTINGS = {
    "nginx": "keepalive_timeout {s}s; in the http or server block, not in upstream",
    "Apache httpd": "KeepAliveTimeout {s}",
    "HAProxy": "timeout http-keep-alive {s}s and timeout client {s}s",
    "Envoy": "common_http_protocol_options.idle_timeout: {s}s",
    "Traefik": "--entryPoints.NAME.transport.respondingTimeouts.idleTimeout={s}s",
    "Caddy": "servers {{ timeouts {{ idle {s}s }} }} in the global options (idle_timeout in JSON)",
}
# What each signal means to them: https://nginx.org/en/docs/control.html,
# https://httpd.apache.org/docs/2.4/stopping.html, https://docs.haproxy.org/3.0/management.html#4,
# https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/draining,
# https://doc.traefik.io/traefik/routing/entrypoints/#lifecycle, https://caddyserver.com/docs/caddyfile/options
SHUTDOWNS = {
    "nginx": goes_on_for_20_s("/docker-entrypoint.sh nginx -g 'daemon off;'", "QUIT", "QUIT")
    + "; worker_shutdown_timeout 30s. STOPSIGNAL SIGQUIT alone does not wait, SIGTERM drops everything",
    "Apache httpd": goes_on_for_20_s("httpd-foreground", "WINCH", "WINCH")
    + "; GracefulShutdownTimeout 30. STOPSIGNAL SIGWINCH alone does not wait, SIGTERM drops everything",
    "HAProxy": goes_on_for_20_s("haproxy -W -db -f …", "USR1", "USR1")
    + "; hard-stop-after 30s. STOPSIGNAL SIGUSR1 alone does not wait, SIGTERM drops everything",
    "Envoy": "POST /drain_listeners?graceful to its admin port first (it drops everything at SIGTERM), and "
    + goes_on_for_20_s("envoy … --drain-time-s 20"),
    "Traefik": "--entryPoints.NAME.transport.lifeCycle.requestAcceptGraceTimeout=20s and"
    " --entryPoints.NAME.transport.lifeCycle.graceTimeOut=30s",
    "Caddy": "shutdown_delay 20s and grace_period 30s in the global options",
}
# https://nginx.org/en/docs/http/request_processing.html
HOSTS = {
    "nginx": "server { listen 80 default_server; location = {path} { return 200; } }, with the target group's port",
}
FRONTS = frozenset({"nginx", "Apache httpd", "HAProxy", "Envoy"})
"""Who writes such lines answers the load balancer; what the server behind it does with connections is its affair."""
_STOCK_NGINX_PORTS = frozenset({80, 443})


def program(seen: Seen) -> str | None:
    """A stock image on a port of its own has other settings than the stock ones, and is the same server."""
    return "nginx" if seen.image in {"nginx", "openresty"} or seen.runs("nginx") else None


def framework(seen: Seen) -> str | None:
    return program(seen)


def keep_alive(seen: Seen) -> KeepAlive | None:
    if seen.image in {"nginx", "openresty"}:
        # A stock image listens on 80; on another port it has a configuration of its own, which nobody can see here.
        if seen.ports and not seen.ports & _STOCK_NGINX_PORTS:
            return None
        return KeepAlive(runtime="nginx", seconds=75, where=seen.word(seen.image))
    apache = seen.image == "httpd" or (seen.image == "php" and "apache" in seen.tag)
    if apache or (seen.image == "wordpress" and "fpm" not in seen.tag):
        return KeepAlive(runtime="Apache httpd", seconds=5, where=seen.word(seen.image))
    for image, runtime, after_s in (("caddy", "Caddy", 300), ("traefik", "Traefik", 180), ("envoy", "Envoy", 3600)):
        if seen.image == image:
            return KeepAlive(runtime=runtime, seconds=after_s, where=seen.word(image))
    if seen.image == "haproxy":
        return KeepAlive(runtime="HAProxy", where=seen.word("haproxy"))
    return None
