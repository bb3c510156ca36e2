"""How much one question may ask, apart from its types: a command line is checked without them."""

from __future__ import annotations

from datetime import timedelta

DEFAULT_WINDOW = timedelta(hours=1)
MAX_WORDS = 300
MAX_WINDOW = timedelta(days=14)
