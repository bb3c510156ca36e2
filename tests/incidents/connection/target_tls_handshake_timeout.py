from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.target_tls_handshake_failure import over_tls, tls_errors
from tests.incidents.rows import connect_timeouts, logged, refused

CODE = "target-tls-handshake-timeout"

CASES = (
    finds(
        CODE,
        "targets at their limit do not get to the handshake",
        lambda: logged(over_tls(), connect_timeouts(300, since=20), tls=True),
        band="confirmed",
    ),
    finds(
        CODE,
        "access logs are off, and the counter of handshakes tells",
        lambda: tls_errors(over_tls().elb_errors(504, 30, 20), 30, 20),
        band="likely",
    ),
    look_alike(
        CODE,
        "no connection comes about, so no handshake begins",
        lambda: logged(over_tls(), connect_timeouts(300, since=20)),
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "the handshake fails at once",
        lambda: logged(over_tls(), refused(300, since=20), tls=True),
        first="target-tls-handshake-failure",
    ),
    look_alike(
        CODE,
        "plain HTTP to the targets",
        lambda: logged(Incident(), connect_timeouts(300, since=20)),
        first="connect-timeout-unattributed",
    ),
)
