"""Where questions come in: they are queued, and when there is no queue they are not lost in silence."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Final

import structlog
from redis.exceptions import RedisError

from bot.accepted import Accepted
from bot.intake import Intake
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import QUESTIONS
from handlers import views
from handlers.alarms import AlarmNews
from handlers.ask import NO_QUEUE, Ask, NotQueuedError, Origin, Refresh
from handlers.controls.control import Click
from handlers.errands import Errand, Pick
from handlers.fixes import FixClick
from handlers.muting import MuteWish
from handlers.pointing import Pointed
from handlers.slack_calls import SlackLaterError
from handlers.thread import Thread
from handlers.views import Message
from handlers.views.help import Here

MAX_THREADS: Final = 2
MAX_WAITING: Final = 8
MAX_TELLS: Final = 3
MAX_TELL_WAIT_S: Final = 10.0
HELP_WITHIN_S: Final = 1.0

DIRECTLY: Final = "My queue does not answer, so I look into this directly; the answer comes here and only you see it."

AnswerDirectly = Callable[[Ask], None]
"""Answers a question without any store, by its response URL alone."""

_log: Final = structlog.get_logger(__name__)


class FrontDesk:
    """Implements `bot.slack_app.Reception`."""

    def __init__(
        self,
        *,
        intake: Intake,
        accepted: Accepted,
        thread: Thread,
        answer_directly: AnswerDirectly | None,
        seal: Callable[[FixClick], FixClick],
        here: Callable[[Origin], Here],
    ) -> None:
        """`answer_directly` is None where no diagnosis can be made, as in a process that only takes requests."""
        self._in = intake
        self._accepted = accepted
        self._thread = thread
        self._answer_directly = answer_directly
        self._seal = seal
        self._here = here
        self._room = threading.BoundedSemaphore(MAX_WAITING)
        self._ended = threading.Event()
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="direct")
        self._lock = threading.Lock()
        self._running: set[Future[None]] = set()

    def submit(self, ask: Ask) -> str | None:
        with correlated(ask.correlation_id, ask_id=ask.id):
            try:
                self._in.lane.kept_and_queued(self._in.asks.saving(ask), lambda: self._in.lane.answer(ask.id))
            except RedisError as error:
                _log.error("not queued", error=type(error).__name__, seldom=True)
                return self._without_queue(ask)
            _log.info("queued", kind=ask.kind, channel=ask.origin.channel, user=ask.origin.user)
            self._accepted.note(ask)
            if ask.kind == "mention":
                self._remember(ask.id)
            return None

    def take_alarm(self, news: AlarmNews) -> bool:
        """Implements `handlers.alarms.AlarmDesk`."""
        with correlated(news.correlation_id):
            with _queueing("alarm"):
                is_new = self._in.alarms.take(news)
                self._in.replicas.have_it()  # an error has it delivered again, which does no harm
            _log.info("alarm received", is_new=is_new, state=news.state, channel=news.channel, format=news.format)
            return is_new

    def take_pointed(self, pointed: Pointed) -> None:
        """Implements `handlers.pointing.PointingDesk`."""
        with correlated(pointed.correlation_id, ask_id=pointed.id), self._kept("wish"):
            self._in.alarms.point(pointed)
            self._in.seen.add(pointed.id)

    def take_mute(self, wish: MuteWish) -> None:
        """Implements `handlers.muting.MutingDesk`."""
        with correlated(wish.correlation_id), self._kept("wish to mute"):
            self._in.alarms.mute(wish)

    def take_click(self, click: FixClick) -> None:
        """Implements `handlers.fixes.FixReception`."""
        with correlated(click.correlation_id), self._kept("click on a fix"):
            sealed = self._seal(click)
            if self.has_seen(click.id):
                _log.info("click not taken again: it came before")
                return
            self._in.clicks.put(sealed)
            self._in.take_click(click.id)
            self._remember(click.id)

    def take_control(self, click: Click) -> None:
        """Implements `handlers.clicks.ControlDesk`."""
        with correlated(click.correlation_id), self._kept("click"):
            self._in.controls.take(click)

    def take_errand(self, errand: Errand) -> None:
        """Implements `handlers.errands.ErrandDesk`."""
        with correlated(errand.correlation_id), self._kept("errand"):
            self._in.controls.run(errand)

    def pick_behind(self, pick_id: str) -> Pick | None:
        with _queueing("pick"):
            return self._in.controls.pick(pick_id)

    def help_for(self, origin: Origin, command: str) -> Message:
        """Slack is asked who it is, but not for as long as it waits for the acknowledgement."""
        try:
            asked = self._threads.submit(contextvars.copy_context().run, self._here, origin)
            try:
                return views.help(command, asked.result(timeout=HELP_WITHIN_S))
            finally:
                asked.cancel()  # what has not begun by then is not waited for any more
        except (RuntimeError, TimeoutError, RedisError, SlackLaterError) as error:
            _log.info("help not narrowed to the person", error=type(error).__name__)
            return views.help(command)

    def wrong_word(self, ticket_id: str, typed: str) -> str | None:
        """What approves is decided elsewhere; this only saves the person from typing all of it again."""
        try:
            ticket = self._in.tickets.load(ticket_id)
        except RedisError:
            return None
        wanted = ticket.word_to_type if ticket else None
        return None if wanted is None or typed.strip() == wanted else f"Type {wanted} to approve this."

    def tell(self, origin: Origin, message: Message) -> None:
        if not self._in_background(lambda: self._tell(origin, message)):
            _log.warning("not told: too many wait")

    def has_seen(self, event_id: str) -> bool:
        try:
            return self._in.seen.has(event_id)
        except RedisError:
            return False

    def refresh_behind(self, button_id: str) -> Refresh | None:
        with _queueing("refresh"):
            return self._in.buttons.get(button_id)

    def close(self, within_s: float) -> None:
        """Takes nothing more and gives what runs so long to end."""
        self._ended.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            running = tuple(self._running)
        wait(running, within_s)

    @contextmanager
    def _kept(self, what: str) -> Iterator[None]:
        """Of what Slack does not deliver again, a lost answer of the replicas is no reason to call it lost."""
        with _queueing(what):
            yield
        try:
            self._in.replicas.have_it()
        except RedisError as error:
            _log.warning("not known whether a replica has it", error=type(error).__name__, seldom=True)

    def _remember(self, taken_id: str) -> None:
        try:
            self._in.seen.add(taken_id)
        except RedisError:
            _log.warning("not marked as taken; a second delivery has the same id and does no harm")

    def _without_queue(self, ask: Ask) -> str:
        if ask.origin.response_url is None:
            raise NotQueuedError
        answer_directly = self._answer_directly
        if answer_directly is not None and self._in_background(lambda: answer_directly(ask)):
            QUESTIONS.labels(kind=ask.kind, result="direct").inc()
            return DIRECTLY
        QUESTIONS.labels(kind=ask.kind, result="not taken").inc()
        return NO_QUEUE

    def _tell(self, origin: Origin, message: Message) -> None:
        for _ in range(MAX_TELLS):
            try:
                if not self._thread.whisper(origin, lambda _: message):
                    _log.warning("not told")
                return
            except SlackLaterError as later:
                if self._ended.wait(min(later.after_s, MAX_TELL_WAIT_S)):
                    break
        _log.warning("not told: Slack asks for patience")

    def _in_background(self, work: Callable[[], object]) -> bool:
        """False if too much waits already."""
        if not self._room.acquire(blocking=False):
            return False
        context = contextvars.copy_context()

        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the top of this thread
                _log.exception("failed in the background", error=type(error).__name__)
            finally:
                self._room.release()

        try:
            begun = self._threads.submit(context.run, run)
        except RuntimeError:  # the bot is ending
            self._room.release()
            return False
        with self._lock:
            self._running.add(begun)
        begun.add_done_callback(self._ran)
        return True

    def _ran(self, ended: Future[None]) -> None:
        with self._lock:
            self._running.discard(ended)


@contextmanager
def _queueing(what: str) -> Iterator[None]:
    """Raises `NotQueuedError` where Redis fails."""
    try:
        yield
    except RedisError as error:
        _log.error("not queued", what=what, error=type(error).__name__, seldom=True)
        raise NotQueuedError from error
