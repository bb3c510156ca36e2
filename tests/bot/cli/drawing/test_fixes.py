"""Fixes on the screen and in the post-mortem."""

from __future__ import annotations

import pytest

from bot.cli.drawing.markdown import post_mortem
from diagnostics.by_hand import blanks
from diagnostics.fix_wording import change_in_words, name_of, risk_in_words, undo_in_words
from diagnostics.report import Report, SettingChange, Undo
from tests import reports
from tests.bot.cli.drawing.test_drawing import screen

ELB = "arn:aws:elasticloadbalancing:us-east-1:111122223333"
ECS = "arn:aws:ecs:us-east-1:111122223333"
ADD = "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-0a1"
REMOVE = "aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0a1"


def with_fixes(number: int = 1) -> Report:
    fixes = tuple(reports.fix(id=f"fix-{n}", title=f"Fix number {n}") for n in range(number))
    return reports.report(causes=(reports.cause(remediations=fixes),), risks=())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_fix_shows_what_it_changes_and_commands_to_copy_whole(width: int) -> None:
    text = screen(with_fixes(), width)
    assert "Fixes" in text
    assert f"  {ADD}\n" in text
    assert f"  {REMOVE}\n" in text
    flat = " ".join(text.split())
    assert "Fix number 0 low risk, works within 4 min, fix-0" in flat
    assert "sg-0a1: inbound rule: none → tcp 8080 from sg-0lb" in flat
    assert "touches: everything in security group sg-0a1" in flat
    assert "mind: Terraform keeps sg-0a1" in flat
    assert "undo: removes that rule from sg-0a1" in flat
    assert flat.count("not offered for approval: account prod has no `remediate_role`") == 1


def test_many_fixes_are_told_in_short() -> None:
    text = screen(with_fixes(20))
    assert text.count(ADD) == 4
    assert "Fix number 9" in text
    assert "Fix number 10" not in text
    assert "showing 6 of 16" in text


def test_a_fix_for_another_cause_than_the_first_says_for_which() -> None:
    second = reports.cause(code="az-not-enabled", remediations=(reports.fix(id="fix-b"),))
    flat = " ".join(screen(reports.report(causes=(reports.cause(), second), risks=())).split())
    assert "fix-b, for az-not-enabled" in flat
    assert "for az-not-enabled" not in " ".join(screen(reports.report(causes=(second,), risks=())).split())


def test_an_undo_with_the_commands_of_the_fix_does_not_say_them_again() -> None:
    commands = ("aws ecs update-service --service checkout --cli-input-json file://update-service.json",)
    undo = Undo(kind="exact", text="sets it as it was", aws_cli=commands)
    fix = reports.fix(aws_cli=commands, undo=undo)
    text = screen(reports.report(causes=(reports.cause(remediations=(fix,)),), risks=()))
    assert text.count(commands[0]) == 1
    assert "undo: sets it as it was; with the same commands" in text
    assert "with the values before the change" in text


def test_fixes_of_risks_are_told_by_name() -> None:
    report = reports.report(causes=(), risks=(reports.risk(remediations=(reports.fix(),)),))
    text = screen(report)
    assert "Fixes for what is at risk" in text
    assert "Let sg-0lb into sg-0a1 on tcp 8080" in text
    assert ADD not in text


def test_a_command_that_would_be_cut_is_not_shown_at_all() -> None:
    long = f"{ADD} {'x' * 3_000}"
    report = reports.report(causes=(reports.cause(remediations=(reports.fix(aws_cli=(long,)),)),))
    assert ADD not in screen(report)
    assert "--json has it" in screen(report)


def test_nothing_is_said_about_fixes_where_there_are_none() -> None:
    assert "Fixes" not in screen(reports.report())
    assert "Fixes" not in post_mortem(reports.report())


