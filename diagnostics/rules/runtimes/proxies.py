"""nginx, Apache httpd, HAProxy, Envoy, Caddy, Traefik."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import KeepAlive, Seen

RANK = 50
SETTINGS = {
    "nginx": "keepalive_timeout {s}s; in the http or server block, not in upstream",
    "Apache httpd": "KeepAliveTimeout {s}",
    "HAProxy": "timeout http-keep-alive {s}s and timeout client {s}s",
    "Envoy": "common_http_protocol_options.idle_timeout: {s}s",
    "Traefik": "transport.respondingTimeouts.idleTimeout={s}s",
    "Caddy": "idle_timeout {s}s",
}
FRONTS = frozenset({"nginx", "Apache httpd", "HAProxy", "Envoy"})
"""Who writes such lines answers the load balancer; what the server behind it does with connections is its affair."""
_STOCK_NGINX_PORTS = frozenset({80, 443})


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
