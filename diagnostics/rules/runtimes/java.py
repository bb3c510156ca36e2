"""Tomcat, Jetty, Undertow, Netty and Spring Boot."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, configured, goes_on_for_20_s

RANK = 40
EMBEDDED = "Spring Boot's Tomcat"
SETTINGS = {
    "Spring Boot's Tomcat": "server.tomcat.keep-alive-timeout={s}s (SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT)",
    "Tomcat": '<Connector keepAliveTimeout="{ms}">',
    "Jetty": "server.jetty.connection-idle-timeout={s}s, or jetty.http.idleTimeout={ms}",
    "Undertow": "server.undertow.no-request-timeout={s}s, or no-request-timeout of WildFly's listener",
    "Netty": "server.netty.idle-timeout={s}s",
}
_SPRING = (
    "server.shutdown=graceful, spring.lifecycle.timeout-per-shutdown-phase=30s, and @EventListener void"
    " drain(ContextClosedEvent e) throws InterruptedException { Thread.sleep(20_000); }: graceful alone closes the port"
)
# https://docs.spring.io/spring-boot/reference/web/graceful-shutdown.html (the listener runs before the port is closed),
# https://tomcat.apache.org/tomcat-10.1-doc/config/service.html, https://quarkus.io/guides/lifecycle#graceful-shutdown
SHUTDOWNS = {
    "Spring Boot": _SPRING,
    "Netty": _SPRING,
    "Tomcat": '<Service gracefulStopAwaitMillis="30000"> and <Connector bindOnInit="false"> in server.xml, and '
    + goes_on_for_20_s("catalina.sh run"),
    "Jetty": f"{goes_on_for_20_s('java …')}; in Spring Boot server.shutdown=graceful too",
    "Undertow": f"{goes_on_for_20_s('java …')}; in Spring Boot server.shutdown=graceful too",
    "Quarkus": "quarkus.shutdown.delay-enabled=true (when it is built), quarkus.shutdown.delay=20s and"
    " quarkus.shutdown.timeout=30s",
}
# https://docs.spring.io/spring-security/reference/servlet/exploits/firewall.html
HOSTS = {
    "Spring": 'StrictHttpFirewall.setAllowedHostnames(h -> h.equals("example.com") || h.startsWith("10.")), with the'
    " range of the subnets",
}


def keep_alive(seen: Seen) -> KeepAlive | None:
    for name, runtime in (
        ("SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT", EMBEDDED),
        ("SERVER_JETTY_CONNECTION_IDLE_TIMEOUT", "Jetty"),
        ("SERVER_UNDERTOW_NO_REQUEST_TIMEOUT", "Undertow"),
        ("SERVER_NETTY_IDLE_TIMEOUT", "Netty"),
    ):
        if set_to := seen.variable(name):
            return configured(runtime, set_to)
    if seen.image == "tomcat":
        return KeepAlive(runtime="Tomcat", seconds=20, where=seen.word("tomcat"))
    if seen.image == "jetty":
        return KeepAlive(runtime="Jetty", seconds=30, where=seen.word("jetty"))
    if seen.image in {"wildfly", "jboss-eap"}:
        return KeepAlive(runtime="Undertow", seconds=60, where=seen.word(seen.image))
    if spring := sorted(name for name in seen.names if name.startswith("SPRING_")):
        return KeepAlive(runtime="Spring Boot's Tomcat", seconds=60, where=f"variable {spring[0]}")
    return None


def framework(seen: Seen) -> str | None:
    return "Spring" if any(name.startswith("SPRING_") for name in seen.names) else None


def heard(banner: Banner) -> KeepAlive | None:
    """Spring Boot leaves Tomcat's own default of 60 s; the server.xml of a standalone one says 20 s."""
    for runtime, seconds in (("Jetty", 30.0), ("Undertow", 60.0)):
        if runtime in banner.quotes:
            return KeepAlive(runtime=runtime, seconds=seconds, where=banner.where(runtime))
    for runtime in ("Netty", "Quarkus"):
        if runtime in banner.quotes:
            return KeepAlive(runtime=runtime, closes="never", where=banner.where(runtime))
    wrote = next((runtime for runtime in (EMBEDDED, "Tomcat") if runtime in banner.quotes), None)
    if wrote is None:
        return None
    embedded = wrote == EMBEDDED or "Spring Boot" in banner.quotes
    return KeepAlive(
        runtime=EMBEDDED if embedded else "Tomcat", seconds=60 if embedded else 20, where=banner.where(wrote)
    )
