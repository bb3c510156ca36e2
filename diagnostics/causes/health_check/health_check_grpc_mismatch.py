from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, HealthCheckLogs, Metrics
from diagnostics.printable import counted
from diagnostics.rules import health_case, health_over
from diagnostics.rules.grpc_health import (
    DEFAULT_PATH,
    HEALTH_SERVICE,
    HIGHEST_STATUS,
    UNIMPLEMENTED,
    accepted_statuses,
    status_words,
)
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_finding import finding_of

REASONS = frozenset({"GRPCUnexpectedStatus", "GRPCStatusHeaderEmpty"})


@cause(
    code="health-check-grpc-mismatch",
    title="The gRPC health check asks for another status or method than the service answers",
    needs=health_case.CASE_NEEDS,
    uses=(*health_case.CASE_USES, HealthCheckLogs),
    clear_needs=(*health_case.CASE_CLEAR_NEEDS, Changes, Metrics),
    shows=("unhealthy", "task-stops", "deployment"),
    docs=(health_case.CHECKS_DOC, "https://github.com/grpc/grpc/blob/master/doc/health-checking.md"),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def health_check_grpc_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by targets of a gRPC target group that answer their health check with a gRPC status outside the matcher:
    12 (UNIMPLEMENTED) where the path names no method of the service, 0 (OK) where the matcher still is the default 12.
    Refuted by a target group that speaks HTTP, and by a status that says that the service itself is not well.
    """
    for case in health_case.health_cases(facts):
        if explanation(case) == "grpc":
            yield health_over.finding(case, facts, "healthCheckPath", "matcher") or _finding(case, facts)


def _finding(case: HealthCase, facts: Facts) -> Finding:
    method = case.path.strip("/") or HEALTH_SERVICE.strip("/")
    wanted = status_words(accepted_statuses(case.group))
    return finding_of(
        case,
        facts,
        summary=f"the gRPC health check on {case.path} is answered with {_answered(case)}, and takes {wanted} for"
        " healthy",
        supports=(
            health_case.answers(case),
            decisive(f"the health check calls {case.path} and accepts {wanted}", "elbv2:DescribeTargetGroups"),
            *_logged(case, facts),
            *health_case.change_of(case, "healthCheckPath", "the health check's path"),
        ),
        overturned_by=f"the accepted status from the target: grpcurl -plaintext TARGET:PORT {method}",
        advice=_advice(case),
    )


def _answered(case: HealthCase) -> str:
    if any(code > HIGHEST_STATUS for code in case.sick.codes):
        return f"HTTP {', '.join(str(code) for code in sorted(case.sick.codes))}, which is no gRPC status"
    return status_words(case.sick.codes)


def _logged(case: HealthCase, facts: Facts) -> Iterator[Evidence]:
    logs = facts.maybe(HealthCheckLogs)
    rows = [
        row
        for row in (logs.failed if isinstance(logs, HealthCheckLogs) else ())
        if row.reason in REASONS and case.group.name in row.target_group
    ]
    if rows:
        text = f"{rows[0].reason} in {counted(len(rows), 'row')} of the health check log"
        yield supporting(text, "s3:GetObject", at=rows[0].at, value=len(rows))


def _advice(case: HealthCase) -> str:
    modify = health_case.set_check(case)
    if case.sick.codes == {0}:
        return f"Accept status 0: `{modify} --matcher GrpcCode=0`"
    if case.sick.codes == {UNIMPLEMENTED} and case.group.health_check.path in {None, "", DEFAULT_PATH}:
        return (
            f"The path is the load balancer's own default, which no service implements. Ask the standard one, if the"
            f" service registers it: `{modify} --health-check-path {HEALTH_SERVICE} --matcher GrpcCode=0`; or accept 12"
            " again."
        )
    return (
        f"Let the path name a method that the service has (such as {HEALTH_SERVICE}) and the matcher the status that it"
        f" answers: `{modify} --health-check-path PATH --matcher GrpcCode=N`"
    )
