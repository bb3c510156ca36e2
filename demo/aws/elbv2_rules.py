"""What Elastic Load Balancing accepts: attribute keys with their defaults and values, and health check settings.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demo.aws.call import AwsError

MAX_ATTRIBUTES_PER_CALL = 20


@dataclass(frozen=True, slots=True)
class Attribute:
    """A key's default, and what its value may be: one of `choices`, `low` to `high`, or one of `also`."""

    default: str
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    also: tuple[str, ...] = ()

    def accepts(self, value: str) -> bool:
        if value in self.also or value in self.choices:
            return True
        if self.low is None or self.high is None:
            return not self.choices
        return re.fullmatch(r"\d{1,9}", value) is not None and self.low <= int(value) <= self.high

    @property
    def expectation(self) -> str:
        return f"between {self.low} and {self.high}" if self.low is not None else f"one of {', '.join(self.choices)}"


def _flag(default: str) -> Attribute:
    return Attribute(default, ("true", "false"))


def _number(default: str, low: int, high: int, *also: str) -> Attribute:
    return Attribute(default, (), low, high, also)


def _logs(kind: str) -> dict[str, Attribute]:
    return {
        f"{kind}.s3.enabled": _flag("false"),
        f"{kind}.s3.bucket": Attribute(""),
        f"{kind}.s3.prefix": Attribute(""),
    }


_EVERY_LOAD_BALANCER: Mapping[str, Attribute] = {
    "deletion_protection.enabled": _flag("false"),
    **_logs("access_logs"),
    "ipv6.deny_all_igw_traffic": _flag("false"),
    "zonal_shift.config.enabled": _flag("false"),
}
APPLICATION_ATTRIBUTES: Mapping[str, Attribute] = {
    **_EVERY_LOAD_BALANCER,
    **_logs("connection_logs"),
    **_logs("health_check_logs"),
    "idle_timeout.timeout_seconds": _number("60", 1, 4000),
    "client_keep_alive.seconds": _number("3600", 60, 604800),
    "load_balancing.cross_zone.enabled": Attribute("true", ("true",)),
    "routing.http.desync_mitigation_mode": Attribute("defensive", ("monitor", "defensive", "strictest")),
    "routing.http.drop_invalid_header_fields.enabled": _flag("false"),
    "routing.http.preserve_host_header.enabled": _flag("false"),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _flag("false"),
    "routing.http.xff_client_port.enabled": _flag("false"),
    "routing.http.xff_header_processing.mode": Attribute("append", ("append", "preserve", "remove")),
    "routing.http2.enabled": _flag("true"),
    "waf.fail_open.enabled": _flag("false"),
}
NETWORK_ATTRIBUTES: Mapping[str, Attribute] = {
    **_EVERY_LOAD_BALANCER,
    "load_balancing.cross_zone.enabled": _flag("false"),
    "dns_record.client_routing_policy": Attribute(
        "any_availability_zone",
        ("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"),
    ),
    "secondary_ips.auto_assigned.per_subnet": _number("0", 0, 7),
}

_HEALTH_ATTRIBUTES: Mapping[str, Attribute] = {
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": _number("1", 1, 1000),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": _number("off", 1, 100, "off"),
    "target_group_health.dns_failover.minimum_healthy_targets.count": _number("1", 1, 1000, "off"),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": _number("off", 1, 100, "off"),
}
TARGET_GROUP_ATTRIBUTES: Mapping[str, Attribute] = {
    "deregistration_delay.timeout_seconds": _number("300", 0, 3600),
    "stickiness.enabled": _flag("false"),
    "stickiness.type": Attribute("lb_cookie", ("lb_cookie", "app_cookie")),
    "stickiness.lb_cookie.duration_seconds": _number("86400", 1, 604800),
    "stickiness.app_cookie.duration_seconds": _number("86400", 1, 604800),
    "stickiness.app_cookie.cookie_name": Attribute(""),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", ("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", ("on", "off")),
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", ("true", "false", "use_load_balancer_configuration")
    ),
    "slow_start.duration_seconds": _number("0", 30, 900, "0"),
    **_HEALTH_ATTRIBUTES,
}
LAMBDA_TARGET_GROUP_ATTRIBUTES: Mapping[str, Attribute] = {
    "lambda.multi_value_headers.enabled": _flag("false"),
    **{key: TARGET_GROUP_ATTRIBUTES[key] for key in TARGET_GROUP_ATTRIBUTES if key.startswith("stickiness")},
    "load_balancing.algorithm.type": TARGET_GROUP_ATTRIBUTES["load_balancing.algorithm.type"],
    "load_balancing.algorithm.anomaly_mitigation": TARGET_GROUP_ATTRIBUTES[
        "load_balancing.algorithm.anomaly_mitigation"
    ],
    "load_balancing.cross_zone.enabled": TARGET_GROUP_ATTRIBUTES["load_balancing.cross_zone.enabled"],
}


