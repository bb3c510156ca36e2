"""ASP.NET Core and Kestrel."""

from diagnostics.app_logs.sign import URL, listens, sign

SIGNS = (
    listens(rf"Now listening on: {URL}", "now listening on:", runtime="Kestrel"),
    sign("ready", r"Application started\. Press Ctrl\+C", "application started. press", runtime="Kestrel"),
    sign("shutdown", r"Application is shutting down\.\.\.", "application is shutting down", runtime="Kestrel"),
    sign(
        "crash",
        r"^\s{0,8}Unhandled exception\. |Hosting failed to start|Failed to bind to address",
        "unhandled exception. ",
        "hosting failed to start",
        "failed to bind to address",
        runtime=".NET",
    ),
    sign(
        "unhandled-error",
        r"An unhandled exception (?:was thrown by the application|has occurred while executing the request)",
        "an unhandled exception",
        runtime="Kestrel",
    ),
    sign(
        "out-of-memory",
        r"System\.OutOfMemoryException|^Out of memory\.$",
        "outofmemoryexception",
        "out of memory.",
        runtime=".NET",
    ),
    # The runtime says "could": a processor or a garbage collector that stands still holds the heartbeat up as well.
    sign(
        "no-threads",
        r"the heartbeat has been running for .{1,40}? which is longer than .{1,40}? thread pool starvation",
        "thread pool starvation",
        runtime="Kestrel",
    ),
    sign(
        "host-refused",
        r"The host '?(?P<host>[^'\s]{1,200})'? does not match an allowed host",
        "does not match an allowed host",
        runtime="Kestrel",
    ),
    sign(
        "pool-exhausted",
        r"timeout period elapsed prior to obtaining a connection from the pool|connection pool has been exhausted",
        "connection from the pool",
        "pool has been exhausted",
        runtime=".NET",
    ),
    sign(
        "tls-handshake", r"Failed to authenticate HTTPS connection", "failed to authenticate https", runtime="Kestrel"
    ),
    sign(
        "plain-to-tls-port",
        r"Detected an HTTP request on an HTTPS|The handshake failed due to an unexpected packet format",
        "http request on an https",
        "unexpected packet format",
        runtime="Kestrel",
    ),
    sign(
        "length-mismatch",
        r"Response Content-Length mismatch: too (?:few|many) bytes written",
        "content-length mismatch",
        runtime="Kestrel",
    ),
    sign(
        "header-too-large", r"Request headers too long", "request headers too long", runtime="Kestrel", side="request"
    ),
    sign(
        "request",
        r"Request finished HTTP/\S{1,5} (?P<method>[A-Z]{3,7}) \S{1,400} .{0,60}?- (?P<status>[1-5][0-9]{2}) .{0,80}?"
        r"(?P<ms>[0-9]{1,9}(?:\.[0-9]{1,6})?)ms",
        "request finished http",
        runtime="Kestrel",
    ),
)
