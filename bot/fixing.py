"""The part of the bot that may write to AWS. Nothing of it is made, or even imported, in a process of another role."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from redis import Redis

from bot.clock import utc_now
from bot.diagnosing import access_of
from bot.ending import Ending
from bot.fix_lane import FIXES, FixLane
from bot.jobs import Send
from bot.ops import Check
from bot.remediating import policy_of, preferences_of
from bot.repeating import Repeating
from bot.sealing import key_of
from bot.settings import Settings
from bot.store.claims import StoredClaims
from bot.store.plans import Tickets
from bot.store.turns import SharedRateGate
from bot.telemetry.aws import CountedCalls
from bot.worker import Workers
from remediations.executor import Executor, Hands
from remediations.proof import Proofs
from remediations.reading import AwsReads, Reads
from remediations.sessions import WriteAccount, WriteSessions

THREADS: Final = 4
SWEEP_EVERY_S: Final = 10.0


class FixingInAws:
    """Takes the jobs of fixes, and looks now and then for what a lost job left behind."""

    def __init__(self, settings: Settings, redis: Redis, lane: FixLane, tell: Send) -> None:
        access = access_of(settings, SharedRateGate(redis), CountedCalls())

        def reads(account_id: str, region: str) -> Reads:
            return AwsReads(access.reader(account_id, region))

        hands = Hands(
            tickets=Tickets(redis),
            claims=StoredClaims(redis, utc_now),
            queue=lane,
            policy=policy_of(settings),
            proofs=Proofs(key_of(settings), settings.remediations.approval_ttl_s),
            reads=reads,
            sessions=WriteSessions(write_accounts(settings), CountedCalls()),
            tell=lambda ticket: tell(ticket.id),
            clock=utc_now,
            preferences=preferences_of(settings),
        )
        self.executor = Executor(hands)
        lane.connect(self.executor)
        self._workers = Workers({FIXES: lane}, {FIXES: THREADS})
        self._sweep = Repeating("sweep of fixes", self.executor.sweep, SWEEP_EVERY_S)

    def start(self, stack: ExitStack, checks: dict[str, Check], ending: Ending) -> None:
        """Begins to take jobs; `stack` ends it in order. An execution that is under way gets the time that is left."""
        self._workers.start()
        stack.callback(lambda: self._workers.stop(ending.left_s()))
        checks["executor"] = self._workers.complaint
        self._sweep.start()
        self._sweep.ends_with(stack, ending)


def write_accounts(settings: Settings) -> dict[str, WriteAccount]:
    """The accounts that may be changed, by id."""
    return {
        account.id: WriteAccount(
            id=account.id,
            remediate_role=account.remediate_role,
            external_id=account.external_id.get_secret_value() if account.external_id else None,
        )
        for account in settings.accounts
        if account.remediate_role is not None
    }
