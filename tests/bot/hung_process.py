"""`alb502 serve` whose diagnoses wait for AWS for ever, in a pool of threads as the real ones do. Its arguments are
those of the command line, its settings come from the environment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from bot import cli
from bot.cli import serve
from bot.engine import Engine
from diagnostics.question import Outcome, ProgressListener, Question


def hang(question: Question, _: ProgressListener) -> Outcome:
    pool = ThreadPoolExecutor(1, thread_name_prefix="collect")
    never = pool.submit(threading.Event().wait)
    print(f"working on {question.words}", flush=True)
    never.result()
    raise AssertionError("it never ends")


if __name__ == "__main__":
    serve.make_engine = lambda *_: Engine(diagnose=hang)
    cli.main()
