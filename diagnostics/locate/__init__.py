"""Words -> the thing in AWS that they mean. Start at `finder.locate`."""

from diagnostics.locate.finder import Located, Room, locate
from diagnostics.locate.index import Refreshed, ServiceIndex, Stored, refresh
from diagnostics.locate.inquiry import Nickname

__all__ = ["Located", "Nickname", "Refreshed", "Room", "ServiceIndex", "Stored", "locate", "refresh"]
