"""Puma, Unicorn, WEBrick and Rails."""

from diagnostics.app_logs.sign import ADDRESS, PORT, listens, sign

SIGNS = (
    listens(rf"\* Listening on (?:https?|tcp|ssl)://{ADDRESS}{PORT}", "* listening on", runtime="Puma"),
    sign("ready", r"Puma version: (?P<version>[0-9][0-9.]{0,12})", "puma version:", runtime="Puma"),
    sign("ready", r"Puma (?P<version>[0-9][0-9.]{0,12}) \(", "puma "),
    sign("ready", r"Puma starting in (?P<mode>single|cluster) mode", "puma starting in", runtime="Puma"),
    sign(
        "worker-timeout",
        r"Terminating timed out worker(?: \([^)]{0,80}within (?P<seconds>[0-9.]{1,8}) seconds\))?",
        "terminating timed out worker",
        runtime="Puma",
    ),
    sign("shutdown", r"- Gracefully stopping, waiting for requests", "gracefully stopping", runtime="Puma"),
    sign("crash", r"! Unable to load application: ", "unable to load application", runtime="Puma"),
    sign("tls-to-plain-port", r"open an SSL connection to a non-SSL Puma", "non-ssl puma", runtime="Puma"),
    sign("bad-request-line", r"HTTP parse error, malformed request", "malformed request", runtime="Puma"),
    listens(rf"listening on addr={ADDRESS}{PORT}", "listening on addr=", runtime="Unicorn"),
    sign("ready", r"master process ready", "master process ready", runtime="Unicorn"),
    sign(
        "worker-timeout",
        r"worker=[0-9]{1,4} PID:(?P<pid>[0-9]{1,8}) timeout \([0-9]{1,6}s > (?P<seconds>[0-9]{1,6})s\)",
        "s), killing",
        runtime="Unicorn",
    ),
    sign(
        "worker-killed",
        r"reaped #<Process::Status: pid (?P<pid>[0-9]{1,8}) SIG(?!TERM|QUIT|INT)\w{3,5}",
        "reaped #<process",
        runtime="Unicorn",
    ),
    listens(
        r"WEBrick::HTTPServer#start: pid=[0-9]{1,8} port=(?P<port>[0-9]{1,5})",
        "webrick::httpserver#start",
        runtime="WEBrick",
    ),
    sign("host-refused", r"Blocked hosts?: (?P<host>[^\s,]{1,200})", "blocked host", runtime="Rails"),
    sign(
        "pool-exhausted",
        r"could not obtain a connection from the pool within (?P<seconds>[0-9.]{1,8}) seconds",
        "could not obtain a connection from the pool",
        runtime="Rails",
    ),
    sign(
        "request",
        r"Completed (?P<status>[1-5][0-9]{2}) [A-Za-z ]{1,40} in (?P<ms>[0-9.]{1,12})ms",
        "completed ",
        runtime="Rails",
    ),
    sign(
        "length-mismatch",
        r"Content-Length header was [0-9]{1,12}, but should be",
        "content-length header was",
        runtime="Rack",
    ),
    sign(
        "crash",
        r"Gem::LoadError|Bundler::GemNotFound|Could not find gem ",
        "loaderror",
        "gemnotfound",
        "could not find gem",
        runtime="Ruby",
    ),
)
