"""gunicorn, uvicorn, hypercorn, waitress, uWSGI, Daphne, Werkzeug, Django and Python itself."""

from diagnostics.app_logs.sign import ADDRESS, PORT, URL, listens, sign

SIGNS = (
    # gunicorn: https://docs.gunicorn.org/en/stable/settings.html
    listens(rf"Listening at: {URL}", "listening at: http", runtime="gunicorn"),
    sign("ready", r"Starting gunicorn (?P<version>[0-9][0-9.]{0,12})", "starting gunicorn", runtime="gunicorn"),
    sign("ready", r"Using worker: (?P<worker>[\w.]{1,80})", "using worker:", runtime="gunicorn"),
    sign("worker-timeout", r"WORKER TIMEOUT \(pid:\s?(?P<pid>[0-9]{1,8})\)", "worker timeout (pid", runtime="gunicorn"),
    sign(
        "worker-killed",
        r"Worker \(pid:\s?(?P<pid>[0-9]{1,8})\) was sent SIG\w{3,5}!.{0,20}out of memory",
        "was sent sig",
        runtime="gunicorn",
        kind="memory",
    ),
    sign(
        "worker-killed",
        r"Worker (?:with pid |\(pid:\s?)(?P<pid>[0-9]{1,8})\)? was (?:sent|terminated due to signal)",
        "was sent sig",
        "was terminated due to signal",
        runtime="gunicorn",
    ),
    sign(
        "crash",
        r"Worker failed to boot|Connection in use: \(",
        "worker failed to boot",
        "connection in use: (",
        runtime="gunicorn",
    ),
    sign("shutdown", r"Handling signal: (?P<signal>term|int|quit)", "handling signal:", runtime="gunicorn"),
    # https://www.uvicorn.org/settings/
    listens(rf"Uvicorn running on {URL}", "uvicorn running on", runtime="uvicorn"),
    sign("ready", r"Application startup complete\.", "application startup complete", runtime="uvicorn"),
    sign(
        "crash",
        r"Application startup failed\. Exiting|error while attempting to bind on address",
        "startup failed",
        "attempting to bind on address",
        runtime="uvicorn",
    ),
    sign("unhandled-error", r"Exception in ASGI application", "exception in asgi", runtime="uvicorn"),
    sign("bad-request-line", r"Invalid HTTP request received", "invalid http request received", runtime="uvicorn"),
    sign(
        "length-mismatch",
        r"Response content (?:longer|shorter) than Content-Length",
        "than content-length",
        runtime="uvicorn",
    ),
    sign(
        "length-mismatch",
        r"Too (?:little|much) data for declared Content-Length",
        "data for declared content-length",
        runtime="h11",
    ),
    sign(
        "request",
        r'[0-9A-Fa-f.:]{2,45}:[0-9]{1,5} - "(?P<method>[A-Z]{3,7}) (?P<path>[^\s?"]{1,300})[^"]{0,2000}" '
        r"(?P<status>[1-5][0-9]{2})(?! [0-9])",
        "http/",
        runtime="uvicorn",
    ),
    listens(rf"\[INFO\] Running on {URL}", "[info] running on", runtime="hypercorn"),
    listens(rf"Running on {URL} \(CTRL \+ C", "(ctrl + c", runtime="hypercorn"),
    listens(rf"Serving on {URL}", "serving on http", runtime="waitress"),
    listens(rf"\* Running on {URL}", "* running on http", runtime="Werkzeug"),
    listens(
        r"\* Running on all addresses \((?P<address>[0-9.:]{2,40})\)", "running on all addresses", runtime="Werkzeug"
    ),
    listens(rf"Starting development server at {URL}", "starting development server", runtime="Django runserver"),
    listens(rf"Listening on TCP address {ADDRESS}{PORT}", "listening on tcp address", runtime="Daphne"),
    # uWSGI
    listens(
        r"uWSGI http bound on (?P<address>[0-9A-Za-z.\[\]:*-]{0,60}?):(?P<port>[0-9]{1,5}) fd",
        "uwsgi http bound on",
        runtime="uWSGI",
    ),
    listens(
        rf"socket [0-9]{{1,3}} bound to TCP address (?P<address>[0-9A-Za-z.\[\]:*-]{{0,60}}?){PORT}",
        "bound to tcp address",
        runtime="uWSGI",
    ),
    sign("ready", r"\*\*\* Starting uWSGI (?P<version>[0-9][0-9.]{0,12})", "*** starting uwsgi", runtime="uWSGI"),
    sign(
        "worker-timeout",
        r"HARAKIRI ON WORKER [0-9]{1,4} \(pid: (?P<pid>[0-9]{1,8})",
        "harakiri on worker",
        runtime="uWSGI",
    ),
    sign(
        "worker-killed",
        r"DAMN ! worker [0-9]{1,4} \(pid: (?P<pid>[0-9]{1,8})\) died.{0,20}signal (?P<signal>[0-9]{1,2})",
        "damn ! worker",
        runtime="uWSGI",
    ),
    sign(
        "crash",
        r"no python application found|unable to load app",
        "python application found",
        "unable to load app",
        runtime="uWSGI",
    ),
    # 21573 is "ET" read as a length: somebody sends HTTP to a socket that speaks uwsgi.
    sign(
        "bad-request-line",
        r"invalid request block size: (?P<size>[0-9]{1,6})",
        "invalid request block size",
        runtime="uWSGI",
        kind="http-to-uwsgi",
    ),
    sign("too-many-connections", r"listen queue of socket .{0,60}full", "listen queue of socket", runtime="uWSGI"),
    # Django: https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts
    sign(
        "host-refused",
        r"Invalid HTTP_HOST header: ['\"](?P<host>[^'\"\s]{1,200})",
        "invalid http_host header",
        runtime="Django",
    ),
    sign("host-refused", r"DisallowedHost", "disallowedhost", runtime="Django"),
    sign("host-refused", r"Invalid host header", "invalid host header", runtime="Starlette", general=True),
    sign(
        "pool-exhausted",
        r"QueuePool limit of size (?P<size>[0-9]{1,5}) overflow .{0,60}timed? ?out",
        "queuepool limit",
        runtime="SQLAlchemy",
    ),
    sign("out-of-memory", r"^(?:\w{1,40}\.){0,3}MemoryError\b", "memoryerror"),
    sign("crash", r"Fatal Python error: ", "fatal python error", runtime="Python"),
    sign(
        "crash",
        r"(?:ModuleNotFoundError|ImportError): ",
        "modulenotfounderror",
        "importerror",
        runtime="Python",
        kind="module-not-found",
    ),
    sign("unhandled-error", r"Traceback \(most recent call last\)", "traceback (most", runtime="Python", general=True),
    sign(
        "unhandled-error",
        r"^(?:\w{1,40}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception): ",
        "error:",
        "exception:",
        general=True,
    ),
)
