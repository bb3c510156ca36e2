"""A change that AWS still applies is waited for; a statement that is there already is not."""

from __future__ import annotations

import pytest

from remediations.execute import THROTTLE_PAUSES, Execution, Tools, carry_out
from remediations.plan import Call
from remediations.writing import Lost, Rejected, Sending, Written
from tests.remediations.cloud import Cloud, path_is, plan, set_path

BUSY = "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:x"


class Busy(Cloud):
    """Refuses the first calls with `refused`."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = list(refused)

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        if self.refused:
            sending()
            return Rejected("ResourceConflictException", self.refused.pop(0))
        return super().write(call, sending)


@pytest.mark.parametrize(
    ("messages", "status", "waited"),
    [
        ((BUSY, BUSY), "done", list(THROTTLE_PAUSES[:2])),
        ((BUSY,) * 9, "failed", list(THROTTLE_PAUSES)),
        (("The statement id (alb) provided already exists.",), "failed", []),
    ],
)
def test_only_what_is_too_early_is_sent_again(messages: tuple[str, ...], status: str, waited: list[float]) -> None:
    cloud, pauses = Busy(*messages), list[float]()
    whole = plan(writes=(set_path("/healthz"),), guards=(path_is("/"),))
    found: Execution = carry_out(whole, "p-1", Tools(reads=cloud, writer=cloud, pause=pauses.append))
    assert found.status == status
    assert pauses == waited
