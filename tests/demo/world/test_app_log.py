"""What simulated containers write can be read back as from CloudWatch Logs."""

from __future__ import annotations

from demo.world.apps import Answer, App
from tests.demo.world.conftest import Incident

GROUP = "/ecs/checkout"


def lines(incident: Incident) -> list[str]:
    found = incident.acct.client("logs").filter_log_events(logGroupName=GROUP)["events"]
    return [event["message"] for event in found]


def test_a_container_says_once_where_it_listens_and_why_it_ends(incident: Incident) -> None:
    incident.acct.service("checkout", desired=1, app=App(crash_after_s=40, boot_s=5))
    incident.world.advance(75)
    written = lines(incident)
    assert written[0] == "checkout is listening on 0.0.0.0:8080"
    assert "uncaughtException: Error: the configuration is not complete" in written


def test_a_container_on_the_loopback_address_says_so(incident: Incident) -> None:
    incident.acct.service("checkout", desired=1, app=App(loopback_only=True, boot_s=5))
    incident.world.advance(40)
    assert lines(incident) == ["checkout is listening on 127.0.0.1:8080"]


def test_a_slow_route_is_written_once_a_minute_where_the_application_does_so(incident: Incident) -> None:
    app = App(boot_s=5, logs_slower_than_s=1.0, routes={"/healthz": Answer(200, 7.0), "*": Answer(200, 9.0)})
    incident.acct.service("checkout", desired=1, app=app)
    incident.world.advance(40)
    assert lines(incident)[1:] == ["GET /healthz 200 7000.000 ms - 15"]
    incident.world.advance(60)
    assert len(lines(incident)) == 3
