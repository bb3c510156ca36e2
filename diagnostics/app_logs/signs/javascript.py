"""Node.js, Fastify, Next.js, Bun and Deno, and PM2, which keeps their processes."""

from diagnostics.app_logs.sign import BY_SERVER, PORT, URL, listens, sign

NODE, PM2 = "Node.js", "PM2"

SIGNS = (
    # https://pm2.keymetrics.io/docs/usage/memory-limit/: a limit of the process, whatever the container's is.
    sign(
        "out-of-memory",
        r"\[PM2\]\[WORKER\] Process \S{1,40} restarted because it exceeds --max-memory-restart value",
        "--max-memory-restart value",
        runtime=PM2,
        kind="own-limit",
    ),
    sign("crash", r"\bhad too many unstable restarts \([0-9]{1,6}\)", "too many unstable restarts", runtime=PM2),
    # A process that ends by itself is told "via signal [SIGINT]" as well, so that its code has to tell.
    sign(
        "worker-killed",
        r"\bApp \[[^\]]{1,120}\] exited with code \[(?:[1-9][0-9]{0,2}\]|0\] via signal \[SIG(?:KILL|SEGV|ABRT|BUS)\])",
        "] exited with code [",
        runtime=PM2,
    ),
    sign("ready", r"\bPM2 log: App \[[^\]]{1,120}\] online", "pm2 log: app [", runtime=PM2),
    listens(rf"Server listening at {URL}", "server listening at http", runtime="Fastify"),
    # Next.js names localhost in its second address whatever it is bound to.
    listens(
        rf"started server on (?P<address>[0-9A-Za-z.:\[\]]{{2,60}}?){PORT}", "started server on", runtime="Next.js"
    ),
    listens(rf"- Network:\s{{1,20}}{URL}", "- network:", runtime="Next.js"),
    sign(
        "listening",
        rf"- Local:\s{{1,20}}https?://localhost{PORT}",
        "- local:",
        runtime="Next.js",
        said_by=BY_SERVER,
    ),
    sign(
        "crash", r"\bEADDRINUSE\b.{0,80}?:(?P<port>[0-9]{1,5})(?![0-9])", "eaddrinuse", runtime=NODE, kind="port-in-use"
    ),
    sign("crash", r"^Node\.js v(?P<version>[0-9]{1,3}\.[0-9.]{1,12})\s*$", "node.js v", runtime=NODE),
    sign(
        "crash",
        r"triggerUncaughtException|\buncaughtException\b|\[UnhandledPromiseRejection",
        "uncaughtexception",
        "unhandledpromiserejection",
        runtime=NODE,
    ),
    sign(
        "unhandled-error",
        r"Unhandled ?Promise ?Rejection ?Warning|\bunhandledRejection\b|unhandled promise rejection",
        "unhandled",
        runtime=NODE,
    ),
    sign(
        "crash",
        r"Error: Cannot find (?:module|package) '(?P<what>[^']{1,200})'",
        "cannot find",
        runtime=NODE,
        kind="module-not-found",
    ),
    sign("crash", r"npm ERR! (?:Lifecycle script|code ELIFECYCLE|Missing script)", "npm err!", runtime=NODE),
    sign("out-of-memory", r"JavaScript heap out of memory|FATAL ERROR: .{0,80}heap limit", "heap", runtime=NODE),
    sign(
        "header-too-large",
        r"HPE_HEADER_OVERFLOW|Parse Error: Header overflow",
        "header_overflow",
        "header overflow",
        runtime=NODE,
        side="request",
    ),
    sign(
        "bad-request-line",
        r"HPE_INVALID_(?:METHOD|VERSION|CONSTANT|URL)|Parse Error: Invalid method",
        "hpe_invalid",
        "parse error: invalid method",
        runtime=NODE,
    ),
    sign(
        "length-mismatch",
        r"ERR_HTTP_CONTENT_LENGTH_MISMATCH|Response body's content-length of",
        "content_length_mismatch",
        "response body's content-length",
        runtime=NODE,
    ),
    sign("too-many-connections", r"\b(?:EMFILE|ENFILE)\b", "emfile", "enfile", runtime=NODE),
    sign(
        "unhandled-error",
        r"^\s{0,4}(?:Uncaught )?(?:Type|Reference|Range|Syntax|Assertion)Error(?: \[[A-Z_]{1,60}\])?: ",
        "error",
        runtime=None,
        general=True,
    ),
)
