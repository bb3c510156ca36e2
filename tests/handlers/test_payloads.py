"""What is let in is what Slack sends, and all of it."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.payloads import misshapen

USER = {"id": "U0ALICE", "team_id": "T0TEAM"}


@pytest.mark.parametrize("state", [None, {}, {"values": None}, {"values": {}}, {"values": {"b": {"a": {"type": "x"}}}}])
def test_a_window_in_which_nothing_was_filled_in_is_one_of_slacks(state: Any) -> None:
    view = {"type": "modal", "callback_id": "fix", "state": state}
    assert misshapen({"type": "view_submission", "user": USER, "view": view}) is None


@pytest.mark.parametrize("state", ["text", {"values": ["b"]}, {"values": {"b": "text"}}, {"values": {"b": {"a": 3}}}])
def test_a_window_whose_values_are_none_is_refused(state: Any) -> None:
    view = {"type": "modal", "callback_id": "fix", "state": state}
    assert misshapen({"type": "view_submission", "user": USER, "view": view}) == "view.state"
