"""What the front door keeps and queues with: stores and queues that give up on Redis before Slack gives up on us."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from bot.alarm_parts import AlarmIntake
from bot.control_parts import ControlIntake
from bot.jobs import Lane, Send
from bot.settings import Settings
from bot.store.asks import Asks
from bot.store.clicks import Clicks
from bot.store.marks import Buttons, SeenEvents
from bot.store.plans import Tickets
from bot.store.replicas import Replicas
from bot.work_parts import lanes_of


@dataclass(frozen=True, slots=True)
class Intake:
    """All of it raises `RedisError`, in time for an acknowledgement that says so."""

    asks: Asks
    lane: Lane
    seen: SeenEvents
    buttons: Buttons
    alarms: AlarmIntake
    clicks: Clicks
    take_click: Send
    tickets: Tickets
    controls: ControlIntake
    replicas: Replicas


def intake(redis: Redis, settings: Settings) -> Intake:
    """`redis`: a client that waits for no longer than a person does. No job is worked on by what is made here."""
    lanes = lanes_of(redis, settings)
    return Intake(
        asks=Asks(redis),
        lane=lanes["people"],
        seen=SeenEvents(redis),
        buttons=Buttons(redis),
        alarms=AlarmIntake(redis, lanes),
        clicks=Clicks(redis),
        take_click=lanes["people"].job("fix-click"),
        tickets=Tickets(redis),
        controls=ControlIntake(redis, lanes),
        replicas=Replicas(redis),
    )
