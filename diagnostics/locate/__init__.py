"""Words -> the thing in AWS that they mean. Start at `finder.locate`."""

from diagnostics.locate.finder import Located, locate
from diagnostics.locate.index import Refreshed, ServiceIndex, Stored, refresh
from diagnostics.locate.inquiry import Nickname

__all__ = ["Located", "Nickname", "Refreshed", "ServiceIndex", "Stored", "locate", "refresh"]
