from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    ("[21-Nov-2026 03:20:00] NOTICE: ready to handle connections", "listening", {"said_by": "server"}),
    ("[21-Nov-2026 03:20:00] NOTICE: fpm is running, pid 1", "ready", {"pid": "1"}),
    (
        (
            "WARNING: [pool www] child 12, script '/app/index.php' (request: \"GET /index.php\") execution t"
            "imed out (30.1 sec), terminating"
        ),
        "worker-timeout",
        {"seconds": "30.1"},
    ),
    (
        "PHP Fatal error:  Maximum execution time of 30 seconds exceeded in /app/x.php on line 3",
        "worker-timeout",
        {"seconds": "30"},
    ),
    (
        "WARNING: [pool www] child 12 exited on signal 9 (SIGKILL) after 30.2 seconds from start",
        "worker-killed",
        {"signal": "9"},
    ),
    (
        "WARNING: [pool www] server reached pm.max_children setting (5), consider raising it",
        "too-many-connections",
        {"limit": "5"},
    ),
    (
        "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)",
        "out-of-memory",
        {"kind": "request"},
    ),
    ("PHP Fatal error:  Uncaught TypeError: x() in /app/x.php:3", "unhandled-error", {}),
)
