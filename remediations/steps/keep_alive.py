"""Which edit of a task definition makes a server keep idle connections longer, where one is documented.

Only servers that are proven to run: a setting of a server that is not there does nothing, or is an unknown flag with
which the container ends.
"""

from __future__ import annotations

import re

from diagnostics.facts import ContainerDefinition
from diagnostics.rules.runtimes import KeepAlive
from remediations.steps.task_definitions import Edit

_ARGUMENTS = "GUNICORN_CMD_ARGS"
_SPRING = "SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT"
_UVICORN = "UVICORN_TIMEOUT_KEEP_ALIVE"
_FLAG = re.compile(r"(?P<name>--[\w-]+)(?:=|\s+)(?P<value>\d+)\Z")
_VARIABLE = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\d+)\s*(?P<unit>ms|s|)\Z")
_MS_FROM = 1000.0
_BY_LOG = "log line"
"""A variable of Spring's shows Spring, and not which server runs in it; Tomcat's own line does."""


def longer(container: ContainerDefinition, setting: KeepAlive, at_least_s: int) -> Edit | None:
    """None where nothing is documented that a task definition can set, or the server is not certain."""
    if setting.basis == "configured":
        return _configured(container, setting, at_least_s)
    return _default(container, setting, at_least_s)


def _configured(container: ContainerDefinition, setting: KeepAlive, at_least_s: int) -> Edit | None:
    """The very setting that was found, in its own unit."""
    if variable := _VARIABLE.match(setting.where):
        name, number, unit = variable["name"], int(variable["value"]), variable["unit"]
        is_ms = unit == "ms" or (not unit and number >= _MS_FROM)
        after = f"{at_least_s * 1000 if is_ms else at_least_s}{unit}"
        return _variable(container, name, container.environment.get(name), after)
    flag = _FLAG.match(setting.where)
    if flag is None or setting.seconds is None:
        return None
    is_ms = int(flag["value"]) >= _MS_FROM * max(setting.seconds, 1)
    after = str(at_least_s * 1000 if is_ms else at_least_s)
    arguments = container.environment.get(_ARGUMENTS, "")
    if setting.where in arguments:
        replaced = arguments.replace(setting.where, f"{flag['name']} {after}")
        return _variable(container, _ARGUMENTS, arguments, replaced)
    return Edit(what="flag", name=flag["name"], before=flag["value"], after=after, container=container.name)


def _default(container: ContainerDefinition, setting: KeepAlive, at_least_s: int) -> Edit | None:
    """https://docs.gunicorn.org/en/stable/settings.html#settings (GUNICORN_CMD_ARGS),
    https://www.uvicorn.org/settings/ (UVICORN_…, read by its command line only),
    https://docs.spring.io/spring-boot/appendix/application-properties/ (server.tomcat.keep-alive-timeout)"""
    environment = container.environment
    if setting.runtime.startswith("gunicorn") and setting.where == "command gunicorn":
        present = environment.get(_ARGUMENTS)
        return _variable(container, _ARGUMENTS, present, f"{present or ''} --keep-alive {at_least_s}".strip())
    if setting.runtime == "uvicorn" and _begins_with(container, "uvicorn"):
        return _variable(container, _UVICORN, environment.get(_UVICORN), str(at_least_s))
    if setting.runtime == "Spring Boot's Tomcat" and setting.where.startswith(_BY_LOG):
        return _variable(container, _SPRING, environment.get(_SPRING), f"{at_least_s}s")
    return None


def _begins_with(container: ContainerDefinition, program: str) -> bool:
    words = " ".join((*container.entry_point, *container.command)).split()
    return bool(words) and words[0].rsplit("/", 1)[-1] == program


def _variable(container: ContainerDefinition, name: str, before: str | None, after: str) -> Edit | None:
    """A name without a value that may be kept is set somewhere out of sight: by a secret, or to something odd."""
    if before is None and name in container.environment_names:
        return None
    return Edit(what="variable", name=name, before=before, after=after, container=container.name)
