"""Apache httpd. The numbers are its own: https://httpd.apache.org/docs/2.4/logs.html"""

from diagnostics.app_logs.sign import sign

APACHE = "Apache httpd"

SIGNS = (
    sign(
        "ready",
        r"Apache/(?P<version>[0-9][0-9.]{0,12}) .{0,200}configured -- resuming normal operations",
        "configured -- resuming normal",
        runtime=APACHE,
    ),
    sign("shutdown", r"caught SIG(?:TERM|WINCH), shutting down", "shutting down", runtime=APACHE),
    sign(
        "crash",
        r"make_sock: could not bind to address \S{1,60}:(?P<port>[0-9]{1,5})",
        "make_sock: could not bind",
        runtime=APACHE,
        kind="port-in-use",
    ),
    sign(
        "upstream-timeout",
        r"AH0\d{4}: .{0,300}timeout specified has expired|timeout specified has expired.{0,60}AH0\d{4}",
        "timeout specified has expired",
        runtime=APACHE,
    ),
    sign(
        "upstream-refused",
        r"AH00957: .{0,40}attempt to connect to (?P<upstream>[^\s()]{1,120}).{0,120}failed",
        "ah00957",
        runtime=APACHE,
    ),
    sign(
        "upstream-refused",
        r"AH01114: .{0,40}failed to make connection to backend: (?P<upstream>\S{1,120})",
        "ah01114",
        runtime=APACHE,
    ),
    sign(
        "upstream-none",
        r"AH00940: .{0,60}disabled connection for|AH01167: .{0,60}All workers are in error state",
        "ah00940",
        "ah01167",
        runtime=APACHE,
    ),
    sign(
        "upstream-closed",
        r"AH01102: error reading status line from remote server (?P<upstream>[^\s,]{1,120})",
        "ah01102",
        runtime=APACHE,
    ),
    sign(
        "upstream-closed",
        r"AH(?:00898|01110|01097|10154): ",
        "ah00898",
        "ah01110",
        "ah01097",
        "ah10154",
        runtime=APACHE,
    ),
    sign(
        "upstream-closed",
        r"AH01075: Error dispatching request to (?P<upstream>[^\s:]{0,120})",
        "ah01075",
        runtime=APACHE,
    ),
    sign(
        "too-many-connections",
        r"AH0(?:0484|0161|3490): .{0,60}reached",
        "ah00484",
        "ah00161",
        "ah03490",
        runtime=APACHE,
    ),
    sign(
        "worker-killed",
        r"child pid (?P<pid>[0-9]{1,8}) exit signal (?P<what>[A-Za-z ]{1,40}) \((?P<signal>[0-9]{1,2})\)",
        "exit signal",
        runtime=APACHE,
    ),
    sign(
        "plain-to-tls-port",
        r"HTTP spoken on HTTPS port|speaking plain HTTP to an SSL-enabled server port",
        "https port",
        "speaking plain http",
        runtime=APACHE,
    ),
    sign("tls-to-plain-port", r"AH00135: Invalid method in request \\x16\\x03", "\\x16\\x03", runtime=APACHE),
    sign("bad-request-line", r"AH0(?:0135|0566): ", "ah00135", "ah00566", runtime=APACHE),
    sign(
        "tls-handshake",
        r"AH02008: SSL library error|AH01998: Connection closed to child .{0,40}during SSL",
        "ah02008",
        "ah01998",
        runtime=APACHE,
    ),
)
