from tests.diagnostics.app_logs.lines import Line

LINES: tuple[Line, ...] = (
    (
        "[2026-11-21 03:20:00 +0000] [1] [INFO] Listening at: http://127.0.0.1:8000 (1)",
        "listening",
        {"address": "127.0.0.1"},
    ),
    ("[2026-11-21 03:20:00 +0000] [1] [INFO] Starting gunicorn 20.1.0", "ready", {"version": "20.1.0"}),
    ("[2026-11-21 03:20:00 +0000] [1] [INFO] Using worker: gthread", "ready", {"worker": "gthread"}),
    ("[2026-11-21 03:20:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:8)", "worker-timeout", {"pid": "8"}),
    (
        "[2026-11-21 03:20:00 +0000] [1] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?",
        "worker-killed",
        {"kind": "memory"},
    ),
    (
        "[2026-11-21 03:20:00 +0000] [1] [WARNING] Worker with pid 8 was terminated due to signal 9",
        "worker-killed",
        {"pid": "8"},
    ),
    ("[2026-11-21 03:20:00 +0000] [1] [ERROR] Reason: Worker failed to boot.", "crash", {}),
    ("[2026-11-21 03:20:00 +0000] [1] [INFO] Handling signal: term", "shutdown", {"signal": "term"}),
    (
        "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
        "listening",
        {"address": "0.0.0.0", "port": "8080"},
    ),
    ("INFO:     Application startup complete.", "ready", {}),
    (
        'INFO:     10.0.1.5:52124 - "GET /healthz?x=1 HTTP/1.1" 503 Service Unavailable',
        "request",
        {"path": "/healthz", "status": "503"},
    ),
    ("ERROR:    Exception in ASGI application", "unhandled-error", {}),
    ("WARNING:  Invalid HTTP request received.", "bad-request-line", {}),
    ("RuntimeError: Response content longer than Content-Length", "length-mismatch", {}),
    (
        "[2026-11-21 03:20:00 +0000] [7] [INFO] Running on http://127.0.0.1:8000 (CTRL + C to quit)",
        "listening",
        {"port": "8000"},
    ),
    ("INFO:waitress:Serving on http://0.0.0.0:8080", "listening", {"port": "8080"}),
    (" * Running on http://127.0.0.1:5000", "listening", {"address": "127.0.0.1", "port": "5000"}),
    (" * Running on all addresses (0.0.0.0)", "listening", {"address": "0.0.0.0"}),
    ("Starting development server at http://127.0.0.1:8000/", "listening", {"address": "127.0.0.1"}),
    ("2026-11-21 03:20:00,000 INFO     Listening on TCP address 127.0.0.1:8000", "listening", {"port": "8000"}),
    ("uWSGI http bound on 127.0.0.1:8080 fd 4", "listening", {"address": "127.0.0.1", "port": "8080"}),
    ("uwsgi socket 0 bound to TCP address :8000 fd 3", "listening", {"port": "8000"}),
    ("Sat Nov 21 03:20:00 2026 - *** HARAKIRI ON WORKER 1 (pid: 10, try: 1) ***", "worker-timeout", {"pid": "10"}),
    ("DAMN ! worker 1 (pid: 10) died, killed by signal 9 :( trying respawn ...", "worker-killed", {"signal": "9"}),
    ("invalid request block size: 21573 (max 4096)...skip", "bad-request-line", {"kind": "http-to-uwsgi"}),
    (
        "Invalid HTTP_HOST header: '10.0.1.21:8000'. You may need to add '10.0.1.21' to ALLOWED_HOSTS.",
        "host-refused",
        {"host": "10.0.1.21:8000"},
    ),
    (
        (
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed ou"
            "t, timeout 30.00"
        ),
        "pool-exhausted",
        {"size": "5"},
    ),
    ("Traceback (most recent call last):", "unhandled-error", {}),
    ("ModuleNotFoundError: No module named 'shop'", "crash", {}),
    ("ValueError: invalid literal for int()", "unhandled-error", {}),
)
