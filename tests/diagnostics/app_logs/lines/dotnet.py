from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        (
            'As of "11/21/2026 03:10:00 +00:00", the heartbeat has been running for "00:00:01.2849876" which is longer'
            ' than "00:00:01". This could be caused by thread pool starvation.'
        ),
        "no-threads",
        {},
    ),
    ("Read our post about thread pool starvation", None, {}),
    ("      Now listening on: http://[::]:8080", "listening", {"address": "::", "port": "8080"}),
    ("      Now listening on: http://localhost:5000", "listening", {"address": "localhost", "said_by": "server"}),
    ("      Application started. Press Ctrl+C to shut down.", "ready", {}),
    ("      Application is shutting down...", "shutdown", {}),
    ("Unhandled exception. System.InvalidOperationException: no connection string", "crash", {}),
    (
        'Connection id "0HM", Request id "0HM:1": An unhandled exception was thrown by the application.',
        "unhandled-error",
        {},
    ),
    ("The host '10.0.1.21:8080' does not match an allowed host.", "host-refused", {"host": "10.0.1.21:8080"}),
    ("Response Content-Length mismatch: too few bytes written (5 of 10).", "length-mismatch", {}),
    (
        "Request finished HTTP/1.1 GET http://10.0.1.21/healthz - 200 0 - 1.5ms",
        "request",
        {"status": "200", "seconds": "0.002"},
    ),
)
