"""Puts the page together: the workspace, the world's panel, and the port where both are served."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from types import TracebackType
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from demo.page.alarms import Alarms
from demo.page.faults import Fault, all_faults
from demo.page.panel import panel
from demo.page.place import Front, place_of
from demo.page.routes import Act, Readers, page_routes
from demo.page.serving import Serving
from demo.page.traffic_watch import TrafficWatch
from demo.running import RunningWorld
from demo.slack.acts import ActError, Acts
from demo.slack.delivery import Delivery
from demo.slack.feed import Feed
from demo.slack.identities import BOT_USER, CHANNEL, CHANNELS, COMMAND, GROUPS, PEOPLE, USERS
from demo.slack.rates import Rates
from demo.slack.routes import slack_routes
from demo.slack.web_api import WebApi
from demo.slack.workspace import Workspace
from demo.world.world import DEFAULT_REGION

LOOK_S: Final = 1.0
_logger: Final = logging.getLogger(__name__)
SHORTCUTS: Final = {"diagnose_alarm": "Diagnose this alarm"}


class Page:
    """The demo's page, which begins to answer at once. `connect` brings the bot in."""

    def __init__(self, running: RunningWorld, port: int, *, plain: bool = False) -> None:
        """Raises OSError when the port is taken. A `plain` workspace refuses Slack's newer blocks."""
        self._world, self._account, self._scenario = running.world, running.account, running.scenario
        self._serving = Serving(port)
        self.secret = secrets.token_hex(16)
        self.token = f"xoxb-{secrets.token_hex(16)}"
        self.url = self._serving.url
        self._feed = Feed()
        self._shown: dict[str, Any] = {}
        self._readers = Readers()
        self._delivery = Delivery(self.secret)
        workspace = Workspace(self._feed)
        api = WebApi(workspace, token=self.token, url=self.url, plain=plain, rates=Rates())
        self._acts = Acts(workspace, api, self._delivery, self.url)
        self._place = place_of(self._world, self._account, self._scenario.target)
        self._faults = all_faults() if self._place is not None else {}
        self._watch = TrafficWatch(self._world.region(self._account, DEFAULT_REGION), self._world.now())
        front = self._place or Front(self._world, self._account, self._scenario.target)
        self._alarms = Alarms(front, self._watch, self._acts.post)
        self._alarms.set_up()
        routes = page_routes(self._feed, self._by_name(), self._about, self._readers)
        self._serving.start([*slack_routes(api), *routes])
        self._looking = threading.Thread(target=self._look, name="demo-panel", daemon=True)
        self._looking.start()

    @property
    def api_url(self) -> str:
        """The base of the Web API."""
        return f"{self.url}/api/"

    @property
    def can_be_broken(self) -> bool:
        """Whether there is a service of the kind that can be broken and mended."""
        return bool(self._faults)

    def connect(self, bot_port: int) -> None:
        """The bot takes requests there."""
        self._delivery.connect(bot_port)

    def close(self) -> None:
        """Ends quickly, whoever still looks."""
        self._delivery.close()
        self._feed.close()
        self._serving.close()
        self._looking.join(LOOK_S * 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _by_name(self) -> dict[str, Act]:
        acts = self._acts
        return {
            "write": lambda told: acts.write(told["user"], told["channel"], told["text"], told.get("thread_ts")),
            "press": lambda told: acts.press(told["user"], told["place"], told["action"], told.get("state", {})),
            "options": lambda told: acts.options(
                told["user"], told["place"], told["block"], told["action"], told["typed"]
            ),
            "submit": lambda told: acts.submit(told["user"], told["view"], told["state"]),
            "close": lambda told: acts.close(told["user"], told["view"]),
            "home": lambda told: acts.open_home(told["user"]),
            "shortcut": lambda told: acts.shortcut(told["user"], told["channel"], told["ts"], told["callback_id"]),
            "break": lambda told: self._change(told["fault"], mend=False),
            "mend": lambda told: self._change(told["fault"], mend=True),
            "alarm": lambda _: self._ring(),
        }

    def _about(self) -> dict[str, Any]:
        return about(self._scenario.target, self._scenario.title)

    def _change(self, name: str, *, mend: bool) -> None:
        fault: Fault | None = self._faults.get(name)
        change = None if fault is None else fault.mend if mend else fault.break_it
        if self._place is None or change is None:
            raise ActError("That cannot be done in this scenario.")
        try:
            change(self._place)
        except (ClientError, BotoCoreError) as refused:
            raise ActError(f"The simulated AWS refused: {refused}"[:300]) from refused
        self._show()

    def _ring(self) -> None:
        if (why := self._alarms.ring()) is not None:
            raise ActError(why)

    def _look(self) -> None:
        while not self._serving.closing.wait(LOOK_S):
            try:
                self._look_once()
            except Exception:
                _logger.exception("the world could not be looked at")

    def _look_once(self) -> None:
        self._watch.look(self._world.now())
        if self._alarms.ringing:
            self._alarms.look(time.monotonic())
        if self._readers.count:
            self._show()

    def _show(self) -> None:
        with self._world.layer.lock:
            shown = panel(self._world.region(self._account, DEFAULT_REGION), self._place, self._watch, self._faults)
        if shown != self._shown:
            self._shown = shown
            self._feed.put("world", "world", shown)


def about(target: str, title: str) -> dict[str, Any]:
    """What the page has to know of the workspace before it shows anything."""
    return {
        "people": [{"id": one, "name": USERS[one].name, "role": USERS[one].role} for one in PEOPLE],
        "users": {name: user.name for name, user in USERS.items()},
        "bots": [name for name, user in USERS.items() if user.is_bot],
        "bot": BOT_USER,
        "channels": dict(CHANNELS),
        "channel": CHANNEL,
        "groups": {name: handle for name, (handle, _) in GROUPS.items()},
        "command": COMMAND,
        "target": target,
        "scenario": title,
        "shortcuts": SHORTCUTS,
    }
