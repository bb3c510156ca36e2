"""The budget of a message: what does not fit goes from the least important end, and the message says so."""

from __future__ import annotations

from handlers.views.blocks import MAX_BLOCKS, Message, Part, button, compose, context, folded, parts_of, section
from tests import slack_limits


def test_the_highest_rank_goes_first_and_is_named() -> None:
    big = section("x\n" * 1_400)
    message = compose(
        "the answer",
        [
            Part(0, (section("the answer"),)),
            Part(5, (big, big, big), "the timeline"),
            Part(4, (big, big), "the evidence"),
            Part(6, (big,), "all checks"),
            Part(1, (context("where it was read"),)),
        ],
    )
    texts = list(slack_limits.all_text(message.blocks))

    assert texts[0] == "the answer"
    assert texts[-2:] == ["where it was read", "_Left out, too much for one message: the timeline, all checks_"]
    slack_limits.check(message.text, message.blocks)


def test_blocks_inside_of_containers_count_too() -> None:
    fold = folded("Evidence", [section("x")] * 10)
    message = compose(
        "x", [Part(0, (section("x"),)), *(Part(number, fold, f"fold {number}") for number in range(1, 8))]
    )

    assert sum(1 + len(block.get("child_blocks", ())) for block in message.blocks) <= MAX_BLOCKS
    assert "fold 7" in str(message.blocks[-1])


def test_of_parts_as_important_as_each_other_the_last_goes() -> None:
    message = compose("x", [Part(0, (section(f"part {number}"),)) for number in range(60)])

    assert len(message.blocks) == MAX_BLOCKS
    assert "part 0" in str(message.blocks[0])


def test_a_fold_that_holds_too_much_says_how_much_it_shows() -> None:
    (fold,) = folded("Evidence", [section(f"record {number}") for number in range(12)])

    assert len(fold["child_blocks"]) == 10
    assert "_showing 9 of 12_" in str(fold["child_blocks"][-1])
    assert folded("Evidence", []) == ()


def test_a_message_is_composed_anew_with_more() -> None:
    made = compose("x", [Part(0, (section("x"),)), Part(3, (section("y"),), "y")])

    assert parts_of(made) == made.parts
    assert parts_of(Message("x", (section("x"), section("y")))) == (Part(0, (section("x"),)), Part(0, (section("y"),)))


def test_a_label_that_is_too_long_loses_the_ids_in_brackets_first() -> None:
    fits = "Open tcp 8080 of tasks (sg-2933cee27b98bd7e4) to load balancer public…"
    long = "Open tcp 8080 of checkout-tasks (sg-2933cee27b98bd7e4) to load balancer public…"

    assert button(fits, "a", "b")["text"]["text"] == fits
    assert button(long, "a", "b")["text"]["text"] == "Open tcp 8080 of checkout-tasks to load balancer public…"
