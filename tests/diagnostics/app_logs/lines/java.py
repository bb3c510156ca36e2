from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    ("Tomcat started on port(s): 8080 (http) with context path ''", "listening", {"port": "8080"}),
    ("Tomcat started on port 8081 (http) with context path '/'", "listening", {"port": "8081"}),
    ("Netty started on port 8080", "listening", {"port": "8080"}),
    (
        '21-Nov-2026 03:20:00.1 INFO [main] Starting ProtocolHandler ["http-nio-127.0.0.1-8080"]',
        "listening",
        {"address": "127.0.0.1", "port": "8080"},
    ),
    ('INFO [main] Starting ProtocolHandler ["http-nio-8080"]', "listening", {"port": "8080"}),
    (
        "Started ServerConnector@1b2c{HTTP/1.1, (http/1.1)}{0.0.0.0:8080}",
        "listening",
        {"address": "0.0.0.0", "port": "8080"},
    ),
    ("WFLYUT0006: Undertow HTTP listener default listening on 127.0.0.1:8080", "listening", {"address": "127.0.0.1"}),
    ("Listening on: http://0.0.0.0:8080", "listening", {"port": "8080"}),
    (" :: Spring Boot ::                (v2.7.5)", "ready", {"version": "2.7.5"}),
    ("Started CheckoutApplication in 24.3 seconds (JVM running for 25.1)", "ready", {"seconds": "24.3"}),
    ("APPLICATION FAILED TO START", "crash", {}),
    ('Exception in thread "main" java.lang.NullPointerException', "crash", {}),
    ("java.lang.OutOfMemoryError: Java heap space", "out-of-memory", {"kind": "Java heap space"}),
    (
        "[12.3s][info][gc] GC(12) Pause Full (Allocation Failure) 1023M->1022M(1024M) 5234.567ms",
        "memory-pause",
        {"seconds": "5.235"},
    ),
    ("[12.3s][info][gc] GC(12) Pause Young (Normal) 100M->20M(1024M) 5.567ms", None, {}),
    (
        "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
        "pool-exhausted",
        {"seconds": "30.000"},
    ),
    (
        "Invalid character found in method name [0x160x030x010x02]. HTTP method names must be tokens",
        "tls-to-plain-port",
        {},
    ),
    (
        "org.apache.coyote.http11.HeadersTooLargeException: An attempt was made to write more",
        "header-too-large",
        {"side": "response"},
    ),
    ("javax.net.ssl.SSLHandshakeException: no cipher suites in common", "tls-handshake", {}),
    ("Commencing graceful shutdown. Waiting for active requests to complete", "shutdown", {}),
)
