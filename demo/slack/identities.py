"""Who and what there is in the workspace. People have roles instead of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TEAM: Final = "T0DEMO"
APP: Final = "A0DEMO"
BOT_USER: Final = "U0ALB502"
BOT_ID: Final = "B0ALB502"
BOT_NAME: Final = "alb502"
COMMAND: Final = "/alb502"
CHANNEL: Final = "C0INCIDENTS"
QUIET_CHANNEL: Final = "C0POSTMORTEMS"
ON_CALL: Final = "U0ONCALL"
APPROVER: Final = "U0APPROVER"
GUEST: Final = "U0GUEST"
APPROVERS: Final = "S0APPROVERS"
ALARM_BOT: Final = "B0ALARMS"
ALARM_USER: Final = "U0ALARMS"
ALARM_APP: Final = "A6L22LZNH"
"""What Amazon Q Developer in chat applications calls itself."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can be looked up. `role` is what the page says of them."""

    id: str
    name: str
    role: str = ""
    is_bot: bool = False
    is_guest: bool = False

    def document(self) -> dict[str, Any]:
        """https://docs.slack.dev/reference/objects/user-object"""
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name.replace(" ", "-"),
            "real_name": self.name,
            "deleted": False,
            "is_bot": self.is_bot,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_stranger": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": {"real_name": self.name, "display_name": self.name},
        }


USERS: Final[Mapping[str, User]] = {
    user.id: user
    for user in (
        User(ON_CALL, "on-call", "asks, and presses the buttons"),
        User(APPROVER, "approver", "may approve what changes AWS"),
        User(GUEST, "guest", "a guest of the workspace, who may do nothing", is_guest=True),
        User(BOT_USER, BOT_NAME, "the bot", is_bot=True),
        User(ALARM_USER, "Amazon Q", "posts the alarms", is_bot=True),
    )
}
PEOPLE: Final = (ON_CALL, APPROVER, GUEST)
CHANNELS: Final[Mapping[str, str]] = {CHANNEL: "incidents", QUIET_CHANNEL: "post-mortems"}
GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {APPROVERS: ("approvers", (APPROVER,))}
"""User groups: handle and members."""
