"""An answer is brought up to date while others put another one in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from redis import Redis

from bot.redrawing import MAX_DRAWN, Redrawing
from bot.store.asks import Asks
from bot.store.newest import Newest
from handlers.ask import Place
from handlers.slack_calls import SlackLaterError
from tests.bot.store.test_store import ask

PLACE = Place(channel="C1", reply_ts="1.1")
FIRST, REFRESHED = ask("ask-1"), ask("ask-2")
REFRESHED = REFRESHED.model_copy(update={"asked_at": FIRST.asked_at + timedelta(minutes=1)})


def _nothing() -> None:
    return None


class ToTell:
    """An incident whose alarms have changed; nobody has told of it yet. `meanwhile` happens while it is looked at."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = _nothing

    def of_ask(self, _: str) -> Any:
        return self

    id = "incident-1"

    def retelling(self, _: str) -> None:
        return None

    def is_told(self, _: object) -> bool:
        self.meanwhile()
        return False


class Scene:
    def __init__(self, redis: Redis) -> None:
        self.asks, self.newest, self.incidents = Asks(redis), Newest(redis), ToTell()
        self.asks.save(FIRST)
        self.asks.put_place(FIRST.id, PLACE)
        self.asks.put_answer(FIRST.id, "answer-1")
        self.drawn: list[tuple[int, str]] = []
        self.on_draw: Callable[[], None] = _nothing
        self.redrawing = Redrawing(self.asks, self.newest, cast("Any", self.incidents), self.draw)

    def draw(self, _: object, fence: int, answer_id: str) -> None:
        self.drawn.append((fence, answer_id))
        self.on_draw()

    def refreshed(self) -> None:
        """Somebody has pressed Refresh, and its answer is about to be written."""
        self.newest.stands(REFRESHED, PLACE, "answer-2")


@pytest.fixture
def scene(redis: Redis) -> Scene:
    return Scene(redis)


def test_the_answer_that_stands_is_drawn_once(scene: Scene) -> None:
    scene.redrawing.of_incident(FIRST.id)
    assert scene.drawn == [(1, "answer-1")]


def test_what_was_refreshed_before_the_edit_is_not_overwritten(scene: Scene) -> None:
    scene.incidents.meanwhile = scene.refreshed
    scene.redrawing.of_incident(FIRST.id)
    assert scene.drawn == [(1, "answer-2")]


def test_what_was_refreshed_while_slack_took_the_edit_is_put_right(scene: Scene) -> None:
    scene.on_draw = scene.refreshed
    scene.redrawing.of_incident(FIRST.id)
    assert scene.drawn == [(1, "answer-1"), (1, "answer-2")]


def test_an_answer_that_is_replaced_again_and_again_is_left_to_those_who_do_it(scene: Scene) -> None:
    numbers = iter(range(100))
    scene.redrawing.show(FIRST, lambda: f"answer-{next(numbers)}")
    assert len(scene.drawn) == MAX_DRAWN


def test_where_slack_has_no_room_it_is_tried_again(scene: Scene) -> None:
    def no_room() -> None:
        raise SlackLaterError("chat.update", 0.2)

    scene.on_draw = no_room
    with pytest.raises(SlackLaterError):
        scene.redrawing.of_incident(FIRST.id)
