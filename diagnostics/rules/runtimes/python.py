"""gunicorn, uvicorn, hypercorn, waitress, uWSGI, Daphne and others."""

from __future__ import annotations

import re

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, WorkerTimeout, configured, goes_on_for_20_s

RANK = 10
GUNICORN_KILLS_S = 30.0
SETTINGS = {
    "gunicorn with sync": "",
    "gunicorn": "gunicorn --keep-alive {s}, or GUNICORN_CMD_ARGS",
    "uvicorn": "uvicorn --timeout-keep-alive {s}",
    "hypercorn": "hypercorn --keep-alive {s}",
    "waitress": "waitress-serve --channel-timeout={s}",
    "uWSGI": "uwsgi --http-keepalive={s} --http-timeout={s}",
    "Sanic": "KEEP_ALIVE_TIMEOUT = {s}",
    "CherryPy": "server.socket_timeout = {s}",
    "aiohttp": "keepalive_timeout={s} of run_app()",
}
# All close their port at SIGTERM and finish what is open: https://docs.gunicorn.org/en/stable/signals.html,
# https://www.uvicorn.org/server-behavior/#graceful-process-shutdown. uWSGI reloads instead of ending:
# https://uwsgi-docs.readthedocs.io/en/latest/Management.html
SHUTDOWNS = {
    "gunicorn": goes_on_for_20_s("gunicorn … --graceful-timeout 30"),
    "uvicorn": goes_on_for_20_s("uvicorn … --timeout-graceful-shutdown 30")
    + "; a sleep in the lifespan's end comes too late, the port is closed by then",
    "hypercorn": goes_on_for_20_s("hypercorn … --graceful-timeout 30"),
    "waitress": "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)) before serve(), and "
    + goes_on_for_20_s("python serve.py"),
    "uWSGI": "master = true and hook-master-start = unix_signal:15 gracefully_kill_them_all in uwsgi.ini (SIGTERM only"
    " reloads otherwise), and " + goes_on_for_20_s("uwsgi …"),
    "Daphne": goes_on_for_20_s("daphne …"),
}
# https://docs.gunicorn.org/en/stable/settings.html#timeout, https://uwsgi-docs.readthedocs.io/en/latest/Options.html
WORKERS = {
    "gunicorn": "gunicorn --worker-class gthread --threads 8 --timeout {s}; a sync worker counts the whole request, so"
    " that streaming does not help it, and a connection that the load balancer opens ahead occupies one",
    "uWSGI": "--harakiri {s}, which counts the whole request, so that streaming does not help",
}
_OWN_ADDRESS = "requests.get(os.environ['ECS_CONTAINER_METADATA_URI_V4']).json()['Networks'][0]['IPv4Addresses'][0]"
# https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts, https://www.starlette.io/middleware/,
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
HOSTS = {
    "Django": f"ALLOWED_HOSTS.append({_OWN_ADDRESS}) in settings.py; in bridge or host mode the host's address",
    "Starlette": f"TrustedHostMiddleware(allowed_hosts=[…, {_OWN_ADDRESS}])",
}
_HEARD = {"uvicorn": 5.0, "hypercorn": 5.0, "waitress": 120.0}
_CLOSING = ("Werkzeug", "Django runserver")


def keep_alive(seen: Seen) -> KeepAlive | None:
    """https://docs.gunicorn.org/en/stable/settings.html#keepalive, https://www.uvicorn.org/settings/#timeouts"""
    return _gunicorn(seen) or _others(seen)


def _gunicorn(seen: Seen) -> KeepAlive | None:
    if not seen.runs("gunicorn"):
        return None
    worker = re.search(r"(?:^|\s)(?:-k|--worker-class)(?:=|\s+)(\S+)", seen.line)
    threads = seen.flag("--threads")
    kind = worker[1] if worker else "gthread" if threads and threads[0] > 1 else "sync"
    if kind == "sync":
        where = worker[0].strip() if worker else "command gunicorn without a worker class"
        return KeepAlive(runtime="gunicorn with sync workers", closes="after-each", where=where)
    set_to = seen.flag("--keep-alive") or seen.flag("--keepalive")
    return configured("gunicorn", set_to) or KeepAlive(
        runtime=f"gunicorn with {kind.rsplit('.', 1)[-1]} workers", seconds=2, where="command gunicorn"
    )


