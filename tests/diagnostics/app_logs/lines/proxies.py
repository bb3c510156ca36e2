from tests.diagnostics.app_logs.lines import Line

HAPROXY = "10.0.1.10:33317 [21/Nov/2026:03:20:00.655] http-in "
CALL = ' 1/1/1/1/0 0/0 "GET /cart HTTP/1.1"'
ENVOY = '[2026-11-21T03:20:00.310Z] "GET /cart HTTP/1.1" '

LINES: tuple[Line, ...] = (
    (HAPROXY + "app/<NOSRV> 0/-1/-1/-1/0 503 212 - - SC--" + CALL, "upstream-none", {}),
    (HAPROXY + "app/srv1 0/0/-1/-1/3 503 212 - - SC--" + CALL, "upstream-refused", {"upstream": "srv1"}),
    (HAPROXY + "app/srv1 0/0/0/-1/4 502 204 - - SH--" + CALL, "upstream-closed", {}),
    (HAPROXY + "app/srv1 0/0/0/-1/30001 504 194 - - sH--" + CALL, "upstream-timeout", {}),
    ('Server app/srv1 is DOWN, reason: Layer4 connection problem, info: "Connection refused"', "upstream-refused", {}),
    ("backend app has no server available!", "upstream-none", {}),
    (
        ENVOY + '503 UF,URX 0 91 12 - "10.0.1.10" "curl" "id" "shop" "127.0.0.1:3000"',
        "upstream-refused",
        {"status": "503"},
    ),
    (ENVOY + '503 UC 0 95 12 - "10.0.1.10"', "upstream-closed", {}),
    (ENVOY + '504 UT 0 24 15000 - "10.0.1.10"', "upstream-timeout", {}),
    (ENVOY + '503 UH 0 19 0 - "10.0.1.10"', "upstream-none", {}),
    (ENVOY + '200 - 0 19 0 - "10.0.1.10"', "request", {"status": "200"}),
    ('{"response_flags":"UC","response_code":503,"path":"/cart"}', "upstream-closed", {}),
    (
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
        "upstream-closed",
        {},
    ),
)
