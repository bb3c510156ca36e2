"""The same diagnosis as a terminal shows it, drawn by the browser."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

UNTIL: Final = "Timeline"
PAGE: Final = """<!doctype html><meta charset="utf-8"><body style="margin:0;background:#14191a;color:#dfe7e5">
<pre style="font:14px/1.4 'DejaVu Sans Mono',monospace;margin:0;padding:16px;white-space:pre-wrap;width:{columns}ch">
{{code}}</pre></body>"""


def terminal_page(columns: int) -> str:
    """``alb502 demo --once`` in a terminal of so many columns, as HTML."""
    command = [sys.executable, "-m", "bot", "demo", "--once", "--port", "0"]
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    shown = ran.stdout.partition(f"\n\x1b[1m{UNTIL}")[0].strip()
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown), soft_wrap=True)
    html: str = console.export_html(theme=DIMMED_MONOKAI, inline_styles=True, code_format=PAGE.format(columns=columns))
    return html
