from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    ("exec /app/server: exec format error", "entrypoint", {"kind": "architecture", "what": "/app/server"}),
    ("standard_init_linux.go:228: exec user process caused: exec format error", "entrypoint", {"kind": "architecture"}),
    ("exec /entrypoint.sh: no such file or directory", "entrypoint", {"kind": "missing", "what": "/entrypoint.sh"}),
    ("/bin/sh: 1: gunicorn: not found", "entrypoint", {"kind": "missing", "what": "gunicorn"}),
    ("sh: nodee: command not found", "entrypoint", {"what": "nodee"}),
    ("/usr/bin/env: 'python': No such file or directory", "entrypoint", {"what": "python"}),
    ('exec: "/start.sh": permission denied: unknown', "entrypoint", {"kind": "not-executable"}),
    ("/docker-entrypoint.sh: line 9: /app/run: Permission denied", "entrypoint", {"kind": "not-executable"}),
    (
        (
            "/app/server: error while loading shared libraries: libssl.so.1.1: cannot open shared object fil"
            "e: No such file or directory"
        ),
        "entrypoint",
        {"kind": "library", "what": "libssl.so.1.1"},
    ),
    ("/app: /lib/libc.so.6: version `GLIBC_2.34' not found (required by /app)", "entrypoint", {"kind": "library"}),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/data/x'", "unhandled-error", {}),
    ("GET /missing: file not found", None, {}),
    ("Killed", "worker-killed", {}),
    ("Segmentation fault (core dumped)", "crash", {}),
    ("received SIGTERM, closing connections", "shutdown", {}),
)
