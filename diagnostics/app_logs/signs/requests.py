"""Lines about one request, and the sentences in which programs customarily say where they listen."""

from diagnostics.app_logs.sign import BY_APPLICATION, PORT, sign

OF_ANOTHER = (
    r"^(?!.{0,2000}\b(?:connect\w{0,4}|redis|mongo\w{0,2}|postgres\w{0,3}|mysql|kafka|rabbitmq|database|db|debugger|inspector"
    r"|metrics|prometheus|actuator|management|admin|pprof|statsd|upstream|backend|request|attempt)\b)"
)
"""A line about somebody else's port, or about one that no user is meant to reach."""
LISTENS = rf"{OF_ANOTHER}.{{0,300}}?\b(?:listen(?:s|ing)?|running|started|starting|serving|server|up)\b"
ANYWHERE = r"(?P<address>localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\]|\*)"

SIGNS = (
    # Common and combined log format, as nginx, Apache and many others write it.
    sign(
        "request",
        r'\] "(?P<method>[A-Z]{3,7}) (?P<path>[^\s?"]{1,300})[^"]{0,3000}" (?P<status>[1-5][0-9]{2}) '
        r"(?:[0-9]{1,12}|-)",
        '] "',
        general=True,
    ),
    # morgan's "dev" and gin's lines.
    sign(
        "request",
        r"^(?P<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (?P<path>/[^\s?]{0,300})\S{0,2000} "
        r"(?P<status>[1-5][0-9]{2}) "
        r"(?P<ms>[0-9.]{1,12}) ms",
        " ms",
        general=True,
    ),
    sign(
        "tls-to-plain-port",
        r"(?:bad request (?:version|syntax)|invalid (?:http )?(?:request|method)|malformed).{0,80}\\x16\\x03",
        "\\x16\\x03",
    ),
    sign("tls-to-plain-port", r"\"\\x16\\x03[^\"]{0,1000}\" 400", "\\x16\\x03"),
    sign(
        "bad-request-line",
        r"Bad request version \(|Bad request syntax \(|Bad HTTP/0\.9 request type|malformed HTTP request",
        "bad request version",
        "bad request syntax",
        "bad http/0.9",
        "malformed http request",
    ),
    sign(
        "plain-to-tls-port",
        r"http request(?: was)? sent to https|\bWRONG_VERSION_NUMBER\b|SSL routines:.{0,60}:?http request",
        "to https",
        "wrong_version_number",
        "http request",
        general=True,
    ),
    sign(
        "tls-handshake",
        r"SSL_ERROR_\w{1,30}|sslv3 alert|no shared cipher|unsupported protocol|NO_SHARED_CIPHER",
        "ssl_error_",
        "sslv3 alert",
        "shared cipher",
        "unsupported protocol",
        "no_shared_cipher",
        general=True,
    ),
    sign(
        "listening",
        rf"{LISTENS}.{{0,60}}?\b(?:on|at)\b.{{0,40}}?{ANYWHERE}{PORT}(?![:.])",
        " on ",
        " at ",
        general=True,
        said_by=BY_APPLICATION,
    ),
    sign(
        "listening",
        rf"{LISTENS}.{{0,60}}?\b(?:on|at)\b.{{0,20}}?(?<![0-9]):(?P<port>[0-9]{{2,5}})(?![0-9:.])",
        " on ",
        " at ",
        general=True,
        said_by=BY_APPLICATION,
    ),
    sign(
        "listening",
        rf"{LISTENS}.{{0,60}}?\bport[:=\s]{{1,3}}(?P<port>[0-9]{{2,5}})(?![0-9])",
        "port",
        general=True,
        said_by=BY_APPLICATION,
    ),
)
