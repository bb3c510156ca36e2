from diagnostics.facts import Latency, LoadBalancerAttributes
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, answered, connect_timeouts, gave_up, logged, slow

CODE = "target-slow-response"
SEARCH = ("GET shop.example.com/search",)
NEARLY = Latency(p50=0.03, p95=2.0, p99=48.0, max=59.4)

CASES = (
    finds(
        CODE,
        "the search takes longer than a minute",
        lambda: logged(Incident(), slow(90, routes=SEARCH), latency=NEARLY, route_share={SEARCH[0]: 0.05}),
        band="likely",
        summary_says="/search",
    ),
    finds(
        CODE,
        "the slowest answers come just in time",
        lambda: logged(Incident(), slow(90, routes=SEARCH)).of_group("TargetResponseTime", 58, 50, statistic="Maximum"),
        band="confirmed",
    ),
    finds(
        CODE,
        "one of four targets hangs",
        lambda: logged(Incident(), slow(60, targets=ALL_TARGETS[3:])),
        summary_says="10.0.2.22:8080",
    ),
    finds(
        CODE,
        "access logs are off; answers come near the idle timeout",
        lambda: Incident().elb_errors(504, 10, 40).of_group("TargetResponseTime", 58, 40, statistic="Maximum"),
        band="possible",
    ),
    finds(
        CODE,
        "nobody may read the idle timeout",
        lambda: (
            Incident()
            .elb_errors(504, 10, 40)
            .of_group("TargetResponseTime", 58, 40, statistic="Maximum")
            .denied(LoadBalancerAttributes, "elasticloadbalancing:DescribeLoadBalancerAttributes")
        ),
        band="possible",
    ),
    finds(
        CODE,
        "a phone app gives up after ten seconds on a slow route",
        lambda: logged(Incident(), gave_up(600, (10.0, 10.2), routes=SEARCH)),
        first="client-disconnected-460",
        role="contributing",
    ),
    look_alike(
        CODE,
        "no connection within ten seconds",
        lambda: logged(Incident(), connect_timeouts(90)),
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "a proxy in the task answers 504 itself",
        lambda: logged(Incident(), answered(90, 504)),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE, "slow, and everybody is answered", lambda: logged(Incident(), latency=NEARLY), verdict="no_fault_found"
    ),
)
