"""Lambda cannot make a place for the function to run in."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.printable import line
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, LambdaCalls
from diagnostics.rules.row_clusters import RowCluster

REASONS = (
    "LambdaEC2*",
    "LambdaENILimit*",
    "LambdaSubnet*",
    "LambdaInvalidSubnet*",
    "LambdaInvalidSecurityGroup*",
    "LambdaKMS*",
    "LambdaInvalidRuntime*",
    "LambdaInvalidZip*",
)
MAX_SAID = 200
_ADVICE = (
    (
        ("SubnetIPAddressLimit", "SubnetOutOfIPAddresses"),
        "The function's subnets have no free addresses: give it larger subnets (VpcConfig), or free some.",
    ),
    (
        ("ENILimit", "EniLimitExceeded"),
        "The VPC's quota of network interfaces is used up: ask for a higher one, or remove unused interfaces.",
    ),
    (
        ("KMS",),
        "The KMS key of the function's environment is disabled, gone or not allowed: enable it, or allow kms:Decrypt.",
    ),
    (
        ("InvalidSecurityGroup", "InvalidSubnet"),
        "A security group or subnet of the function's VpcConfig does not exist any more: set ones that do.",
    ),
    (("InvalidRuntime",), "The runtime is not supported any more: deploy the function with a newer one."),
    (("InvalidZip",), "The package cannot be unpacked: build and deploy it again."),
    (
        ("EC2AccessDenied", "InsufficientRolePermissions"),
        "The function's role needs AWSLambdaVPCAccessExecutionRole (ec2:CreateNetworkInterface and its neighbours).",
    ),
    (
        ("EC2Throttled",),
        "EC2 throttled Lambda while it made network interfaces: it passes; fewer new environments help.",
    ),
)


@cause(
    code="lambda-init-failed",
    title="Lambda cannot start the function",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_init_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows whose reason names what Lambda lacked: network interfaces or addresses in the
    function's subnets, a security group, a KMS key, the runtime, the package. The function's state Failed, with its
    reason, says the same. An update that failed is none: Lambda goes on with what ran before. Code that fails while it
    is loaded is an error of the function.
    """
    for one in lambda_calls.calls(facts):
        rows, settings = one.because(*REASONS), one.target.configuration
        failed = settings is not None and settings.state == "Failed"
        if rows or (failed and one.suffers):
            yield _finding(facts, one, rows)


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Finding:
    since, reason = one.since(rows), _reason(one, rows)
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"Lambda cannot start {one.target.label} ({reason}){lambda_calls.how_many(one, rows)}",
        supports=(
            *lambda_calls.row_records(facts, rows),
            *_state(one),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        overturned_by="The state Active, with the last update Successful, of: aws lambda get-function-configuration"
        f" --function-name {one.target.target}",
        advice=_advice(reason),
        at_most=None if rows else "likely",
    )


def _reason(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> str:
    if rows:
        return line((rows[0].error_reason or "-").removeprefix("Lambda").removesuffix("Exception"), 60)
    settings = one.target.configuration
    return (settings.state_reason_code if settings else None) or "its state is Failed"


def _state(one: LambdaCalls) -> Iterator[Evidence]:
    settings = one.target.configuration
    if settings is None or settings.state in {None, "Active"}:
        return
    code = f" ({settings.state_reason_code})" if settings.state_reason_code else ""
    text = f"the function's state is {settings.state}{code}: {line(settings.state_reason or '-', MAX_SAID)}"
    yield (decisive if settings.state == "Failed" else supporting)(text, "lambda:GetFunctionConfiguration")


def _advice(reason: str) -> str:
    for words, advice in _ADVICE:
        if any(word in reason for word in words):
            return advice
    return "Follow the reason in the function's state, which get-function-configuration shows in words."
