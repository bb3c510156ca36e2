"""What a person who waits at a terminal sees."""

from __future__ import annotations

from bot.cli.progress import in_words, so_far
from diagnostics.question import Progress
from tests import reports


def test_a_step_is_counted_and_named() -> None:
    assert in_words(Progress(step="reading", text="target health", done=14, total=32)) == (
        "reading 14 of 32 · target health"
    )


def test_a_first_answer_says_what_is_still_missing() -> None:
    step = Progress(step="reading", text="access logs", so_far=reports.report())
    assert so_far(step) == f"so far: {reports.report().headline} (still reading access logs)"
