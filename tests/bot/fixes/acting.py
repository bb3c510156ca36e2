"""A desk and an executor on a real store, with an AWS in memory, a clock moved by hand and a queue to look at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from bot.store.audit import StoredAudit
from bot.store.claims import StoredClaims
from bot.store.plans import Tickets
from diagnostics.report import ReportTarget
from remediations.approval import Denied, Kind, Person, Ticket
from remediations.audit import Record, Who
from remediations.desk import FixDesk, Wanted, digest_of
from remediations.executor import Executor, Hands
from remediations.permission import AccountAccess, People, Policy, Rules
from remediations.plan import Plan
from remediations.proof import Proofs
from remediations.seals import DIGEST_SIGN, Deed, DeedKind, Sealed, SealKey
from remediations.sessions import OnBehalf
from remediations.writing import Writer
from tests.remediations.cloud import ACCOUNT, REACH, REGION, Cloud, plan

START = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
TARGET = ReportTarget(
    query="checkout", kind="ecs-service", account=ACCOUNT, region=REGION, service="checkout", cluster="prod", label="x"
)
POLICY = Policy(
    mode="approve",
    rules=Rules(approvers=People(users=frozenset({"U-ann", "U-bob"}), groups=frozenset({"S-oncall"}))),
    accounts=(AccountAccess(id=ACCOUNT, name="prod", remediate_role=f"arn:aws:iam::{ACCOUNT}:role/fix"),),
)
KEY = SealKey(b"the key of web and executor, 32 b")
_numbers = itertools.count(1)


def person(user: str = "U-ann", kind: Kind = "member", groups: tuple[str, ...] = ()) -> Person:
    return Person(who=Who(id=user, name=user.removeprefix("U-")), kind=kind, groups=frozenset(groups))


@dataclass
class Queue:
    jobs: list[tuple[str, str, float]] = field(default_factory=list)

    def last(self) -> tuple[str, str, float]:
        return self.jobs[-1]

    def run(self, ticket_id: str, after_s: float = 0.0) -> None:
        self.jobs.append(("run", ticket_id, after_s))

    def watch(self, ticket_id: str, after_s: float) -> None:
        self.jobs.append(("watch", ticket_id, after_s))

    def close(self, ticket_id: str, after_s: float) -> None:
        self.jobs.append(("close", ticket_id, after_s))


@dataclass
class Told:
    tickets: list[Ticket] = field(default_factory=list)

    def __call__(self, ticket: Ticket) -> None:
        self.tickets.append(ticket)

    @property
    def states(self) -> list[str]:
        return [ticket.state for ticket in self.tickets]


class SealingDesk(FixDesk):
    """Seals by itself what came without a seal, as the process does that takes Slack's clicks."""

    def request(
        self,
        wanted: Wanted,
        person: Person,
        channel: str | None = None,
        place: str | None = None,
        proof: Sealed | None = None,
    ) -> Ticket | Denied:
        pressed = proof or self._sealed("open", f"f-1{DIGEST_SIGN}{digest_of(wanted)}", person, channel=channel or "")
        return super().request(wanted, person, channel, place, pressed)

    def approve(self, ticket_id: str, person: Person, *, proof: Sealed | None = None, **more: Any) -> Ticket | Denied:
        ticket = self._tickets.load(ticket_id)
        said = {name: more.get(name) for name in ("typed", "narrower")}
        shown = ticket.digest if ticket else ""
        sealed = proof or self._sealed("approve", ticket_id, person, shown=shown, **said)
        return super().approve(ticket_id, person, proof=sealed, **more)

    def call(self, ticket_id: str, person: Person, proof: Sealed | None = None) -> Ticket | Denied:
        ticket = self._tickets.load(ticket_id)
        shown = ticket.digest if ticket else ""
        return super().call(ticket_id, person, proof or self._sealed("ask", ticket_id, person, shown=shown))

    def undo(
        self, ticket_id: str, person: Person, channel: str | None = None, proof: Sealed | None = None
    ) -> Ticket | Denied:
        return super().undo(ticket_id, person, channel, proof or self._sealed("undo", ticket_id, person))

    def _sealed(self, kind: DeedKind, about: str, person: Person, **more: Any) -> Sealed:
        return sealed(kind, about, person, self._clock(), **more)


def sealed(kind: DeedKind, about: str, by: Person, at: datetime, **more: Any) -> Sealed:
    given = {"standing": by.kind, "groups": by.groups, **more}
    return KEY.sealed(Deed(kind=kind, about=about, user=by.who.id, at=at, **given))


@dataclass
class Stage:
    """Everything together. `boundary` is called between the steps of an execution."""

    redis: Redis
    cloud: Cloud = field(default_factory=Cloud)
    policy: Policy = POLICY
    now: datetime = START
    queue: Queue = field(default_factory=Queue)
    told: Told = field(default_factory=Told)
    behalf: list[OnBehalf] = field(default_factory=list)

    @property
    def audit(self) -> StoredAudit:
        return StoredAudit(self.redis)

    @property
    def tickets(self) -> Tickets:
        return Tickets(self.redis)

    @property
    def desk(self) -> FixDesk:
        return SealingDesk(
            self.tickets, self.audit, self.queue, self.policy, lambda: self.now, lambda: f"p-{next(_numbers)}"
        )

    def executor(self, **more: Any) -> Executor:
        given: dict[str, Any] = {
            "tickets": self.tickets,
            "claims": StoredClaims(self.redis, lambda: self.now),
            "queue": self.queue,
            "policy": self.policy,
            "proofs": Proofs(KEY, self.policy.approval_ttl_s),
            "reads": lambda _account, _region: self.cloud,
            "sessions": self,
            "tell": self.told,
            "clock": lambda: self.now,
            "pause": lambda _seconds: None,
        }
        return Executor(Hands(**{**given, **more}))

    def writer(self, plan: Plan, account_id: str, region: str, behalf: OnBehalf) -> Writer:
        self.behalf.append(behalf)
        return self.cloud

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def wanted(self, chosen: Plan | None = None, offer: str = "two-settings") -> Wanted:
        return Wanted(
            report="r-1",
            offer=offer,
            plan=chosen or plan(),
            target=TARGET,
            reach=REACH,
            left_to_do=("set health_check.path in lb.tf",),
        )

    def asked(self, chosen: Plan | None = None, by: Person | None = None, **more: Any) -> Ticket:
        """Opened by somebody, who then asks for its approval."""
        ticket = self.desk.request(self.wanted(chosen, **more), by or person())
        assert isinstance(ticket, Ticket), ticket
        ticket = self.desk.call(ticket.id, by or person())
        assert isinstance(ticket, Ticket), ticket
        return ticket

    def approved(self, chosen: Plan | None = None, **more: Any) -> Ticket:
        ticket = self.desk.approve(self.asked(chosen).id, person("U-bob"), **more)
        assert isinstance(ticket, Ticket), ticket
        return ticket

    def ran(self, chosen: Plan | None = None) -> Ticket:
        """A plan that was approved and carried out."""
        ticket = self.approved(chosen)
        self.executor().run(ticket.id)
        return self.ticket(ticket.id)

    def ticket(self, ticket_id: str) -> Ticket:
        ticket = self.tickets.load(ticket_id)
        assert ticket is not None
        return ticket

    def records(self) -> list[Record]:
        return [kept.record for kept in self.audit.read()]

    def events(self) -> list[str]:
        return [record.event for record in self.records()]


def denied(found: Ticket | Denied) -> str:
    assert isinstance(found, Denied), found
    return found.text
