"""Ways to set up the load balancer wrongly."""

from __future__ import annotations

from typing import Any, Final

from demo.page.faults import Fault
from demo.page.place import Place
from demo.world.service_handle import OPERATOR

WRONG_PATH: Final = "/status/ready"
RIGHT_PATH: Final = "/healthz"
PAGE_PRIORITY: Final = 1
PLAIN_ROUTES: Final = {"*": 200}
MAINTENANCE: Final = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "Down for maintenance"}


def is_path_wrong(place: Place) -> bool:
    path, app = str(_group(place).health_check_path), place.app
    return path != RIGHT_PATH and app.answer(path, host_is_ip=True).status >= 400 > _usual(place)


def _usual(place: Place) -> int:
    return place.app.answer(RIGHT_PATH, host_is_ip=True).status


def _group(place: Place) -> Any:
    return place.region.balancers.target_group(place.target_group)


def set_wrong_path(place: Place) -> None:
    """The application has no such path, so it has to be one that knows its paths."""
    if place.app.routes == PLAIN_ROUTES:
        place.change_app(routes={RIGHT_PATH: 200, "/": 200, "/shop/*": 200, "/cart": 200})
    _set_path(place, WRONG_PATH)


def set_right_path(place: Place) -> None:
    _set_path(place, RIGHT_PATH)


def _set_path(place: Place, path: str) -> None:
    place.client("elbv2", OPERATOR).modify_target_group(TargetGroupArn=place.target_group, HealthCheckPath=path)


def _pages(place: Place) -> list[Any]:
    """Rules that answer by themselves before the service's own does."""
    rules = (rule for rule in place.listener.rules.values() if not rule.is_default)
    return [rule for rule in rules if any(action.type == "fixed-response" for action in rule.actions)]


def put_page(place: Place) -> None:
    if not _pages(place):
        place.client("elbv2", OPERATOR).create_rule(
            ListenerArn=place.listener.arn,
            Priority=PAGE_PRIORITY,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": MAINTENANCE}],
        )


def take_page_away(place: Place) -> None:
    for rule in _pages(place):
        place.client("elbv2", OPERATOR).delete_rule(RuleArn=rule.arn)


FAULTS: Final = (
    Fault(
        "health-path",
        "Point the health check at a wrong path",
        "the health check asks for a path that the application does not have",
        set_wrong_path,
        is_path_wrong,
        set_right_path,
    ),
    Fault(
        "maintenance-page",
        "Leave the maintenance page on",
        "a rule above the service's own answers every request with 503",
        put_page,
        lambda place: bool(_pages(place)),
        take_page_away,
    ),
)
