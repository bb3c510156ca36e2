"""nginx. Its words are the same in front of an application of another container and of the same one."""

from diagnostics.app_logs.sign import sign

NGINX = "nginx"
UPSTREAM = r"(?:.{0,1500}?upstream: \"\w{2,10}://(?P<upstream>[^/\"\s]{1,200}))?"

SIGNS = (
    sign(
        "upstream-refused",
        rf"connect\(\) (?:to \S{{1,120}} )?failed \((?:111|113|2|13): [^)]{{1,60}}\) while connecting to"
        rf" upstream{UPSTREAM}",
        "while connecting to upstream",
        runtime=NGINX,
    ),
    sign(
        "upstream-timeout",
        rf"connect\(\) failed \(110: [^)]{{1,60}}\) while connecting to upstream{UPSTREAM}",
        "while connecting to upstream",
        runtime=NGINX,
    ),
    sign(
        "upstream-none",
        rf"no live upstreams while connecting to upstream{UPSTREAM}",
        "no live upstreams",
        runtime=NGINX,
    ),
    sign(
        "upstream-timeout",
        rf"upstream timed out \(110: [^)]{{1,60}}\) while (?P<doing>[a-z ]{{1,60}}){UPSTREAM}",
        "upstream timed out",
        runtime=NGINX,
    ),
    sign(
        "upstream-closed",
        rf"upstream prematurely closed (?:connection|FastCGI stdout){UPSTREAM}",
        "upstream prematurely closed",
        runtime=NGINX,
    ),
    sign(
        "upstream-closed",
        rf"(?:recv|readv|writev|sendfile)\(\) failed \((?:104|32): [^)]{{1,60}}\) while [a-z ]{{1,60}}"
        rf" upstream{UPSTREAM}",
        "() failed (104",
        "() failed (32",
        runtime=NGINX,
    ),
    sign(
        "header-too-large",
        rf"upstream sent too big header{UPSTREAM}",
        "upstream sent too big header",
        runtime=NGINX,
        side="upstream",
    ),
    sign(
        "upstream-closed",
        rf"upstream sent (?:invalid|no valid HTTP/1\.0) header{UPSTREAM}",
        "upstream sent",
        runtime=NGINX,
        kind="invalid",
    ),
    sign(
        "length-mismatch",
        r"upstream sent more data than specified in \"Content-Length\"",
        "sent more data than",
        runtime=NGINX,
    ),
    sign(
        "header-too-large",
        r"client sent too (?:large|long) (?:request|URI|header line|cookie)",
        "client sent too",
        runtime=NGINX,
        side="request",
    ),
    sign(
        "too-many-connections",
        r"worker_connections are not enough|accept4?\(\) failed \(24: ",
        "worker_connections are not",
        "failed (24:",
        runtime=NGINX,
    ),
    sign(
        "plain-to-tls-port",
        r"client sent plain HTTP request to HTTPS port|plain HTTP request was sent to HTTPS port",
        "plain http request",
        runtime=NGINX,
    ),
    sign(
        "tls-to-plain-port",
        r"client sent invalid method while reading client request line.{0,200}\\x16\\x03",
        "\\x16\\x03",
        runtime=NGINX,
    ),
    sign(
        "tls-handshake",
        r"SSL_do_handshake\(\) failed .{0,300}while SSL handshaking(?! to upstream)",
        "ssl_do_handshake() failed",
        runtime=NGINX,
    ),
    sign(
        "upstream-closed",
        rf"SSL_do_handshake\(\) failed .{{0,300}}while SSL handshaking to upstream{UPSTREAM}",
        "ssl handshaking to upstream",
        runtime=NGINX,
        kind="tls",
    ),
    sign(
        "crash",
        r"\[emerg\] .{0,40}?host not found in upstream \"(?P<host>[^\"]{1,200})\"",
        "host not found in upstream",
        runtime=NGINX,
    ),
    sign(
        "crash",
        r"\[emerg\] .{0,40}?bind\(\) to \S{1,60}:(?P<port>[0-9]{1,5}) failed \((?P<what>[^)]{1,60})\)",
        "bind() to",
        runtime=NGINX,
        kind="port-in-use",
    ),
    sign("crash", r"\[emerg\] (?P<what>.{1,160})", "[emerg]", runtime=NGINX, general=True),
    sign("ready", r"\[notice\] [0-9#]{1,20}: nginx/(?P<version>[0-9][0-9.]{0,12})", ": nginx/", runtime=NGINX),
    sign("ready", r"start worker processes", "start worker processes", runtime=NGINX),
    sign(
        "worker-killed",
        r"worker process (?P<pid>[0-9]{1,8}) exited on signal (?P<signal>[0-9]{1,2})",
        "exited on signal",
        runtime=NGINX,
    ),
    sign(
        "shutdown",
        r"gracefully shutting down|signal (?:15|3) \(SIG(?:TERM|QUIT)\) received",
        "gracefully shutting down",
        ") received",
        runtime=NGINX,
    ),
)
