"""Names and reports as an attacker, or an unlucky template, would write them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from diagnostics.report import (
    Cause,
    Check,
    ErrorsOverTime,
    EvidenceItem,
    Remediation,
    Report,
    ReportGap,
    SettingChange,
    TimelineEntry,
    Undo,
)
from tests import reports

INJECTIONS = (
    "<!channel>",
    "<!here|here>",
    "<@U0123456>",
    "<#C0123456|general>",
    "<https://evil.example/?a=1|AWS console>",
    "*bold* _italic_ ~struck~ `code` ```block```",
    ":rotating_light: :ecs:",
    "line one\nline two\r\n> quoted\u2028line three",
    "\u202egnp.exe\u202c \u200bzero\u200dwidth\ufeff",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x9b31m bell\x07",
    "\u2066isolate\u2069 \u061cmark \u200fright \u202dover \U000e0041tag \x85next",
    "\x1b]0;title\x07 \x1b[2J \x1bP1;1|17/ab\x1b\\ \x9d8;;https://evil.example\x9c \x08\x08\r\x7f",
    "[red]markup[/red] [link=https://evil.example]x[/link] [/]",
    "| table | cell | <script>alert(1)</script> ![x](https://evil.example/x.png)",
    "&amp; &lt; & < > \" ' \\",
    "a" * 4_000,
    "&" * 4_000,
    "`" * 300,
    "word_with_underscores " * 300,
    "",
    " ",
)

names = st.one_of(
    st.sampled_from(INJECTIONS),
    st.text(max_size=60),
    st.builds("".join, st.lists(st.sampled_from(INJECTIONS), min_size=1, max_size=3)),
)
moments = st.datetimes(min_value=reports.START.replace(tzinfo=None), max_value=reports.END.replace(tzinfo=None)).map(
    lambda naive: naive.replace(tzinfo=reports.END.tzinfo)
)
maybe_moments = st.none() | moments
evidence = st.builds(EvidenceItem, text=names, source=names, at=maybe_moments, value=st.none())
values = st.none() | names | st.integers() | st.lists(names, max_size=2)
commands = st.lists(names.map(lambda name: f"aws ecs stop-task --reason '{name}'"), max_size=2).map(tuple)
fixes = st.builds(
    Remediation,
    id=names,
    title=names,
    risk=st.sampled_from(("low", "medium", "high")),
    eta_seconds=st.none() | st.integers(0, 10**6),
    allowed=st.booleans(),
    why_not=st.none() | names,
    changes=st.lists(
        st.builds(SettingChange, resource=names, setting=names, before=values, after=values), max_size=3
    ).map(tuple),
    touches=names,
    warnings=st.lists(names, max_size=2).map(tuple),
    aws_cli=commands,
    undo=st.builds(Undo, kind=st.sampled_from(("exact", "compensating", "none")), text=names, aws_cli=commands),
)
causes = st.builds(
    Cause,
    code=names,
    family=names,
    title=names,
    summary=names,
    confidence=st.floats(0, 1),
    band=st.sampled_from(("confirmed", "likely", "possible")),
    role=st.sampled_from(("root", "contributing", "consequence")),
    evidence=st.lists(evidence, max_size=14).map(tuple),
    against=st.lists(evidence, max_size=4).map(tuple),
    overturned_by=st.none() | names | names.map(lambda name: f"{name}: aws elbv2 describe-rules --query '{name}'"),
    advice=st.none() | names,
    resources=st.lists(names, max_size=3).map(tuple),
    since=maybe_moments,
    remediations=st.just(()) | st.lists(fixes, max_size=1).map(tuple),
    docs=st.lists(names | st.just("https://docs.aws.amazon.com/x"), max_size=3).map(tuple),
)


def _many(items: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few made ones, repeated up to `most` times: large reports without a large search."""
    return st.tuples(st.lists(items, max_size=4), st.sampled_from((1, 3, most))).map(
        lambda drawn: tuple((drawn[0] * drawn[1])[:most])
    )


over_time = st.builds(
    ErrorsOverTime,
    start=moments,
    step_seconds=st.sampled_from((60, 300, 86_400)),
    counts=st.lists(
        st.sampled_from(("elb_502", "elb_503", "elb_504", "elb_500", "elb_561", "elb_460", "target_5xx")) | names,
        unique=True,
        max_size=8,
    ).map(lambda kinds: dict.fromkeys(kinds, (0, 1, 10**9) * 20)),
)

hostile_reports: st.SearchStrategy[Report] = st.builds(
    reports.report,
    id=names.map(lambda name: name or "r-1"),
    headline=names,
    verdict=st.sampled_from(("causes_found", "no_fault_found", "inconclusive")),
    target=st.builds(
        reports.target,
        query=names,
        label=names,
        account=names,
        region=names,
        account_name=st.none() | names,
        target_groups=_many(names, 500),
        runbook=st.none() | names | st.just("https://wiki.example.com/x"),
    ),
    symptom=st.builds(
        reports.symptom,
        onset=maybe_moments,
        last_seen=maybe_moments,
        over=st.booleans(),
        over_time=st.none() | over_time,
    ),
    causes=_many(causes, 40),
    risks=_many(causes, 40),
    checks=_many(
        st.builds(
            Check,
            code=names,
            status=st.sampled_from(("found", "risk", "clear", "unknown", "not_applicable")),
            reason=names,
        ),
        500,
    ),
    gaps=_many(
        st.builds(
            ReportGap,
            action=names,
            resource=names,
            error=names,
            affects=st.lists(names, max_size=5).map(tuple),
            fix=st.none() | names | st.just('{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'),
        ),
        500,
    ),
    timeline=_many(st.builds(TimelineEntry, at=moments, event=names, source=names, actor=st.none() | names), 500),
)
