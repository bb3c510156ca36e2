"""The installed program. Its packages lie in a folder of their own, so that names like `bot` stay free for others.

They are put first on the path of the process that runs the program, and of no other: importing this does nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

PARTS: Final = Path(__file__).parent / "_parts"
"""Only where it is installed; in a checkout the packages lie beside this one."""


def use_own_parts() -> None:
    """From now on this process imports the program's own packages, whatever else is called so here or is installed."""
    place = str(PARTS if PARTS.is_dir() else PARTS.parent.parent)
    if sys.path[:1] != [place]:
        sys.path.insert(0, place)


def main() -> None:
    """The console script `alb502`."""
    use_own_parts()
    from bot.cli import main as run

    run()
