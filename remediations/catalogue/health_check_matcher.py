"""Let the health check accept the code with which the application says that it is well."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts
from diagnostics.rules.health_answers import LOCKED, explanation
from diagnostics.rules.health_case import (
    CASE_NEEDS,
    CASE_USES,
    CHECKS_DOC,
    HealthCase,
    health_cases,
    outside_matcher,
)
from diagnostics.rules.health_reasons import accepted_codes, codes_in_words
from diagnostics.rules.proven_check import PROVEN_CHECK_USES, former
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import Colours, colours

GRPC_OK = "0"
NO_FAILURE = frozenset(range(200, 400)) | LOCKED
"""Codes that a matcher may accept again where it did before: an application that is up gives them."""


@fix(
    id="health-check-matcher",
    title="Let the health check accept the code that its path answers",
    risk="medium",
    causes=(
        "health-check-path-mismatch",
        "health-check-redirect",
        "health-check-auth-required",
        "health-check-grpc-mismatch",
    ),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES),
    docs=(CHECKS_DOC,),
)
def health_check_matcher(case: Case) -> Iterator[Plan]:
    """Adds the one code of success (2xx, or gRPC status 0) that every failing target answers and the matcher refuses,
    or gives the matcher back what it accepted before the change that brought the trouble, as long as that holds no
    code of a failure.

    It never takes in a range, 404 or a code of 5xx: such a matcher hides what it is there to show. A redirect or a
    login that is accepted again says only that something answers. The undo sets the former matcher.
    """
    for item in health_cases(case.facts):
        if item.group.arn in case.cause.resources and item.mended is None:
            yield from _of(item, case.facts)


def _of(item: HealthCase, facts: Facts) -> Iterator[Plan]:
    how, check, codes = explanation(item), item.group.health_check, item.sick.codes
    if how == "grpc":
        if codes == {0} and check.grpc_matcher:
            both = colours(facts, item.group, "path", "grpc_matcher")
            yield _plan(item, both, "grpc_matcher", GRPC_OK, "gRPC status 0 is OK, the code of success")
        return
    both = colours(facts, item.group, "path", "matcher")
    if how == "path" and outside_matcher(item) and check.matcher:
        more = ",".join(str(code) for code in sorted(codes))
        why = f"{codes_in_words(codes)} is a code of success that every failing target answers"
        yield _plan(item, both, "matcher", f"{check.matcher},{more}", why)
        return
    before = former(item, "matcher")
    change = item.changed("matcher")
    if not isinstance(before, str) or change is None or not codes or not codes <= NO_FAILURE:
        return
    accepted = accepted_codes(before)
    if codes <= accepted <= NO_FAILURE and (both.nobody_is_healthy or accepted >= accepted_codes(check.matcher)):
        why = f"the matcher was {before} until {change.at:%H:%M} UTC, and targets were healthy with it"
        narrower = not accepted >= accepted_codes(check.matcher)
        yield _plan(item, both, "matcher", before, why, narrower=narrower)


def _plan(item: HealthCase, both: Colours, field: str, value: str, why: str, *, narrower: bool = False) -> Plan:
    """`narrower`: a code is not accepted any more, by which a target may have become healthy in the meantime."""
    now = getattr(item.group.health_check, field)
    success = all(200 <= code < 300 or code == 0 for code in item.sick.codes)
    hides = f"{codes_in_words(item.sick.codes)} then counts as healthy, also where it leads to a page of errors"
    return health_checks.plan(
        both,
        {field: value},
        fix="health-check-matcher",
        change=f"matcher {now} → {value}",
        risk="medium",
        while_nobody_is_healthy=narrower,
        warnings=(why, *(() if success else (hides,))),
        replaces_tasks=bool(item.killed),
    )
