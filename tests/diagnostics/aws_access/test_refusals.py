"""What a denied call says of the policy that is at fault."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from diagnostics.aws_access.failures import gap_of
from diagnostics.aws_access.refusals import PolicyKind, refusal_in, with_its_reason

WHO = "arn:aws:sts::111122223333:assumed-role/alb502-read/alb502-read"
HEAD = f"User: {WHO} is not authorized to perform: ecs:ListTasks on resource: arn:aws:ecs:us-east-1:111122223333:task/x"


@pytest.mark.parametrize(
    ("tail", "explicit", "policy"),
    [
        ("because no identity-based policy allows the ecs:ListTasks action", False, "identity-based policy"),
        ("because no resource-based policy allows the ecs:ListTasks action", False, "resource-based policy"),
        ("because no service control policy allows the ecs:ListTasks action", False, "service control policy"),
        ("because no permissions boundary allows the ecs:ListTasks action", False, "permissions boundary"),
        ("because no session policy allows the ecs:ListTasks action", False, "session policy"),
        ("because no VPC endpoint policy allows the ecs:ListTasks action", False, "VPC endpoint policy"),
        ("with an explicit deny in an identity-based policy", True, "identity-based policy"),
        (
            "with an explicit deny in a service control policy: arn:aws:x",
            True,
            "service control policy",
        ),
        ("with an explicit deny in a resource control policy", True, "resource control policy"),
        ("", False, None),
    ],
)
def test_each_kind_of_policy(tail: str, explicit: bool, policy: PolicyKind | None) -> None:
    found = refusal_in(f"{HEAD} {tail}")

    assert (found.explicit, found.policy, found.who) == (explicit, policy, WHO)
    assert found.resource == "arn:aws:ecs:us-east-1:111122223333:task/x"


def test_ec2_hides_more_behind_the_reason() -> None:
    text = (
        f"You are not authorized to perform this operation. User: {WHO} is not authorized to perform: "
        "ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action. "
        f"Encoded authorization failure message: {'x' * 600}"
    )
    error = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": text}}, "DescribeSubnets")
    gap = gap_of(
        error, action="ec2:DescribeSubnets", resource="*", region="us-east-1", role_arn="arn:aws:iam::1:role/r"
    )

    assert refusal_in(gap.message).policy == "identity-based policy"
    assert "xxx" not in gap.message


def test_a_reason_is_not_cut_off_by_long_names() -> None:
    role = f"arn:aws:iam::111122223333:role/{'p' * 200}/alb502-read"
    text = f"{HEAD} with an explicit deny in a service control policy"
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": text}}, "ListTasks")
    gap = gap_of(error, action="ecs:ListTasks", resource="*", region="us-east-1", role_arn=role)

    assert len(gap.message) <= 300
    assert refusal_in(gap.message).policy == "service control policy"


@pytest.mark.parametrize("text", ["", "short", "x" * 500, f"{HEAD} because"])
def test_what_tells_no_reason_stays_as_it_is(text: str) -> None:
    assert with_its_reason(text, 300) == text
