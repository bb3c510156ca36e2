"""`python -m alb502.healthcheck`: what the image's HEALTHCHECK runs. Asks the bot of this container for ``/healthz``.

It runs every half a minute, so the settings are read as a whole only where a file may say something about the port.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Final

WAIT_S: Final = 4.0
USUAL_PORT: Final = 9090
ALL_INTERFACES: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - who listens on all is asked on loopback
MAX_ANSWER_BYTES: Final = 2_000


def complaint(environ: Mapping[str, str]) -> str | None:
    """Why the bot of this environment is not well, in one line; None when it is."""
    try:
        host, port = address(environ)
        connection = HTTPConnection(host, port, timeout=WAIT_S)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            told = answer.read(MAX_ANSWER_BYTES).decode("utf-8", errors="replace")
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        return f"/healthz cannot be asked ({type(error).__name__}): {' '.join(str(error).split())}"
    return None if answer.status == 200 else f"/healthz answers {answer.status}: {' '.join(told.split())}"


def address(environ: Mapping[str, str]) -> tuple[str, int]:
    """Where the ops port is asked. Raises ValueError for settings that the bot would not start with."""
    if environ.get("ALB502_CONFIG", "").strip():
        from bot.settings import SettingsError, load

        try:
            settings = load(environ)
        except SettingsError as error:
            raise ValueError(error.lines[0]) from None
        host, port = settings.http_host, settings.ops_port
    else:
        host = environ.get("ALB502_HTTP_HOST", "").strip() or "127.0.0.1"
        port = int(environ.get("ALB502_OPS_PORT", "").strip() or USUAL_PORT)
    return ALL_INTERFACES.get(host, host), port


def main() -> None:
    """Exit status 0 or 1, as HEALTHCHECK wants it."""
    told = complaint(os.environ)
    if told is not None:
        sys.stderr.write(f"{told}\n")
    sys.exit(told is not None)


if __name__ == "__main__":
    main()
