"""Tomcat, Spring Boot, Jetty, Undertow, Netty, WildFly, Quarkus and the Java virtual machine."""

from diagnostics.app_logs.sign import ADDRESS, PORT, URL, listens, sign

ON_PORT = r"started on ports?(?:\(s\))?:? (?P<port>[0-9]{1,5})(?![0-9])"

SIGNS = (
    listens(rf"Tomcat {ON_PORT}", "tomcat started on port", runtime="Spring Boot's Tomcat"),
    listens(rf"Jetty {ON_PORT}", "jetty started on port", runtime="Jetty"),
    listens(rf"Undertow {ON_PORT}", "undertow started on port", runtime="Undertow"),
    listens(rf"Netty {ON_PORT}", "netty started on port", runtime="Netty"),
    listens(
        r"Starting ProtocolHandler \[\"(?:https?-\w{2,8}-)(?:(?P<address>[0-9A-Za-z.]{1,60})-)?"
        r"(?P<port>[0-9]{1,5})\"\]",
        "starting protocolhandler",
        runtime="Tomcat",
    ),
    listens(
        rf"Started \w{{0,40}}Connector@?[^{{]{{0,60}}\{{[^}}]{{0,120}}\}}\{{{ADDRESS}{PORT}\}}",
        "connector@",
        runtime="Jetty",
    ),
    listens(
        rf"WFLYUT0006: Undertow \w{{2,8}} listener \S{{1,60}} listening on {ADDRESS}{PORT}",
        "wflyut0006",
        runtime="Undertow",
    ),
    listens(rf"Listening on: {URL}", "listening on: http", runtime="Quarkus"),
    sign(
        "ready",
        r":: Spring Boot ::\s{1,60}\(v(?P<version>[0-9][\w.-]{0,30})\)",
        ":: spring boot ::",
        runtime="Spring Boot",
    ),
    sign("ready", r"Apache Tomcat/(?P<version>[0-9][0-9.]{0,12})", "apache tomcat/", runtime="Tomcat"),
    sign("ready", r"\bjetty-(?P<version>[0-9][0-9.]{0,12})", "jetty-", runtime="Jetty"),
    sign("ready", r"Started \w{1,100} in (?P<seconds>[0-9.]{1,10}) seconds", " seconds", runtime="Spring Boot"),
    sign(
        "ready",
        r"Server startup in \[?(?P<ms>[0-9]{1,9})\]? (?:ms|milliseconds)",
        "server startup in",
        runtime="Tomcat",
    ),
    sign(
        "crash",
        r"APPLICATION FAILED TO START|Application run failed|Web server failed to start",
        "failed to start",
        "application run failed",
        runtime="Spring Boot",
    ),
    sign("crash", r'Exception in thread "main"', 'exception in thread "main"', runtime="Java"),
    sign("crash", r"fatal error has been detected by the Java Runtime", "java runtime environment", runtime="Java"),
    sign(
        "crash",
        r"(?:Unable to access jarfile|Could not find or load main class) (?P<what>\S{1,200})",
        "unable to access jarfile",
        "load main class",
        runtime="Java",
        kind="module-not-found",
    ),
    sign("crash", r"UnsupportedClassVersionError", "unsupportedclassversionerror", runtime="Java"),
    sign(
        "out-of-memory",
        r"java\.lang\.OutOfMemoryError(?:: (?P<kind>[A-Za-z ]{1,60}))?",
        "outofmemoryerror",
        runtime="Java",
    ),
    # Unified logging and the older form. A pause under a second is no news.
    sign(
        "memory-pause",
        r"Pause (?:Full|Young|Remark|Cleanup)\b.{0,120}? (?P<ms>[0-9]{4,8}(?:\.[0-9]{1,6})?)ms",
        "pause ",
        runtime="Java",
    ),
    sign(
        "memory-pause",
        r"\[(?:Full )?GC\b.{0,200}?, (?P<seconds>[1-9][0-9]{0,4}\.[0-9]{1,9}) secs\]",
        "secs]",
        runtime="Java",
    ),
    sign(
        "pool-exhausted",
        r"Connection is not available, request timed out after (?P<ms>[0-9]{1,9})ms",
        "connection is not available",
        runtime="HikariCP",
    ),
    sign(
        "pool-exhausted",
        r"Timeout waiting for connection from pool|PoolExhaustedException|Could not get a resource from the pool",
        "from pool",
        "poolexhaustedexception",
        "resource from the pool",
        runtime="Java",
    ),
    sign("tls-to-plain-port", r"Invalid character found in method name \[0x160x03", "0x160x03", runtime="Tomcat"),
    sign(
        "bad-request-line",
        r"Invalid character found in (?:method name|the request target|the HTTP protocol)",
        "invalid character found in",
        runtime="Tomcat",
    ),
    sign(
        "header-too-large",
        r"HeadersTooLargeException|more data to the response headers than there was room",
        "headerstoolarge",
        "response headers than",
        runtime="Tomcat",
        side="response",
    ),
    sign(
        "header-too-large", r"Response header too large", "response header too large", runtime="Jetty", side="response"
    ),
    sign(
        "header-too-large",
        r"Request header is too large",
        "request header is too large",
        runtime="Tomcat",
        side="request",
    ),
    sign(
        "plain-to-tls-port",
        r"Unrecognized SSL message, plaintext connection|Unsupported or unrecognized SSL message",
        "ssl message",
        runtime="Java",
    ),
    sign(
        "tls-handshake",
        r"SSLHandshakeException|SSLProtocolException|no cipher suites in common",
        "sslhandshakeexception",
        "sslprotocolexception",
        "no cipher suites",
        runtime="Java",
    ),
    sign("length-mismatch", r"written [0-9]{1,12} [<>] [0-9]{1,12} content-length", "content-length", runtime="Jetty"),
    sign(
        "shutdown",
        r"Commencing graceful shutdown|Pausing ProtocolHandler|Stopping service \[Tomcat\]",
        "graceful shutdown",
        "pausing protocolhandler",
        "stopping service",
        runtime="Java",
    ),
    sign(
        "unhandled-error",
        r"Servlet\.service\(\) for servlet .{0,200}threw exception",
        "servlet.service()",
        runtime="Java",
    ),
)
