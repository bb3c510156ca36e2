"""Go's own words, which every server in Go shares."""

from diagnostics.app_logs.sign import listens, sign

SIGNS = (
    sign(
        "plain-to-tls-port",
        r"TLS handshake error from \S{1,60} tls: first record does not look like a TLS handshake"
        r"|client sent an HTTP request to an HTTPS server",
        "first record does not look",
        "to an https server",
        runtime="Go",
    ),
    sign(
        "tls-handshake",
        r"http: TLS handshake error from \S{1,60} (?P<what>.{1,120})",
        "tls handshake error from",
        runtime="Go",
    ),
    sign(
        "unhandled-error",
        r"http: panic serving \S{1,60} (?P<what>.{1,160})",
        "http: panic serving",
        runtime="Go",
        kind="process lives on",
    ),
    sign(
        "unhandled-error",
        r"\[Recovery\].{0,60}panic recovered",
        "panic recovered",
        runtime="Go",
        kind="process lives on",
    ),
    sign("crash", r"^(?:\S{1,40} \S{1,40} )?panic: (?P<what>.{1,160})", "panic: ", runtime="Go"),
    sign("crash", r"^(?-i:fatal) error: (?!runtime: out of memory)(?P<what>.{1,160})", "fatal error: ", runtime="Go"),
    sign(
        "out-of-memory",
        r"fatal error: runtime: (?:out of memory|cannot allocate memory)",
        "fatal error: runtime",
        runtime="Go",
    ),
    sign(
        "crash",
        r"listen tcp \S{0,60}:(?P<port>[0-9]{1,5}): bind: (?P<what>.{1,60})",
        "listen tcp",
        runtime="Go",
        kind="port-in-use",
    ),
    sign("shutdown", r"http: Server closed", "http: server closed", runtime="Go"),
    sign(
        "length-mismatch", r"http: wrote more than the declared Content-Length", "declared content-length", runtime="Go"
    ),
    sign("too-many-connections", r"accept4?: too many open files", "too many open files", runtime="Go"),
    sign("pool-exhausted", r"redis: connection pool timeout", "connection pool timeout", runtime="Go"),
    listens(
        r"http server started on (?P<address>\[::\]|[0-9A-Za-z.*-]{0,60}):(?P<port>[0-9]{1,5})",
        "http server started on",
        runtime="Go",
    ),
    listens(
        r"Listening and serving HTTPS? on (?P<address>\[::\]|[0-9A-Za-z.*-]{0,60}):(?P<port>[0-9]{1,5})",
        "listening and serving http",
        runtime="Go",
    ),
)
