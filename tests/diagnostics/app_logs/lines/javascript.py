from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        (
            "2026-11-21T03:10:00: PM2 log: [PM2][WORKER] Process 0 restarted because it exceeds --max-memory-restart"
            " value (current_memory=793694208 max_memory_limit=536870912 [octets])"
        ),
        "out-of-memory",
        {"kind": "own-limit"},
    ),
    (
        '2026-11-21T03:10:00: PM2 log: Script /app/web.js had too many unstable restarts (16). Stopped. "errored"',
        "crash",
        {},
    ),
    ("2026-11-21T03:10:00: PM2 log: App [web:0] exited with code [1] via signal [SIGINT]", "worker-killed", {}),
    ("2026-11-21T03:10:00: PM2 log: App [web:0] exited with code [0] via signal [SIGKILL]", "worker-killed", {}),
    ("2026-11-21T03:10:00: PM2 log: App [web:0] exited with code [0] via signal [SIGINT]", None, {}),
    ("2026-11-21T03:10:00: PM2 log: App [web:0] online", "ready", {}),
    ("2026-11-21T03:10:00: PM2 log: App [web:0] starting in -cluster mode-", None, {}),
    (
        (
            '{"level":30,"time":1700000000000,"pid":1,"hostname":"ip-10-0-1-21","msg":"Server listening at h'
            'ttp://127.0.0.1:3000"}'
        ),
        "listening",
        {"address": "127.0.0.1", "port": "3000", "said_by": "server"},
    ),
    ("Server listening at http://[::1]:3000", "listening", {"address": "::1", "port": "3000"}),
    ("ready - started server on 0.0.0.0:3000, url: http://localhost:3000", "listening", {"address": "0.0.0.0"}),
    ("   - Network:      http://10.0.1.21:3000", "listening", {"address": "10.0.1.21", "port": "3000"}),
    ("   - Local:        http://localhost:3000", "listening", {"port": "3000", "said_by": "server"}),
    ("Example app listening on port 3000", "listening", {"port": "3000", "said_by": "application"}),
    ("Server running at http://localhost:3000/", "listening", {"address": "localhost", "said_by": "application"}),
    ("App listening on :8080", "listening", {"port": "8080"}),
    ("Debugger listening on ws://127.0.0.1:9229/0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e", None, {}),
    ("Connected to redis running at 10.0.0.5:6379", None, {}),
    ("Server started at 2026-11-21T12:30:00", None, {}),
    ("Error: listen EADDRINUSE: address already in use :::3000", "crash", {"port": "3000", "kind": "port-in-use"}),
    ("Node.js v20.11.1", "crash", {"version": "20.11.1"}),
    ("Error: Cannot find module '/app/dist/main.js'", "crash", {"what": "/app/dist/main.js"}),
    ("TypeError: Cannot read properties of undefined (reading 'id')", "unhandled-error", {}),
    ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "out-of-memory", {}),
    ("Error: Parse Error: Header overflow code: 'HPE_HEADER_OVERFLOW'", "header-too-large", {"side": "request"}),
    (
        (
            "Error [ERR_HTTP_CONTENT_LENGTH_MISMATCH]: Response body's content-length of 5 byte(s) does not "
            "match the"
            " content-length of 4 byte(s) set in header"
        ),
        "length-mismatch",
        {},
    ),
    (
        (
            '{"level":30,"req":{"method":"GET","url":"/cart","headers":{"x-amzn-trace-id":'
            '"Root=1-67891233-abcdef012345678912345678"}},"res":{"statusCode":200},"responseTime":12,"msg":"'
            'request completed"}'
        ),
        "request",
        {"status": "200", "seconds": "0.012", "method": "GET"},
    ),
)
