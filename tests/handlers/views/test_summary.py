"""The reply that a tired person reads on a phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from diagnostics.question import Progress
from diagnostics.report import Concentration, Report, ReportGap, TimelineEntry
from handlers import views
from handlers.views.details import unfolded
from handlers.views.screen import ROWS, rows_of
from handlers.views.summary import headline
from tests import reports, slack_limits

NOW = reports.END + timedelta(seconds=40)


def summary(report: Report, *, plain: bool = False, age_s: float | None = None) -> views.Message:
    message = views.summary(report, now=NOW, age_s=age_s, plain=plain, refresh="a-1")
    found = slack_limits.violations(message.text, message.blocks, plain=plain)
    assert not found, found[:20]
    return message


def shown(message: views.Message) -> str:
    return "\n".join(slack_limits.all_text(message.blocks))


def open_part(message: views.Message) -> str:
    """What is read without unfolding anything."""
    return shown(views.Message("", tuple(block for block in message.blocks if block["type"] != "container")))


def fold(message: views.Message, title: str) -> str:
    """What stands in the fold of this title."""
    (found,) = [one for one in message.blocks if one["type"] == "container" and one["title"]["text"] == title]
    return shown(views.Message("", tuple(found["child_blocks"])))


def test_the_answer_comes_before_everything_else() -> None:
    text = shown(summary(reports.report()))

    in_order = [
        ":red_circle: *checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)*",
        "504: 412 among 10,240 requests",
        "*Security group sg-0a1 no longer lets the load balancer in on port 8080* — confirmed",
        "all 4 targets Target.Timeout",
        "*Changed just before*",
        "*What to do:* Add an ingress rule",
        "Refresh",
        "*Follows from it:* Group checkout fails open",
        "*Also possible:* The container may not listen",
        "*What would overturn the first:* a connection from the load balancer's subnet that succeeds: `curl -v http",
        "12 checks clear · 1 could not be decided",
        "*Not read:* `s3:GetObject` (AccessDenied), leaves open `target-closed-keepalive`",
        "|Runbook>",
        "_Left out here: 1 risk_",
        "errors began 03:12 UTC",
        "Evidence",
        "Timeline",
        "In full, in a terminal",
    ]
    positions = [text.find(part) for part in in_order]
    assert -1 not in positions, in_order[positions.index(-1)]
    assert positions == sorted(positions)


def test_commands_are_code_blocks_that_can_be_copied() -> None:
    command = (
        "aws ec2 authorize-security-group-ingress --group-id sg-0a1 --protocol tcp --port 8080 --source-group sg-0lb"
    )
    told = reports.report(causes=(reports.cause(advice_commands=(command, "alb502 logs checkout")),))
    by_hand = fold(summary(told), "AWS CLI: the same by hand")
    assert f"\n```{command}```" in by_hand
    assert "\n```alb502 logs checkout```" in by_hand
    assert "(the commands: _AWS CLI_ below)" in open_part(summary(told))

    alone = views.summary(told, now=NOW, age_s=None, plain=True)  # nothing can be pressed
    assert f"\n```{command}```" in shown(alone)


def test_commands_that_are_for_the_next_time_say_so() -> None:
    command = "aws ecs update-service --cluster prod --service checkout --force-new-deployment"
    later = "Nothing to do now: over since 03:18 UTC. For the next time: Replace tasks with a deployment."
    told = reports.report(causes=(reports.cause(advice=later, advice_commands=(command,)),))

    assert f"\nNot now, for the next time:\n```{command}```" in fold(summary(told), "AWS CLI: the same by hand")
    assert "(the commands for then: _AWS CLI_ below)" in open_part(summary(told))


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("much", [1, 12], ids=["usual", "far too much"])
def test_the_answer_fits_one_phone_screen(plain: bool, much: int) -> None:
    cause = reports.cause(advice="Add the rule. " * 40 * (much - 1) + "Add the rule.", summary="It is so. " * 9 * much)
    message = summary(
        reports.report(causes=(cause, reports.rival(), reports.consequence()) * much, risks=(reports.risk(),) * much),
        plain=plain,
    )
    answer = [block for block in message.blocks if block["type"] in {"section", "context"}]
    ends = next(number for number, block in enumerate(answer) if "as of" in shown(views.Message("", (block,))))
    assert rows_of("\n".join(shown(views.Message("", (block,))) for block in answer[: ends + 1])) <= ROWS


def test_what_follows_and_what_could_happen_is_told_where_there_is_room() -> None:
    text = open_part(summary(reports.report(causes=(reports.cause(), reports.consequence()))))

    assert "*Follows from it:* Group checkout fails open" in text
    assert ":warning: *No harm seen yet:* minimumHealthyPercent is 0" in text


def test_a_long_advice_is_shortened_only_where_the_answer_would_not_fit_and_stands_whole_in_a_fold() -> None:
    advice = "Add the rule. " * 22
    long = reports.cause(advice=advice)
    everything = reports.cause(advice=advice, summary="It is so. " * 24)
    account = reports.target(account_name="a" * 60, label="x" * 200)

    assert f"*What to do:* {advice.strip()}" in open_part(summary(reports.report(causes=(long,))))
    cut = summary(reports.report(causes=(everything,), headline="y " * 100, target=account))
    assert f"What to do: {advice.strip()}" in fold(cut, "Evidence")


def test_what_has_no_room_is_named() -> None:
    cause = reports.cause(
        summary="It is so. " * 30, advice="Add the rule. " * 22, evidence=(*reports.cause().evidence, *reports.SEEN)
    )
    text = open_part(summary(reports.report(causes=(cause, reports.consequence()))))

    assert "_Left out here: " in text
    assert "what follows from it" in text
    assert "_showing 3 of 5 records of evidence_" in text
    assert "rule removed 03:10 by role/ops-admin" in text, "who changed it stays"


def test_a_heading_without_anything_below_it_is_left_out() -> None:
    entry = TimelineEntry(
        at=reports.at(11), event="ModifyListener " + "x" * 180, source="cloudtrail:LookupEvents", actor="bob"
    )
    long = [reports.cause(summary="It is so. " * size, advice="Add the rule. " * 22) for size in range(1, 31)]
    told = [reports.report(causes=(one,), timeline=(entry,), headline="y " * 60) for one in long]
    texts = [open_part(summary(one)) for one in told]

    assert "*Changed just before*\n• " in texts[0]
    left_out = [text for text in texts if "what changed just before" in text]
    assert left_out
    assert not any("*Changed just before*" in text for text in left_out)


def test_what_was_taken_for_granted_is_noted_and_only_so_much_of_it() -> None:
    notes = tuple(f"not searched: account a{number}, us-east-1: AccessDenied" for number in range(4))
    target = reports.report().target.model_copy(update={"notes": notes})
    text = shown(summary(reports.report(target=target, causes=(reports.cause(),))))

    assert "*Note:* not searched: account a0, us-east-1: AccessDenied; " in text
    assert "a2" not in text
    assert "(and 2 more)" in text


def test_times_stand_in_the_readers_zone_with_utc_beside() -> None:
    onset = int(reports.ONSET.timestamp())

    untold = reports.report(headline="checkout · unhealthy targets")
    assert f"Since <!date^{onset}^{{time}}|03:12 UTC> (03:12 UTC) · 504: 412" in shown(summary(untold))


def test_since_when_is_told_once() -> None:
    text = shown(summary(reports.report()))

    assert " since 03:12 UTC (4 % of requests)" in text
    assert "Since" not in text


def test_a_time_of_another_day_tells_its_day() -> None:
    message = views.summary(reports.report(), now=NOW + timedelta(days=3), age_s=None, plain=False)

    assert "{date_short} {time}|21 Nov 03:12 UTC> (21 Nov 03:12 UTC)" in shown(message)


def test_the_change_that_is_evidence_is_not_told_twice() -> None:
    text = open_part(summary(reports.report()))

    assert "rule removed 03:10 by role/ops-admin" in text
    assert "RevokeSecurityGroupIngress" not in text
    assert "deployment of `checkout:41`" in text or "deployment of checkout:41" in text


def test_a_change_names_who_made_it() -> None:
    text = open_part(summary(reports.unclear()))

    assert "RevokeSecurityGroupIngress on sg-0a1 by `role/ops-admin`" in text


def test_what_aws_does_by_itself_and_what_came_later_is_blamed_on_nobody() -> None:
    entries = (
        TimelineEntry(
            at=reports.at(11), event="RegisterTargets", source="cloudtrail:LookupEvents", actor="ecs.amazonaws.com"
        ),
        TimelineEntry(
            at=reports.at(11), event="ModifyRule (refused: AccessDenied)", source="cloudtrail:LookupEvents", actor="eve"
        ),
        TimelineEntry(at=reports.at(30), event="ModifyListener", source="cloudtrail:LookupEvents", actor="bob"),
    )

    assert "Changed just before" not in open_part(summary(reports.unclear(timeline=entries)))


def test_two_faults_at_once_are_both_told() -> None:
    second = reports.rival(band="confirmed", summary="Task definition checkout:42 runs out of memory")

    assert "*Also:* Task definition `checkout:42` runs out" not in open_part(summary(reports.report()))
    assert "*Also:* Task definition checkout:42 runs out of memory — confirmed" in open_part(
        summary(reports.report(causes=(reports.cause(), second)))
    )


def test_what_speaks_against_the_first_cause_is_said_openly() -> None:
    first = reports.rival(role="root")

    assert "Against it: a refused connection fails at once" in open_part(summary(reports.report(causes=(first,))))


def test_a_confirmed_cause_without_rivals_does_not_ask_for_doubt() -> None:
    text = open_part(summary(reports.report(causes=(reports.cause(),))))

    assert "overturn" not in text


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
def test_a_list_with_more_pages_than_were_read_is_told_as_what_it_is(plain: bool) -> None:
    gap = reports.GAPS[0].model_copy(update={"action": "ecs:ListTasks", "error": "TooManyPages"})
    report = reports.report(gaps=(gap,))
    told = shown(summary(report, plain=plain)) + str(unfolded(report, "gaps", NOW))

    assert "`ecs:ListTasks` (read in part)" in told
    assert "TooManyPages" not in told


READING = Progress(step="reading", text="changes, access logs")


def pending(number: int) -> ReportGap:
    return ReportGap(action=f"cloudtrail:Lookup{number}", resource="*", error="StillBeingRead")


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
def test_a_first_answer_does_not_count_what_is_still_being_read_as_not_read(plain: bool) -> None:
    waiting = reports.report(gaps=(pending(1), pending(2)))
    some = reports.report(gaps=(pending(1), *reports.GAPS, pending(2)))

    def first(report: Report) -> str:
        return shown(views.summary(report, now=NOW, age_s=None, plain=plain, refresh="b", still=READING))

    assert "First answer, still reading changes, access logs; it is completed here." in first(waiting)
    assert "Not read" not in first(waiting)
    assert "still being read" not in first(some)
    assert "*Not read:* `s3:GetObject` (AccessDenied), leaves open" in first(some)
    assert "still being read" in shown(summary(waiting, plain=plain)), "nobody reads it any more"


def test_a_first_answer_whose_metrics_are_still_being_read_is_not_green() -> None:
    unread = reports.well(gaps=(pending(1),), symptom=reports.symptom(kind="none", requests=None))
    message = views.summary(unread, now=NOW, age_s=None, plain=False, still=READING)

    assert message.text.startswith(":white_circle: ")


def test_a_long_headline_is_not_cut_within_a_bracket() -> None:
    fix = "Open tcp 8080 of checkout-tasks (sg-0a1b2c3d4e5f60718) to load balancer public, by alb502 03:40"
    told = "checkout · 504 from the load balancer from 03:12 to 03:41 UTC (4 % of requests); over since 03:41 UTC"

    assert f"{told} (Open tcp 8080 of checkout-tasks to load balancer…)*" in headline(
        reports.report(headline=f"{told} ({fix}, approved by Bob)")
    )
    assert "(rule added 03:40 by Ann)*" in headline(reports.report(headline=f"{told} (rule added 03:40 by Ann)"))


def test_when_all_is_well_the_reply_is_short_and_green() -> None:
    message = summary(reports.well())

    assert message.text == ":large_green_circle: *checkout · no fault found*"
    assert "no errors among 10,240 requests in the whole window" in open_part(message)
    assert "30 checks clear" in open_part(message)
    assert len(open_part(message).splitlines()) <= 6


@pytest.mark.parametrize(
    ("report", "symbol"),
    [
        (reports.report(), ":red_circle:"),
        (reports.report(symptom=reports.symptom(last_seen=reports.at(20), over=True)), ":large_yellow_circle:"),
        (reports.unclear(), ":large_orange_circle:"),
        (reports.report(symptom=reports.symptom(kind="deployment")), ":large_orange_circle:"),
        (reports.well(), ":large_green_circle:"),
        (reports.well(gaps=reports.GAPS, symptom=reports.symptom(kind="none", requests=None)), ":white_circle:"),
    ],
    ids=["broken", "over", "unclear", "deployment", "well", "metrics not read"],
)
def test_the_symbol_says_how_bad_it_is(report: Report, symbol: str) -> None:
    assert summary(report).text.startswith(f"{symbol} ")


def test_numbers_of_a_shared_load_balancer_are_not_passed_off_as_the_services_own() -> None:
    shared = reports.symptom(scope="load-balancer")
    zone = reports.symptom(concentration=Concentration(by="zone", key="us-east-1a", share=0.93))

    assert "counted for the whole load balancer" in shown(summary(reports.report(symptom=shared)))
    assert "93 % in zone us-east-1a" in shown(summary(reports.report(symptom=zone)))


def test_old_facts_tell_their_age() -> None:
    assert "facts 25 s old" in shown(summary(reports.report(), age_s=25.4))
    assert "s old" not in shown(summary(reports.report(), age_s=0.2))


def test_the_plain_layout_has_no_containers_and_says_what_it_leaves_out() -> None:
    message = summary(reports.report(), plain=True)

    assert {block["type"] for block in message.blocks} == {"section", "context", "actions"}
    labels = [
        one["text"]["text"] for block in message.blocks for one in block.get("elements", ()) if "action_id" in one
    ]
    assert labels == ["Refresh", "Evidence", "Timeline", "All checks", "Not read"]
    assert "`alb502 report r-0123456789ab` — 7 records of evidence, 4 events, 16 checks" in shown(message)
    assert "`elbv2:DescribeTargetHealth`" in shown(message)


def test_the_refresh_button_carries_only_its_id() -> None:
    message = views.summary(reports.report(), now=NOW, age_s=None, plain=False, refresh="a-1")
    (actions,) = [block for block in message.blocks if block["type"] == "actions"]

    assert [(one["action_id"], one["value"]) for one in actions["elements"]] == [("refresh", "a-1")]


def test_without_an_id_there_is_no_button() -> None:
    message = views.summary(reports.report(), now=NOW, age_s=None, plain=False)

    assert "actions" not in {block["type"] for block in message.blocks}


def test_a_long_timeline_shows_what_was_near_the_onset_and_the_number_of_all() -> None:
    entries = tuple(
        TimelineEntry(at=reports.at(minute), event=f"event {minute}", source="ecs:DescribeServices")
        for minute in range(48)
    )
    (fold,) = [
        block
        for block in summary(reports.report(timeline=entries)).blocks
        if block["type"] == "container" and block["title"]["text"] == "Timeline"
    ]
    lines = fold["child_blocks"][0]["text"]["text"].splitlines()

    assert "event 6" in lines[0]
    assert "event 17" in lines[-2]
    assert lines[-1] == "_showing 12 of 48_"


def test_the_folds_hold_sources_checks_and_the_statement_to_paste() -> None:
    text = shown(summary(reports.report()))

    assert "`elbv2:DescribeTargetHealth`" in text
    assert "All 16 checks" in text
    assert '```{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}```' in text


def test_a_runbook_that_is_no_web_address_is_no_link() -> None:
    for runbook in ("javascript:alert(1)", "https://x.example/|<!channel>", "https://" + "a" * 4_000, "https://[::1"):
        text = shown(summary(reports.report(target=reports.target(runbook=runbook))))

        assert "Runbook" not in text


def test_five_hundred_of_everything_still_leaves_the_answer() -> None:
    big = reports.report(
        causes=(reports.cause(),) * 500,
        risks=(reports.risk(),) * 500,
        checks=reports.CHECKS * 40,
        gaps=reports.GAPS * 500,
        timeline=reports.TIMELINE * 500,
    )
    text = open_part(summary(big))

    assert "*Security group sg-0a1 no longer lets the load balancer in on port 8080* — confirmed" in text
    assert "(and 497 more)" in text
    assert re.search(r"_Left out here: .*500 risks_", text)
    assert fold(summary(big), "Evidence").endswith("_showing 4 of 500 causes_")
    assert "_showing 12 of 2000_" in fold(summary(big), "Timeline")


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
def test_what_may_not_be_read_is_told_where_nothing_is_sure_however_little_room_there_is(plain: bool) -> None:
    gaps = tuple(
        ReportGap(action=f"ec2:Describe{name}", resource="*", error="UnauthorizedOperation " * 4)
        for name in ("SecurityGroups", "NetworkAcls", "Subnets")
    )
    guess = reports.cause(band="possible", summary="a long guess " * 20, advice="what would tell " * 20)
    unsure = reports.report(causes=(guess,), gaps=gaps)

    assert "*Not read:* `ec2:DescribeSecurityGroups` (and 2 more)" in open_part(summary(unsure, plain=plain))
    sure = reports.report(causes=(guess.model_copy(update={"band": "confirmed"}),), gaps=gaps)
    assert "3 gaps" in open_part(summary(sure, plain=plain))
