from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        (
            "[Sat Nov 21 03:20:00 2026] [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.54 (Debian) configu"
            "red -- resuming normal operations"
        ),
        "ready",
        {"version": "2.4.54"},
    ),
    (
        (
            "[proxy:error] [pid 12] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:"
            "8080 (localhost) failed"
        ),
        "upstream-refused",
        {"upstream": "127.0.0.1:8080"},
    ),
    (
        (
            "[proxy_http:error] [pid 12] (70007)The timeout specified has expired: [client 10.0.1.10:1] AH01"
            "102: error reading status line from remote server app:8080"
        ),
        "upstream-timeout",
        {},
    ),
    (
        (
            "[proxy_http:error] [pid 12] (104)Connection reset by peer: AH01102: error reading status line f"
            "rom remote server app:8080"
        ),
        "upstream-closed",
        {"upstream": "app:8080"},
    ),
    (
        "[mpm_prefork:error] [pid 1] AH00161: server reached MaxRequestWorkers setting, consider raising it",
        "too-many-connections",
        {},
    ),
    (
        "[core:notice] [pid 1] AH00052: child pid 12 exit signal Segmentation fault (11)",
        "worker-killed",
        {"signal": "11"},
    ),
    (
        "[ssl:info] [pid 12] AH01996: SSL handshake failed: HTTP spoken on HTTPS port; trying to send HTML error page",
        "plain-to-tls-port",
        {},
    ),
    ("[core:error] [pid 12] AH00135: Invalid method in request \\x16\\x03\\x01", "tls-to-plain-port", {}),
    ("[mpm_prefork:notice] [pid 1] AH00169: caught SIGTERM, shutting down", "shutdown", {}),
)
