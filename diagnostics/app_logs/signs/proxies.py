"""HAProxy and Envoy.

HAProxy's termination state: its first letter says who ended the session, the second in which phase
(https://docs.haproxy.org/2.8/configuration.html#8.5). Envoy's response flags:
https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
"""

from diagnostics.app_logs.sign import sign

HAPROXY, ENVOY = "HAProxy", "Envoy"
STATE = r"(?:-?[0-9]{1,9}/){4}\+?[0-9]{1,9} (?P<status>-1|[1-5][0-9]{2}) \+?[0-9]{1,12} \S{1,80} \S{1,80} "
SERVER = r"(?: \S{1,100}/(?P<upstream>\S{1,100}) )?"
ENVOY_LINE = r'"[A-Z]{3,7} \S{1,600} HTTP/[0-9.]{1,3}" (?P<status>[0-9]{1,3}) (?:[A-Z]{2,5},){0,4}'

SIGNS = (
    sign("upstream-none", r" \S{1,100}/<NOSRV> ", "/<nosrv> ", runtime=HAPROXY),
    sign(
        "upstream-none", r"backend '?\S{1,100}?'? has no server available", "has no server available", runtime=HAPROXY
    ),
    sign(
        "upstream-refused",
        r"Server (?P<upstream>\S{1,100}/\S{1,100}) is DOWN, reason: Layer[47] (?:connection problem|invalid)",
        "is down, reason: layer",
        runtime=HAPROXY,
    ),
    sign(
        "upstream-timeout",
        r"Server (?P<upstream>\S{1,100}/\S{1,100}) is DOWN, reason: Layer[47] timeout",
        "is down, reason: layer",
        runtime=HAPROXY,
    ),
    sign("upstream-refused", rf"{SERVER}{STATE}(?-i:SC)", " sc", runtime=HAPROXY),
    sign("upstream-closed", rf"{SERVER}{STATE}(?-i:SH|SD|PH)", " sh", " sd", " ph", runtime=HAPROXY),
    sign("upstream-timeout", rf"{SERVER}{STATE}(?-i:s[CHD])", " sc", " sh", " sd", runtime=HAPROXY),
    sign(
        "tls-handshake",
        r"\S{1,60} \[[^\]]{10,40}\] \S{1,60}: SSL handshake failure",
        ": ssl handshake failure",
        runtime=HAPROXY,
    ),
    sign("ready", r"(?:Proxy \S{1,60} started|Loading success\.)", "proxy ", "loading success.", runtime=HAPROXY),
    sign("upstream-refused", rf"{ENVOY_LINE}UF\b", "uf", runtime=ENVOY),
    sign("upstream-closed", rf"{ENVOY_LINE}(?:UC|UR|UPE)\b", "uc", "ur", "upe", runtime=ENVOY),
    sign("upstream-none", rf"{ENVOY_LINE}(?:UH|NC|NR)\b", "uh", "nc", "nr", runtime=ENVOY),
    sign("upstream-timeout", rf"{ENVOY_LINE}(?:UT|SI)\b", "ut", "si", runtime=ENVOY),
    sign(
        "upstream-refused",
        r"(?:reset reason: |upstream_reset_before_response_started\{)(?:remote )?connection.failure",
        "connection failure",
        "connection_failure",
        runtime=ENVOY,
    ),
    sign(
        "upstream-closed",
        r"(?:reset reason: |upstream_reset_before_response_started\{)connection.termination",
        "connection termination",
        "connection_termination",
        runtime=ENVOY,
    ),
    sign(
        "upstream-timeout",
        r"\bupstream request timeout\b|\bupstream_response_timeout\b|\bresponse_timeout\b",
        "upstream request timeout",
        "response_timeout",
        runtime=ENVOY,
    ),
    sign(
        "upstream-none",
        r"\bno healthy upstream\b|\bno_healthy_upstream\b",
        "no healthy upstream",
        "no_healthy_upstream",
        runtime=ENVOY,
    ),
    sign("upstream-refused", r'"response_flags":\s{0,2}"(?:[A-Z]{2,5},){0,4}UF', "response_flags", runtime=ENVOY),
    sign("upstream-closed", r'"response_flags":\s{0,2}"(?:[A-Z]{2,5},){0,4}UC', "response_flags", runtime=ENVOY),
    sign("upstream-none", r'"response_flags":\s{0,2}"(?:[A-Z]{2,5},){0,4}UH', "response_flags", runtime=ENVOY),
    sign("upstream-timeout", r'"response_flags":\s{0,2}"(?:[A-Z]{2,5},){0,4}UT', "response_flags", runtime=ENVOY),
)