def effective(known: Mapping[str, Attribute], stored: Mapping[str, object]) -> dict[str, str]:
    """Every attribute that AWS would list: the defaults, overlaid with what was set and is valid for this kind."""
    chosen = {key: str(value) for key, value in stored.items() if key in known and known[key].accepts(str(value))}
    return {key: attribute.default for key, attribute in known.items()} | chosen


def check_attributes(known: Mapping[str, Attribute], changes: Sequence[tuple[str, str]]) -> None:
    """Raises AwsError for too many attributes, an unknown key, or a value outside its range."""
    if len(changes) > MAX_ATTRIBUTES_PER_CALL:
        raise AwsError("ValidationError", f"At most {MAX_ATTRIBUTES_PER_CALL} attributes can be modified at once")
    for key, value in changes:
        if key not in known:
            raise AwsError("ValidationError", f"Attribute key '{key}' is not recognized")
        if not known[key].accepts(value):
            raise AwsError("ValidationError", f"'{key}' value '{value}' must be {known[key].expectation}")


def check_target_group_mix(values: Mapping[str, str]) -> None:
    """Raises AwsError for routing algorithm, slow start and stickiness settings that exclude one another."""
    algorithm = values.get("load_balancing.algorithm.type")
    if algorithm != "round_robin" and values.get("slow_start.duration_seconds", "0") != "0":
        raise _conflict(f"Slow start cannot be enabled with the routing algorithm '{algorithm}'")
    if algorithm == "weighted_random" and values.get("stickiness.enabled") == "true":
        raise _conflict("Stickiness cannot be enabled with the routing algorithm 'weighted_random'")
    if values.get("load_balancing.algorithm.anomaly_mitigation") == "on" and algorithm != "weighted_random":
        raise _conflict("Anomaly mitigation needs the routing algorithm 'weighted_random'")
    if values.get("stickiness.enabled") == "true" and values.get("load_balancing.cross_zone.enabled") == "false":
        raise _conflict("Stickiness is not supported when cross-zone load balancing is off")


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Health check settings as they would be after a change; None where the group has no such setting."""

    interval_s: int | None
    timeout_s: int | None
    healthy_threshold: int | None
    unhealthy_threshold: int | None
    path: str | None
    port: str | None
    http_codes: str | None


def check_health_check(settings: HealthCheck) -> None:
    """Raises AwsError for settings outside their range, or a timeout that does not fit into the interval.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """
    _in_range("Health check interval", settings.interval_s, 5, 300)
    _in_range("Health check timeout", settings.timeout_s, 2, 120)
    _in_range("Healthy threshold count", settings.healthy_threshold, 2, 10)
    _in_range("Unhealthy threshold count", settings.unhealthy_threshold, 2, 10)
    interval_s, timeout_s = settings.interval_s, settings.timeout_s
    if interval_s is not None and timeout_s is not None and timeout_s >= interval_s:
        message = f"Health check timeout '{timeout_s}' must be smaller than the interval '{interval_s}'"
        raise AwsError("ValidationError", message)
    if settings.path is not None and not re.fullmatch(r"/\S{0,1023}", settings.path):
        raise AwsError("ValidationError", "Health check path must begin with '/' and be at most 1024 characters")
    if settings.port not in (None, "traffic-port"):
        _in_range("Health check port", int(settings.port) if settings.port.isdigit() else 0, 1, 65535)
    if settings.http_codes is not None and not _are_http_codes(settings.http_codes):
        raise AwsError(
            "ValidationError", f"Health check matcher HTTP code '{settings.http_codes}' must be within 200-499"
        )


def _are_http_codes(text: str) -> bool:
    if not re.fullmatch(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*", text):
        return False
    ranges = [[int(code) for code in part.split("-")] for part in text.split(",")]
    return all(200 <= one[0] <= one[-1] <= 499 for one in ranges)


def _in_range(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise AwsError("ValidationError", f"{name} '{value}' must be between {low} and {high}")


def _conflict(message: str) -> AwsError:
    return AwsError("InvalidConfigurationRequest", message)
