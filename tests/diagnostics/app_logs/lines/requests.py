from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        '::ffff:10.0.1.10 - - [21/Nov/2026:03:20:00 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "ELB-HealthChecker/2.0"',
        "request",
        {"status": "200", "path": "/healthz"},
    ),
    ("GET /cart?id=3 502 3.321 ms - 12", "request", {"status": "502", "path": "/cart", "seconds": "0.003"}),
    ("code 400, message Bad request version ('\\x16\\x03\\x01\\x02')", "tls-to-plain-port", {}),
    ("code 400, message Bad request syntax ('hello')", "bad-request-line", {}),
    ('10.0.1.10 - - [21/Nov/2026:03:20:00 +0000] "\\x16\\x03\\x01\\x02\\x00" 400 157 "-" "-"', "tls-to-plain-port", {}),
    ("all is well", None, {}),
    ("", None, {}),
    ("order 30 was placed at 12:30", None, {}),
)
