"""Messages without a report: the parent line, progress, several candidates, none, a refusal, a fault, help."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.facts.fact import Gap
from diagnostics.question import Ambiguous, Candidate, Progress, Refused, Unknown
from handlers import views
from handlers.views.parent import bar
from tests import reports, slack_limits
from tests.hostile import names

DENIED = Gap(action="ecs:ListServices", resource="*", error="AccessDeniedException", kind="denied")
LATE = Gap(action="lambda:GetFunction", resource="*", error="OutOfTime", kind="timeout")


def candidate(**changes: str) -> Candidate:
    values = {
        "kind": "ecs-service",
        "name": "checkout",
        "account": "111122223333",
        "account_name": "prod",
        "region": "us-east-1",
        "words": "prod/checkout",
    }
    return Candidate.model_validate(values | changes)


def shown(message: views.Message) -> str:
    slack_limits.check(message.text, message.blocks)
    return "\n".join(slack_limits.all_text(message.blocks))


def test_the_parent_line_says_who_asked_about_what() -> None:
    assert shown(views.parent("U0123", "checkout")) == "<@U0123> asked about `checkout` · looking…"


def test_an_asker_that_is_no_user_id_is_not_made_a_mention() -> None:
    assert shown(views.parent("!channel", "checkout")) == "`!channel` asked about `checkout` · looking…"


def test_the_parent_line_becomes_the_headline() -> None:
    text = shown(views.parent_headline(reports.report(), "U0123"))

    assert text.splitlines() == [
        ":red_circle: *checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)*",
        "asked by <@U0123>",
    ]


def test_progress_says_how_far_it_is() -> None:
    step = Progress(step="reading", text="target health, security groups", done=14, total=32)
    text = shown(views.progress(step, "checkout", reports.END))

    assert "Looking at `checkout`" in text
    assert "Reading ▰▰▰▰▱▱▱▱▱▱ 14 of 32 · target health, security groups" in text


@pytest.mark.parametrize(
    ("step", "states"),
    [
        ("finding", ["in_progress", "pending", "pending"]),
        ("reading", ["complete", "in_progress", "pending"]),
        ("judging", ["complete", "complete", "in_progress"]),
        ("done", ["complete", "complete", "complete"]),
    ],
)
def test_progress_wears_a_card_for_each_step(step: Any, states: list[str]) -> None:
    shown_as = views.progress(
        Progress(step=step, text="target health <!here>", done=14, total=32), "checkout", reports.END, plain=False
    )
    (plan,) = shown_as.blocks

    assert plan["title"] == "Looking at checkout"
    assert [card["status"] for card in plan["tasks"]] == states
    assert slack_limits.violations(shown_as.text, shown_as.blocks) == []
    if step == "reading":
        assert plan["tasks"][1]["title"] == "Read what AWS says of it: 14 of 32"


def test_what_was_asked_by_its_arn_is_named_by_its_end() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:checkout-elb-5xx"
    step = Progress(step="finding", text="")

    assert "Looking at `alarm:checkout-elb-5xx`" in shown(views.progress(step, arn, reports.END))
    assert "asked about `alarm:checkout-elb-5xx`" in shown(views.parent("U0123", arn))


@pytest.mark.parametrize(("done", "total", "full"), [(0, 0, 0), (0, 5, 0), (5, 5, 10), (9, 5, 10), (-1, 5, 0)])
def test_the_bar_has_ten_cells_whatever_is_counted(done: int, total: int, full: int) -> None:
    assert bar(done, total) == "▰" * full + "▱" * (10 - full)


def test_every_candidate_comes_with_what_to_type() -> None:
    both = (candidate(), candidate(account_name="staging", region="eu-west-1"))
    text = shown(views.ambiguous(Ambiguous(words="checkout", candidates=both)))

    assert "`checkout` means 2 things" in text
    assert "`/alb502 prod/checkout in prod region us-east-1`" in text
    assert "`/alb502 prod/checkout in staging region eu-west-1`" in text


def test_a_cluster_is_called_one_and_leads_to_its_services() -> None:
    prod = Ambiguous(words="prod", candidates=(candidate(),), is_cluster=True)
    text = shown(views.ambiguous(prod))

    assert "`prod` is an ECS cluster. Which of its services?" in text
    assert "`/alb502 prod/checkout in prod region us-east-1`" in text
    assert "`prod` is an ECS cluster\n" in shown(views.parent_without_report("U0123", "prod", prod))


def test_more_candidates_than_can_be_shown_are_counted() -> None:
    outcome = Ambiguous(words="api", candidates=(candidate(),) * 12, more=36)

    assert "showing 10 of 48" in shown(views.ambiguous(outcome))


def test_the_one_candidate_that_a_channel_may_see_is_no_choice_of_one() -> None:
    text = shown(views.ambiguous(Ambiguous(words="checkout", candidates=(candidate(),)), "@alb502"))

    assert "`checkout` may mean more than this; ask for:" in text
    assert "`@alb502 prod/checkout in prod region us-east-1`" in text


def test_a_question_without_a_report_is_named_in_the_channel() -> None:
    text = shown(views.parent_without_report("U0123", "shop_web_", Refused(message="no credentials")))

    assert text.splitlines() == [
        ":white_circle: No diagnosis of `shop_web_`: the thread says why",
        "asked by <@U0123>",
    ]


def test_a_name_with_spaces_is_quoted_in_the_command() -> None:
    outcome = Ambiguous(words="x", candidates=(candidate(words="my alarm"), candidate()))

    assert '`/alb502 "my alarm" in prod region us-east-1`' in shown(views.ambiguous(outcome))


def test_an_unknown_name_suggests_the_nearest_and_says_where_nobody_could_look() -> None:
    text = shown(
        views.unknown(Unknown(words="chekout", nearest=(candidate(),), gaps=(DENIED, LATE), hint="Check the region."))
    )

    assert "I find nothing called `chekout`, but not everything could be searched." in text
    assert "`/alb502 prod/checkout in prod region us-east-1`" in text
    assert "Check the region." in text
    assert "`lambda:GetFunction` on `*` (not in time)" in text
    assert "*Not searched:* `ecs:ListServices` on `*` (AccessDeniedException)" in text


def test_where_nothing_is_near_an_unknown_name_the_next_step_is_said() -> None:
    text = shown(views.unknown(Unknown(words="nosuchthing"), command="@alb502"))

    assert "I find nothing called `nosuchthing`." in text
    assert "`/alb502` alone shows what there is to choose from" in text


def test_a_refusal_is_one_line() -> None:
    assert shown(views.refused(Refused(message="The credentials have expired: renew them."))) == (
        ":no_entry: The credentials have expired: renew them."
    )


def test_a_fault_of_ours_gives_a_reference_and_no_detail() -> None:
    assert "`e-0a1b`" in shown(views.failed("e-0a1b"))
    assert "`checkout` failed" in shown(views.parent_failed("U0123", "checkout"))


def test_help_has_examples_for_the_command_as_it_is_called_here() -> None:
    text = shown(views.help("/alb502-dev"))

    assert "`/alb502-dev checkout since 2h in prod region us-east-1 seeing 502`" in text


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=names, many=st.integers(0, 60))
def test_no_name_breaks_an_answer(name: str, many: int) -> None:
    one = candidate(name=name, account=name, account_name=name, region=name, words=name)
    gaps = (Gap(action=name, resource=name, error=name),) * many
    for message in (
        views.parent(name, name),
        views.parent_failed(name, name),
        views.parent_without_report(name or "U1", name, Ambiguous(words=name, candidates=(one,))),
        views.parent_without_report("U0123", name, Unknown(words=name)),
        views.parent_without_report("U0123", name, Refused(message=name)),
        views.progress(Progress(step="reading", text=name, done=many, total=40), name, reports.END),
        views.ambiguous(Ambiguous(words=name, candidates=(one,) * many, more=many)),
        views.unknown(Unknown(words=name, nearest=(one,) * many, gaps=gaps, hint=name)),
        views.refused(Refused(message=name, gaps=gaps)),
        views.failed(name),
    ):
        assert "<!channel" not in shown(message)


def test_gaps_of_one_kind_say_no_more_than_the_line_above_them() -> None:
    gaps = tuple(
        Gap(action=action, resource="*", error="AuthFailure", kind="not-enabled") for action in ("ecs:A", "ec2:B")
    )
    same = shown(views.refused(Refused(message="The region is not enabled.", gaps=gaps)))
    assert same == ":no_entry: The region is not enabled."
    denied = gaps[0].model_copy(update={"kind": "denied"})
    assert "ec2:B" in shown(views.refused(Refused(message="No report.", gaps=(denied, gaps[1]))))


def test_a_refusal_has_the_reference_for_operators_unless_the_question_was_at_fault() -> None:
    assert "For your operators: `c-4f0a`" in shown(views.refused(Refused(message="Expired."), "c-4f0a"))
    assert "c-4f0a" not in shown(views.refused(Refused(message="Which one?", bad_request=True), "c-4f0a"))
