"""The look-alike refuses what comes too often, and the bot's own budget stays inside that, whatever is asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.store.budget import PER_METHOD, OwnBudget
from demo.slack.rates import POST_BURST, TIERS, Rates


@dataclass
class Clock:
    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_tolerated_and_then_one_message_a_second_and_channel() -> None:
    clock = Clock()
    rates = Rates(clock)
    assert [rates.retry_after_s("chat.postMessage", "C1") for _ in range(POST_BURST)] == [None] * POST_BURST
    assert rates.retry_after_s("chat.postMessage", "C1") == 1
    assert rates.retry_after_s("chat.postMessage", "C2") is None
    clock.now_s += 1
    assert rates.retry_after_s("chat.postMessage", "C1") is None
    assert rates.retry_after_s("chat.postMessage", "C1") == 1


def test_a_method_without_a_tier_is_never_refused() -> None:
    rates = Rates(Clock())
    assert not any(rates.retry_after_s("auth.test", "") for _ in range(1_000))


def test_every_method_that_the_bot_paces_has_its_tier_here() -> None:
    assert set(PER_METHOD) - set(TIERS) == {"chat.postMessage", "chat.getPermalink"}


WANTED = st.lists(
    st.tuples(
        st.sampled_from(sorted({*PER_METHOD, "chat.postMessage"})),
        st.sampled_from(("C1", "C2", "C3")),
        st.booleans(),
        st.sampled_from((0.0, 0.0, 0.0, 0.01, 0.3, 2.0)),
        st.integers(1, 40),
    ),
    max_size=40,
)


@given(WANTED)
def test_what_the_budget_lets_through_slack_takes(wanted: list[tuple[str, str, bool, float, int]]) -> None:
    clock = Clock()
    budget, rates = OwnBudget(clock_s=clock), Rates(clock)
    for method, channel, spare, pause_s, times in wanted:
        clock.now_s += pause_s
        for _ in range(times):
            if budget.take(method, channel, spare=spare) == 0.0:
                assert rates.retry_after_s(method, channel) is None


@given(WANTED)
def test_whoever_waits_as_long_as_it_is_told_gets_through(wanted: list[tuple[str, str, bool, float, int]]) -> None:
    clock = Clock()
    budget = OwnBudget(clock_s=clock)
    for method, channel, spare, pause_s, _ in wanted:
        clock.now_s += pause_s
        after_s = budget.take(method, channel, spare=spare)
        if after_s > 0:
            clock.now_s += after_s + 1e-3
            assert budget.take(method, channel, spare=spare) == 0.0