def test_the_post_mortem_has_every_fix() -> None:
    text = post_mortem(with_fixes(20))
    assert text.count(f"    {ADD}\n") == 20
    assert "**Fix number 19** (low risk, works within 4 min, `fix-19`, for `sg-ingress-missing`)" in text
    assert "\n\nBy hand:\n\n    aws " in text
    assert "\n\nundo: removes that rule from sg-0a1\n\n    aws " in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, "/healthz", "x: y: none → /healthz"),
        (False, True, "x: y: false → true"),
        (["a"], {"b": 1.5}, 'x: y: a → {"b": 1.5}'),
        ([{"a": 1}], ["a", 2], 'x: y: [{"a": 1}] → a, 2'),
        (
            ["subnet-1", "subnet-2"],
            ["subnet-3", "subnet-1", "subnet-2"],
            "x: y: subnet-1, subnet-2 → these and subnet-3",
        ),
        (["a", "b"], ["b"], "x: y: a, b → these without a"),
        (["a"], ["b"], "x: y: a → b"),
        (f"{ECS}:task-definition/checkout:8", f"{ECS}:task-definition/checkout:7", "x: y: checkout:8 → checkout:7"),
        (60, None, "x: y: 60 → none"),
    ],
)
def test_a_change_in_words(before: object, after: object, words: str) -> None:
    change = SettingChange.model_validate({"resource": "x", "setting": "y", "before": before, "after": after})
    assert change_in_words(change) == words


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("sg-0a1", "sg-0a1"),
        (f"{ELB}:targetgroup/checkout/73e2d6bc24d8a067", "target group checkout"),
        (f"{ELB}:loadbalancer/app/shop/50dc6c495c0c9188", "load balancer shop"),
        (f"{ELB}:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2", "listener of shop"),
        (f"{ELB}:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/1", "listener rule of shop"),
        (f"{ECS}:service/prod/checkout", "service checkout"),
        ("arn:aws-cn:lambda:cn-north-1:111122223333:function:quotes:live", "function quotes:live"),
        (f"{ECS}:cluster/prod", f"{ECS}:cluster/prod"),
        (f"{ELB}:listener/", f"{ELB}:listener/"),
    ],
)
def test_a_tired_person_reads_names(resource: str, name: str) -> None:
    assert name_of(resource) == name


def test_what_is_to_be_filled_in_is_explained() -> None:
    commands = (
        "aws ecs describe-task-definition --region us-east-1 --task-definition checkout:7 --include TAGS",
        "aws ecs register-task-definition --region us-east-1 --cli-input-json file://register-task-definition.json",
        "aws ecs update-service --region us-east-1 --task-definition '<task definition>'",
        "aws ecs update-service --region us-east-1 --cli-input-json file://update-service.json",
    )
    assert list(blanks(commands)) == [
        (
            "register-task-definition.json: taskDefinition of that answer, without taskDefinitionArn, revision, status,"
            " requiresAttributes, compatibilities, registeredAt, registeredBy, with the changes above"
        ),
        "<task definition>: taskDefinitionArn that register-task-definition answers",
        'update-service.json: {"deploymentConfiguration": …} of that answer, with the changes above',
    ]
    assert list(blanks(commands[3:], back=True)) == [
        'update-service.json: {"deploymentConfiguration": …} of that answer, with the values before the change'
    ]
    assert list(blanks((ADD, REMOVE))) == []
    report = reports.report(causes=(reports.cause(remediations=(reports.fix(aws_cli=commands),)),))
    told = "<task definition>: taskDefinitionArn that register-task-definition answers"
    assert f"fill in {told}" in screen(report, 200)
    assert f"Fill in {told.replace('<', '`<').replace('>', '>`')}." in post_mortem(report)


def test_risk_and_undo_in_words() -> None:
    assert risk_in_words(reports.fix(eta_seconds=None)) == "low risk"
    assert risk_in_words(reports.fix(eta_seconds=90, risk="high")) == "high risk, works within 90 s"
    assert risk_in_words(reports.fix(eta_seconds=91)) == "low risk, works within 2 min"
    assert undo_in_words(Undo(kind="none", text="the scheduler replaces it")) == "no undo: the scheduler replaces it"
    assert undo_in_words(Undo(kind="compensating", text="deploys it again")) == "undo: deploys it again"
