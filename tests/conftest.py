"""What all tests share: what botocore would otherwise read and work out anew for every session, a garbage collector
that seldom looks, and one choice of generated examples, so that a change is not blamed for what chance found.

HYPOTHESIS_PROFILE=explore tries others, HYPOTHESIS_PROFILE=long many more of them where `tests.fuzzing` is used.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser
from botocore.loaders import create_loader
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from tests import aws_use

botocore.session.create_loader = cache(create_loader)

_alias = EventAliaser._alias_event_name
_aliases: dict[str, str] = {}


def _known_alias(events: EventAliaser, name: str) -> str:
    """Each client goes through all aliases for the name of each event, and all have the same aliases."""
    if name not in _aliases:
        _aliases[name] = _alias(events, name)
    return _aliases[name]


EventAliaser._alias_event_name = _known_alias

_make_class = ClientCreator._create_client_class
_classes: dict[str, type] = {}


def _known_class(creator: ClientCreator, service: str, model: Any) -> type:
    """The hundreds of methods of a client follow from the model of its service alone."""
    if service not in _classes:
        _classes[service] = _make_class(creator, service, model)
    return _classes[service]


ClientCreator._create_client_class = _known_class

# Facts and service models are many small objects without cycles: looking for cycles among them took a quarter of the
# processor's time.
gc.set_threshold(50_000, 20, 100)

# A bot, Slack and AWS are threads of one process here: how often they take turns costs more than that one waits.
sys.setswitchinterval(0.02)

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.register_profile("long", deadline=None)
_profile = os.environ.get("HYPOTHESIS_PROFILE", "suite")
settings.load_profile(_profile)
if _profile == "suite":
    # Of what is generated some are constants of the modules that happen to be imported: other ones in each process, and
    # to look for them takes each process seconds where nobody has looked before.
    vars(providers)["_get_local_constants"] = lambda: vars(providers)["_local_constants"]


LEAVING: list[bool] = []
"""Filled in a worker of pytest-xdist that has reported everything."""


@atexit.register
def _leave() -> None:
    """To take hundreds of megabytes of simulated worlds apart costs such a worker seconds, and nobody looks at what
    comes of it."""
    if LEAVING:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def pytest_collection_finish() -> None:
    """What is imported by now stays until the end."""
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes may differ from one process to the next (gzip notes the time), and a test must have one name in all."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of pytest-xdist has ended, and says what the roles were used for in it."""
    aws_use.heard(getattr(node, "workeroutput", {}).get("aws_use", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["aws_use"] = aws_use.used()
        gc.freeze()
        LEAVING.append(True)
    elif session.exitstatus == pytest.ExitCode.OK and aws_use.complaints(aws_use.used()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in aws_use.complaints(aws_use.used()):
        terminalreporter.write_line(f"FAILED {line}", red=True)
