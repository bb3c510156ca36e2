"""Reading AWS: accounts, roles, clients, limits, counting. Whatever fails comes back as a value.

Only this package and `diagnostics.collect` know botocore.
"""

from diagnostics.aws_access.access import AwsAccess, UnknownScopeError
from diagnostics.aws_access.accounts import AccessLimits, Account, Scope
from diagnostics.aws_access.actions import iam_action
from diagnostics.aws_access.explanations import explain
from diagnostics.aws_access.meter import CallMeter, Usage
from diagnostics.aws_access.observing import AwsCall, Observer
from diagnostics.aws_access.pacing import LocalRateGate, RateGate
from diagnostics.aws_access.reader import Missing, Pages, Reader
