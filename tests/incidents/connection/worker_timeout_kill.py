from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.keepalive_race import running
from tests.incidents.rows import closed, logged, slow

CODE = "worker-timeout-kill"
REPORT = ("POST shop.example.com/report",)

CASES = (
    finds(
        CODE,
        "gunicorn was told to kill after 30 s, and a report takes longer",
        lambda: logged(
            running("api:7", "gunicorn", "--timeout", "30", "app:app"), closed(60, (30.0, 30.6), routes=REPORT)
        ),
        band="confirmed",
        summary_says="gunicorn kills",
    ),
    finds(
        CODE,
        "gunicorn with its default of 30 s",
        lambda: logged(running("api:7", "gunicorn", "app:app"), closed(60, (30.0, 30.6))),
        band="likely",
    ),
    finds(
        CODE,
        "a timer of 20 s in something unknown",
        lambda: logged(Incident(), closed(60, (20.0, 20.3), routes=REPORT), always=REPORT),
        band="likely",
    ),
    look_alike(
        CODE,
        "times between one and thirty seconds are no timer",
        lambda: logged(running("api:7", "gunicorn", "app:app"), closed(100, (1.0, 30.0))),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "no answer for as long as the load balancer waits",
        lambda: logged(running("api:7", "gunicorn", "--timeout", "120", "app:app"), slow(60)),
        first="target-slow-response",
    ),
    look_alike(
        CODE, "gunicorn and no error", lambda: running("api:7", "gunicorn", "app:app"), verdict="no_fault_found"
    ),
)
