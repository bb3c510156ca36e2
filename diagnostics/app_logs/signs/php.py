"""PHP and its process manager, which speaks FastCGI and not HTTP."""

from diagnostics.app_logs.sign import URL, listens, sign

FPM = "php-fpm"

SIGNS = (
    listens(r"NOTICE: ready to handle connections", "ready to handle connections", runtime=FPM),
    sign("ready", r"NOTICE: fpm is running, pid (?P<pid>[0-9]{1,8})", "fpm is running", runtime=FPM),
    sign(
        "worker-timeout",
        r"execution timed out \((?P<seconds>[0-9.]{1,10}) sec\), terminating",
        "execution timed out (",
        runtime=FPM,
    ),
    sign(
        "worker-timeout",
        r"Maximum execution time of (?P<seconds>[0-9]{1,6}) seconds? exceeded",
        "maximum execution time of",
        runtime="PHP",
        kind="request",
    ),
    sign(
        "worker-killed",
        r"child (?P<pid>[0-9]{1,8}) exited on signal (?P<signal>[0-9]{1,2})",
        "exited on signal",
        runtime=FPM,
    ),
    sign(
        "too-many-connections",
        r"server reached pm\.max_children setting \((?P<limit>[0-9]{1,6})\)",
        "pm.max_children",
        runtime=FPM,
    ),
    sign(
        "out-of-memory",
        r"Allowed memory size of [0-9]{1,15} bytes exhausted",
        "allowed memory size of",
        runtime="PHP",
        kind="request",
    ),
    sign(
        "unhandled-error",
        r"PHP (?:Fatal|Parse) error:\s{1,4}(?P<what>.{1,160})",
        "php fatal error",
        "php parse error",
        runtime="PHP",
    ),
    sign(
        "shutdown", r"NOTICE: (?:Terminating|Finishing) \.\.\.", "notice: terminating", "notice: finishing", runtime=FPM
    ),
    listens(rf"PHP [0-9.]{{1,12}} Development Server \({URL}\) started", "development server (", runtime="PHP"),
    sign("host-refused", r"Untrusted Host \"(?P<host>[^\"]{1,200})\"", "untrusted host", runtime="Symfony"),
)
