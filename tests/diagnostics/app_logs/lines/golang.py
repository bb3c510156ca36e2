from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        (
            "2026/11/21 03:20:00 http: TLS handshake error from 10.0.1.10:40001: tls: first record does not "
            "look like a TLS handshake"
        ),
        "plain-to-tls-port",
        {},
    ),
    (
        "http: TLS handshake error from 10.0.1.10:40001: client sent an HTTP request to an HTTPS server",
        "plain-to-tls-port",
        {},
    ),
    (
        "http: TLS handshake error from 10.0.1.10:40001: tls: no cipher suite supported by both client and server",
        "tls-handshake",
        {},
    ),
    (
        "http: panic serving 10.0.1.10:40001: runtime error: index out of range",
        "unhandled-error",
        {"kind": "process lives on"},
    ),
    ("panic: runtime error: invalid memory address or nil pointer dereference", "crash", {}),
    ("fatal error: all goroutines are asleep - deadlock!", "crash", {}),
    ("fatal error: runtime: out of memory", "out-of-memory", {}),
    ("2026/11/21 03:20:00 listen tcp :8080: bind: address already in use", "crash", {"port": "8080"}),
    ("http: wrote more than the declared Content-Length", "length-mismatch", {}),
    (
        "http: Accept error: accept tcp [::]:8080: accept4: too many open files; retrying in 1s",
        "too-many-connections",
        {},
    ),
    ("[GIN-debug] Listening and serving HTTP on :8080", "listening", {"port": "8080", "said_by": "server"}),
    ("\u21e8 http server started on [::]:1323", "listening", {"address": "::", "port": "1323"}),
    (
        "2026/11/21 03:20:00 Starting server on 127.0.0.1:8080",
        "listening",
        {"address": "127.0.0.1", "said_by": "application"},
    ),
)
