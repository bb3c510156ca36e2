from tests.diagnostics.app_logs.lines import Line

TAIL = (
    ', client: 10.0.1.10, server: _, request: "GET /cart HTTP/1.1", upstream: "http://127.0.0.1:3000'
    '/cart", host: "shop.example.com"'
)
ERROR = "2026/11/21 03:20:00 [error] 29#29: *1 "

LINES: tuple[Line, ...] = (
    (
        ERROR + "connect() failed (111: Connection refused) while connecting to upstream" + TAIL,
        "upstream-refused",
        {"upstream": "127.0.0.1:3000"},
    ),
    (
        ERROR + "connect() failed (110: Connection timed out) while connecting to upstream" + TAIL,
        "upstream-timeout",
        {},
    ),
    (
        ERROR + "upstream timed out (110: Connection timed out) while reading response header from upstream" + TAIL,
        "upstream-timeout",
        {"doing": "reading response header from upstream", "upstream": "127.0.0.1:3000"},
    ),
    (
        ERROR + "upstream prematurely closed connection while reading response header from upstream" + TAIL,
        "upstream-closed",
        {"upstream": "127.0.0.1:3000"},
    ),
    (
        ERROR + "recv() failed (104: Connection reset by peer) while reading response header from upstream" + TAIL,
        "upstream-closed",
        {},
    ),
    (ERROR + "no live upstreams while connecting to upstream" + TAIL, "upstream-none", {}),
    (
        ERROR + "upstream sent too big header while reading response header from upstream" + TAIL,
        "header-too-large",
        {"side": "upstream"},
    ),
    (
        ERROR + "client sent plain HTTP request to HTTPS port while reading client request headers",
        "plain-to-tls-port",
        {},
    ),
    (
        ERROR
        + 'client sent invalid method while reading client request line, client: 10.0.1.10, request: "\\x16\\x03\\x01"',
        "tls-to-plain-port",
        {},
    ),
    (
        (
            "2026/11/21 03:20:00 [crit] 29#29: *1 SSL_do_handshake() failed (SSL: error:1417A0C1) while SSL"
            " handshaking, client: 10.0.1.10"
        ),
        "tls-handshake",
        {},
    ),
    (
        '2026/11/21 03:20:00 [emerg] 1#1: host not found in upstream "api" in /etc/nginx/conf.d/default.conf:3',
        "crash",
        {"host": "api"},
    ),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "crash", {"port": "80"}),
    ("2026/11/21 03:20:00 [notice] 1#1: nginx/1.25.3", "ready", {"version": "1.25.3"}),
    ("2026/11/21 03:20:00 [alert] 1#1: worker process 29 exited on signal 11", "worker-killed", {"signal": "11"}),
    ("2026/11/21 03:20:00 [notice] 1#1: signal 15 (SIGTERM) received from 1, exiting", "shutdown", {}),
    ("2026/11/21 03:20:00 [alert] 29#29: 1024 worker_connections are not enough", "too-many-connections", {}),
    (
        '10.0.1.10 - - [21/Nov/2026:03:20:00 +0000] "GET /x?token=abc HTTP/1.1" 502 157 "-" "curl"',
        "request",
        {"status": "502", "path": "/x"},
    ),
)
