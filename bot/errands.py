"""Looks up small things for one person: what the picker offers, what Home shows. Nothing is written to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import structlog

from bot.clock import Now, utc_now
from bot.known_services import Known, KnownPlace
from bot.settings import Settings
from bot.slack_side import SlackSide
from bot.store.picks import Picks
from bot.store.recent import MAX_RECENT, RecentAnswers
from bot.store.watches import Watches
from bot.store.wishes import Wishes
from bot.telemetry.logs import correlated
from diagnostics.printable import counted
from diagnostics.question import Ambiguous, Candidate, Question
from handlers.errands import Errand, Pick
from handlers.sight import Sight
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from handlers.views import home as home_view
from handlers.views import picker as picker_view
from handlers.views.modals import MAX_OPTIONS

MAX_PUT_OFFS: Final = 20
OLD_S: Final = 1_800.0

Checks = Mapping[str, Callable[[], str | None]]

_log: Final = structlog.get_logger(__name__)


class Errands:
    def __init__(
        self,
        settings: Settings,
        slack: SlackSide,
        wishes: Wishes[Errand],
        picks: Picks,
        watches: Watches,
        recent: RecentAnswers,
        known: Callable[[], Known] | None,
        now: Now = utc_now,
    ) -> None:
        self._settings = settings
        self._slack = slack
        self._wishes = wishes
        self._picks = picks
        self._watches = watches
        self._recent = recent
        self._known = known
        self._now = now
        self._checks: Checks = {}

    def connect(self, checks: Checks) -> None:
        """What `/readyz` looks at, for Home."""
        self._checks = checks

    def work(self, errand_id: str) -> None:
        """One job. Raises `SlackLaterError`."""
        errand = self._wishes.get(errand_id)
        if errand is None:
            return
        with correlated(errand.correlation_id, errand=errand.kind):
            try:
                if errand.kind == "picker":
                    self._fill(errand)
                else:
                    self._draw(errand)
            except SlackLaterError:
                if self._wishes.tries(errand_id) <= MAX_PUT_OFFS:
                    raise
                _log.error("errand left: Slack keeps asking for patience")
            except SlackRefusedError as error:
                _log.info("errand not shown", error=str(error))
        self._wishes.done(errand_id)

    def _fill(self, errand: Errand) -> None:
        refused = self._slack.refusal(None, errand.origin)
        if refused is not None:
            self._slack.fill(errand.view_id, picker_view.not_for_you(refused))
            return
        known = self._known() if self._known is not None else Known()
        offered = self._within(known.candidates, errand.origin.channel)
        shown = offered[:MAX_OPTIONS]
        self._picks.put(errand.id, Pick(origin=errand.origin, questions=tuple(map(_question, shown))))
        view = picker_view.picker(shown, len(offered), errand.id, incomplete=not known.is_complete)
        self._slack.fill(errand.view_id, view)

    def _within(self, candidates: tuple[Candidate, ...], channel: str) -> tuple[Candidate, ...]:
        """Those that may be asked about there."""
        answer = self._slack.rules.scopes.within(Ambiguous(words="", candidates=candidates), channel)
        return answer.candidates if isinstance(answer, Ambiguous) else ()

    def _draw(self, errand: Errand) -> None:
        refused = self._slack.refusal(None, errand.origin)
        view = home_view.closed(refused) if refused is not None else self._home(errand.origin.user)
        self._slack.calls.write("views.publish", "", {"user_id": errand.origin.user, "view": view}, repeatable=True)

    def _home(self, user: str) -> dict[str, Any]:
        now, sight = self._now(), Sight(self._slack.people, self._slack.rules, user)
        seen = (one for one in self._recent.newest(MAX_RECENT) if sight.has(one.channel, one.user))
        found = [
            home_view.Found(one.label, one.headline, one.mood, one.at, self._address(one.channel, one.ts))
            for one in islice(seen, home_view.MAX_RECENT)
        ]
        on = (watch for watch in self._watches.all_on(now) if watch.state == "on")
        watches = [watch for watch in on if sight.has(watch.origin.channel, watch.origin.user)]
        return home_view.home(found, watches, list(self._health()), now)

    def _address(self, channel: str, ts: str | None) -> str | None:
        return self._slack.thread.permalink(channel, ts) if ts else None

    def _health(self) -> Iterable[home_view.Health]:
        for name, check in sorted(self._checks.items()):
            complaint = check()
            yield home_view.Health(complaint is None, f"{name}: {complaint or 'works'}")
        known = self._known() if self._known is not None else None
        if known is not None and known.trouble is not None:
            yield home_view.Health(False, f"accounts: {known.trouble}")
        for place in known.places if known is not None else ():
            yield _place(place)
        yield from _settings(self._settings)


def _place(place: KnownPlace) -> home_view.Health:
    if place.age_s is None:
        return home_view.Health(False, f"{place.label}: not looked through yet, so names are looked up when asked")
    text = f"{place.label}: {counted(place.things, 'name')} known, read {place.age_s / 60:.0f} min ago"
    return home_view.Health(place.age_s < OLD_S, text)


def _settings(settings: Settings) -> Iterable[home_view.Health]:
    """What the settings leave undone; `alb502 doctor` looks further."""
    fixes = settings.remediations
    if not settings.accounts:
        yield home_view.Health(
            True, "no `accounts` in the settings: the process's own account and region are looked at"
        )
    if fixes.mode != "approve":
        yield home_view.Health(True, f"fixes: mode {fixes.mode}, so nothing can be changed from here")
        return
    if not fixes.approvers.users and not fixes.approvers.groups and not fixes.overrides:
        yield home_view.Health(False, "fixes: nobody may approve them, see remediations.approvers")
    without = [account.name for account in settings.accounts if account.remediate_role is None]
    if without:
        yield home_view.Health(True, f"fixes: shown as commands in {', '.join(without)}, which has no remediate_role")


def _question(one: Candidate) -> Question:
    return Question(words=one.words, account=one.account_name or one.account, region=one.region)
