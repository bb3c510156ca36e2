from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    ("* Listening on http://127.0.0.1:3000", "listening", {"address": "127.0.0.1", "port": "3000"}),
    ("* Listening on tcp://0.0.0.0:8080", "listening", {"address": "0.0.0.0"}),
    ('* Puma version: 5.6.5 (ruby 3.1.2-p20) ("Birdie\'s Version")', "ready", {"version": "5.6.5"}),
    (
        "[1] ! Terminating timed out worker (worker failed to check in within 60 seconds): 12",
        "worker-timeout",
        {"seconds": "60"},
    ),
    ("2026 Are you trying to open an SSL connection to a non-SSL Puma?>", "tls-to-plain-port", {}),
    ("I, [2026-11-21T03:20:00.0 #1]  INFO -- : listening on addr=0.0.0.0:8080 fd=10", "listening", {"port": "8080"}),
    (
        "E, [2026 #1] ERROR -- : worker=1 PID:123 timeout (61s > 60s), killing",
        "worker-timeout",
        {"seconds": "60", "pid": "123"},
    ),
    ("ERROR -- : reaped #<Process::Status: pid 123 SIGKILL (signal 9)> worker=1", "worker-killed", {"pid": "123"}),
    (
        "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 10.0.1.21:3000",
        "host-refused",
        {"host": "10.0.1.21:3000"},
    ),
    (
        (
            "ActiveRecord::ConnectionTimeoutError (could not obtain a connection from the pool within 5.000"
            " seconds (waited 5.0))"
        ),
        "pool-exhausted",
        {},
    ),
    ("Completed 200 OK in 12ms (Views: 0.2ms)", "request", {"status": "200", "seconds": "0.012"}),
)
