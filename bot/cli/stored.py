"""The bot's store, for commands that read what the bot kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.exits import BAD_USAGE, NO_REPORT, CommandError

if TYPE_CHECKING:
    from redis import Redis

    from bot.settings import Settings
    from diagnostics.report import Report

REPORT_ID: Final = re.compile(r"r-[0-9a-z]{1,64}", re.ASCII)


@contextmanager
def opened(settings: Settings) -> Iterator[Redis]:
    """Closed at the end. Raises `CommandError` when the store cannot be reached, also in the middle of the work."""
    from redis.exceptions import RedisError

    from bot.store.address import where
    from bot.store.connection import StoreError

    try:
        client = connected(settings)
        try:
            yield client
        finally:
            client.close()
    except StoreError as error:
        raise CommandError(str(error), status=NO_REPORT) from None
    except RedisError as error:
        url = settings.redis_url
        place = where(url.get_secret_value()) if url else str(settings.state_dir)
        said = f"the store at {place} does not answer ({type(error).__name__}); start it or correct REDIS_URL"
        raise CommandError(said, status=NO_REPORT) from None


def connected(settings: Settings) -> Redis:
    """Raises `StoreError`, `RedisError`."""
    from bot.store.connection import open_client
    from bot.store.private import attach

    url = settings.redis_url
    return open_client(url.get_secret_value()) if url else attach(settings.state_dir)


def report_in(redis: Redis, report_id: str, days: int) -> Report:
    """Raises `CommandError` for one that is forgotten after so many days, or never was."""
    from bot.store.reports import Reports

    found = Reports(redis, days).load(report_id)
    if found is None:
        raise CommandError(f"no report {report_id} is kept; reports are forgotten after {days} days", status=BAD_USAGE)
    return found
