from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import failing, function, of_function, reasoned, said, settings, with_rows

CODE = "lambda-init-failed"
ADDRESSES = reasoned(300, "LambdaSubnetIPAddressLimitReachedException", took_s=(1, 3))
KEY = reasoned(300, "LambdaKMSDisabledException")
FAILED = settings(
    state="Failed",
    state_reason="The function failed because the subnet has run out of addresses",
    state_reason_code="SubnetOutOfIPAddresses",
    in_vpc=True,
)


def _failed() -> Incident:
    return of_function(function(configuration=FAILED), "Invocations", 600, 180, 40)


CASES = (
    finds(
        CODE,
        "the subnets have no address left",
        lambda: with_rows(_failed(), ADDRESSES),
        band="confirmed",
        summary_says="SubnetIPAddressLimitReached",
    ),
    finds(CODE, "the key was disabled", lambda: with_rows(function(), KEY), band="likely", summary_says="KMSDisabled"),
    finds(CODE, "access logs are off, the state says so", lambda: failing(_failed(), 300), band="likely"),
    look_alike(
        CODE,
        "the last update failed, and what ran before goes on",
        lambda: function(configuration=settings(last_update="Failed", last_update_reason_code="InvalidImage")),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the code fails while it is loaded",
        lambda: with_rows(
            said(
                of_function(function(), "Errors", 9, 40),
                ("lambda-init", "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'"),
            ),
            reasoned(300, "LambdaUnhandled"),
        ),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "cold starts are slow, and everybody is answered",
        lambda: said(function(), ("lambda-init", "INIT_REPORT Init Duration: 4210.11 ms Phase: init Status: success")),
        verdict="no_fault_found",
    ),
)
