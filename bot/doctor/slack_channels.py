"""Whether the channels of the settings are there, and the bot is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from bot.doctor.finding import Finding, Paste
from bot.doctor.slack_reads import Answer, NoAnswer, Refused, SlackReads
from bot.settings import Settings
from diagnostics.printable import counted

MAX_CHANNELS: Final = 50
READ: Final = frozenset({"channels:read", "groups:read"})
INVITE: Final = "/invite @alb502"

_problem = partial(Finding, status="problem", area="slack")
_less = partial(Finding, status="less", area="slack")
_well = partial(Finding, status="well", area="slack")
_unchecked = partial(Finding, status="unchecked", area="slack", id="slack-channel")


def channel_findings(settings: Settings, read: SlackReads, lacking: frozenset[str]) -> Iterator[Finding]:
    """`lacking`: scopes that the token does not have; what that means was said."""
    wanted = {channel: where for where, channel in reversed(list(_named(settings))) if not channel.startswith("D")}
    if not wanted or lacking >= READ:
        return
    found: list[Finding] = []
    for channel, where in sorted(wanted.items())[:MAX_CHANNELS]:
        found.extend(_looked_at(channel, where, read("conversations.info", channel=channel), settings, lacking))
    if (more := len(wanted) - MAX_CHANNELS) > 0:
        why = f"only the first {MAX_CHANNELS} are looked at"
        found.append(_unchecked(says=f"{counted(more, 'channel')} of the settings", why=why))
    yield from _together(found)
    if not found:
        says = f"Slack: the bot is in the channels of the settings ({len(wanted)})"
        yield _well(id="slack-channels", says=says)


def _together(found: list[Finding]) -> Iterator[Finding]:
    """Channels that were not looked at for the same reason, as one line."""
    reasons: dict[str, list[Finding]] = defaultdict(list)
    for one in found:
        if one.status != "unchecked":
            yield one
        else:
            reasons[one.why].append(one)
    for why, some in reasons.items():
        yield some[0] if len(some) == 1 else _unchecked(says=f"{len(some)} channels of the settings", why=why)


def _named(settings: Settings) -> Iterator[tuple[str, str]]:
    for channel in settings.alarms.channels:
        yield "alarms.channels", channel
    for channel in settings.alarms.sns_topics.values():
        yield "alarms.sns_topics", channel
    for channel in settings.scopes:
        yield "scopes", channel
    for channel in settings.remediations.channels:
        yield "remediations.channels", channel
    for index, one in enumerate(settings.remediations.overrides):
        for channel in one.channels or ():
            yield f"remediations.overrides[{index}].channels", channel


def _looked_at(
    channel: str, where: str, answer: Answer | Refused | NoAnswer, settings: Settings, lacking: frozenset[str]
) -> Iterator[Finding]:
    if isinstance(answer, NoAnswer):
        why = f"Slack gives no answer ({answer.word})"
        yield _unchecked(where=where, says=f"channel {channel} in {where}", why=why)
        return
    if not isinstance(answer, Answer):
        yield from _unseen(channel, where, answer.word, lacking)
        return
    told = answer.data.get("channel")
    info: Mapping[str, Any] = told if isinstance(told, dict) else {}
    if info.get("is_archived"):
        says = f"Channel {channel} in {where} is archived: nothing can be posted there"
        yield _problem(id="slack-channel", where=where, says=says)
    elif info.get("is_member") is False:
        yield _not_in(channel, where, f"The bot is not in channel {channel} of {where}")
    if info.get("is_ext_shared") and settings.slack.shared_channels == "refuse":
        yield _less(
            id="slack-channel-shared",
            where=where,
            says=f"Channel {channel} is shared with another organisation: answers there are shown to the asker alone",
            to_do="set slack.shared_channels to allow if the others may read them",
        )


def _unseen(channel: str, where: str, word: str, lacking: frozenset[str]) -> Iterator[Finding]:
    """A private channel that the bot is not in is not found either."""
    if word == "channel_not_found":
        yield _not_in(channel, where, f"Channel {channel} in {where} does not exist, or is private and without the bot")
        return
    without = f": the bot token lacks {', '.join(sorted(lacking & READ))}" if word == "missing_scope" else ""
    yield _unchecked(where=where, says=f"channel {channel} in {where}", why=f"Slack answers {word}{without}")


def _not_in(channel: str, where: str, says: str) -> Finding:
    return _problem(
        id="slack-channel",
        where=where,
        says=f"{says}: it sees no alarm there and cannot answer in it",
        paste=(Paste(into=f"channel {channel} in Slack", text=INVITE),),
    )