def _others(seen: Seen) -> KeepAlive | None:
    if seen.runs("uvicorn", "fastapi"):
        set_to = seen.flag("--timeout-keep-alive") or seen.variable("UVICORN_TIMEOUT_KEEP_ALIVE")
        return configured("uvicorn", set_to) or KeepAlive(runtime="uvicorn", seconds=5, where="command uvicorn")
    if seen.runs("hypercorn"):
        set_to = seen.flag("--keep-alive")
        return configured("hypercorn", set_to) or KeepAlive(runtime="hypercorn", seconds=5, where="command hypercorn")
    if seen.runs("waitress-serve"):
        set_to = seen.flag("--channel-timeout")
        return configured("waitress", set_to) or KeepAlive(runtime="waitress", seconds=120, where="waitress-serve")
    if seen.runs("uwsgi"):
        set_to = seen.flag("--http-keepalive")
        where = seen.word("uwsgi")
        closing = not re.search(r"--http11-socket\b", seen.line)
        return configured("uWSGI", set_to) or KeepAlive(
            runtime="uWSGI", closes="after-each" if closing else "after-idle", where=where
        )
    if seen.runs("cherryd"):
        return KeepAlive(runtime="CherryPy", seconds=10, where="command cherryd")
    if re.search(r"-m aiohttp\.web\b", seen.line):
        return KeepAlive(runtime="aiohttp", seconds=3630, where="command aiohttp.web")
    if seen.runs("sanic"):
        return KeepAlive(runtime="Sanic", seconds=120, where="command sanic")
    if seen.runs("daphne"):
        return KeepAlive(runtime="Daphne", closes="never", where="command daphne")
    if re.search(r"\bmanage\.py runserver\b|\bflask run\b", seen.line):
        return KeepAlive(runtime="a development server", closes="after-each", where="command line")
    return None


def framework(seen: Seen) -> str | None:
    if any("DJANGO" in name for name in seen.names) or "manage.py" in seen.line:
        return "Django"
    return "Starlette" if seen.runs("uvicorn", "fastapi") else None


def heard(banner: Banner) -> KeepAlive | None:
    if "gunicorn" in banner.quotes:
        kind = banner.worker.rsplit(".", 1)[-1]
        if not kind:
            return None
        where = f"log line Using worker: {kind}"
        if kind == "sync":
            return KeepAlive(runtime="gunicorn with sync workers", closes="after-each", where=where)
        return KeepAlive(runtime=f"gunicorn with {kind} workers", seconds=2, where=where)
    if "Daphne" in banner.quotes:
        return KeepAlive(runtime="Daphne", closes="never", where=banner.where("Daphne"))
    for runtime in _CLOSING:
        if runtime in banner.quotes:
            return KeepAlive(runtime=runtime, closes="after-each", where=banner.where(runtime))
    found = next((runtime for runtime in _HEARD if runtime in banner.quotes), None)
    return KeepAlive(runtime=found, seconds=_HEARD[found], where=banner.where(found)) if found else None


def worker_timeout(seen: Seen) -> WorkerTimeout | None:
    """https://docs.gunicorn.org/en/stable/settings.html#timeout"""
    if seen.runs("gunicorn"):
        set_to = seen.flag("--timeout") or seen.flag("-t")
        if set_to is not None:
            return WorkerTimeout(runtime="gunicorn", seconds=set_to[0], basis="configured", where=set_to[1])
        where = seen.word("gunicorn")
        return WorkerTimeout(runtime="gunicorn", seconds=GUNICORN_KILLS_S, basis="default", where=where)
    if seen.runs("uwsgi") and (set_to := seen.flag("--harakiri")):
        return WorkerTimeout(runtime="uWSGI", seconds=set_to[0], basis="configured", where=set_to[1])
    return None
