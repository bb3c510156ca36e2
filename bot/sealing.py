"""Seals on what people click, made where Slack's requests come in, and the key for them."""

from __future__ import annotations

import os
import secrets
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog

from bot.settings import Settings
from handlers.fixes import FixClick
from handlers.people import People
from handlers.permission import Rules, kind_of
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from remediations.permission import Policy
from remediations.seals import KEY_BYTES, Deed, SealKey

KEY_FILE: Final = "approval-key"
ASKS_SLACK_FOR_S: Final = 1.5
"""Of the three seconds in which Slack wants its answer."""
MAX_THREADS: Final = 4
DECIDES: Final = frozenset({"approve", "undo"})

_log: Final = structlog.get_logger(__name__)


class ClickSealer:
    """Seals clicks that ask for a fix or for its approval, agree, or take back; `key` None: nothing can be sealed here.

    Of who agrees or takes back Slack is asked here as well: whoever works on the click could be told anything.
    """

    def __init__(self, key: SealKey | None, people: People, rules: Rules, groups: frozenset[str]) -> None:
        self._key = key
        self._people = people
        self._rules = rules
        self._groups = groups
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="seal")

    def __call__(self, click: FixClick) -> FixClick:
        if self._key is None or click.kind not in ("open", "ask", "approve", "undo"):
            return click
        standing, groups = self._known(click.user) if click.kind in DECIDES else ("unknown", frozenset[str]())
        deed = Deed(
            kind=click.kind,
            about=click.about,
            user=click.user,
            at=click.at,
            shown=click.shown,
            channel=click.channel,
            narrower=click.narrower,
            typed=click.typed,
            standing=standing,
            groups=groups,
        )
        return click.model_copy(update={"proof": self._key.sealed(deed)})

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _known(self, user: str) -> tuple[str, frozenset[str]]:
        """What Slack says of them now, if it says so in time."""
        try:
            found: Future[tuple[str, frozenset[str]]] = self._threads.submit(self._ask, user)
            return found.result(ASKS_SLACK_FOR_S)
        except (TooSlowError, SlackLaterError, SlackRefusedError, RuntimeError) as error:
            _log.warning("person not known in time", user=user, error=type(error).__name__)
            return "unknown", frozenset()

    def _ask(self, user: str) -> tuple[str, frozenset[str]]:
        people = self._people.anew()
        return kind_of(people.person(user), self._rules), people.groups_of(user, self._groups)


def approver_groups(policy: Policy) -> frozenset[str]:
    """Every user group whose members may approve anything."""
    rules = (policy.rules, *(override.rules for override in policy.overrides))
    return frozenset(group for rule in rules for group in rule.approvers.groups)


def key_of(settings: Settings) -> SealKey | None:
    """The configured key, or one of this process's own, kept in `state_dir`: good for a process that does everything,
    and worth nothing to any other. None where nothing is approved."""
    if settings.remediations.mode != "approve":
        return None
    given = settings.remediations.approval_key
    return SealKey(_own_key(settings.state_dir) if given is None else given.get_secret_value().encode())


@lru_cache(maxsize=8)
def _own_key(state_dir: Path) -> bytes:
    """The same after a restart where `state_dir` can be written to, and otherwise for this process only."""
    try:
        return _kept_key(state_dir)
    except (OSError, ValueError) as error:
        _log.warning("approval key not kept: no fix can be undone after a restart", error=type(error).__name__)
        return secrets.token_bytes(KEY_BYTES)


def _kept_key(state_dir: Path) -> bytes:
    """Of two processes that make one at once, both take the one that was there first."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state_dir / KEY_FILE
    if not path.exists():
        handle, name = tempfile.mkstemp(prefix=f".{KEY_FILE}-", dir=state_dir)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
    kept = path.read_bytes()
    if len(kept) < KEY_BYTES:
        raise ValueError(KEY_FILE)
    return kept
