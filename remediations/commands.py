"""Calls as lines of the AWS command line interface, ready to be pasted into a shell.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-types.html
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from botocore import xform_name
from pydantic import JsonValue

from remediations.plan import FROM, PLAN, Call, Write

BY_HAND: Final = "by-hand"
"""Stands for the id of a plan that nobody has made."""
_NAMES_OF_SERVICES: Final = {"codedeploy": "deploy"}
"""Where the command differs from boto3's name of the service."""
_OPPOSITES: Final = {("ec2", "Egress"): ("egress", "ingress")}
"""Flags whose opposite is a word of its own."""
_PLAIN: Final = re.compile(r"[\w./:@%+-]+\Z", re.ASCII)
_READ_FROM_ELSEWHERE: Final = ("file://", "fileb://", "http://", "https://")


def lines_of(writes: Iterable[Write], region: str) -> tuple[str, ...]:
    """The commands that do the same as these writes, in their order."""
    return tuple(line for write in writes for line in _lines(write, region))


def edits_of(writes: Iterable[Write]) -> Iterator[str]:
    """What is edited in the live answers that some of these writes are made of, which no command says."""
    for write in writes:
        given = {name: value for name, value in write.arguments.items() if name != PLAN}
        if write.prepared_by is not None and given:
            yield f"# edited in {write.call.operation.replace('_', '-')}.json: {json.dumps(given, ensure_ascii=False)}"


def aws_cli(call: Call, region: str) -> str:
    """One command on one line. What is known only later stands in angle brackets, within quotes."""
    start = f"aws {_NAMES_OF_SERVICES.get(call.service, call.service)} {call.operation.replace('_', '-')}"
    parameters = {name: _shown(value) for name, value in call.parameters.items()}
    if any(_needs_json(value) for value in parameters.values()):
        options = [f"--cli-input-json {shlex.quote(_json(parameters))}"]
    else:
        options = [_option(call.service, name, value) for name, value in parameters.items()]
    return " ".join([start, f"--region {shlex.quote(region)}", *options])


def _lines(write: Write, region: str) -> Iterator[str]:
    """What is made of a live answer is read, edited into a file as the changes say, and sent."""
    if write.prepared_by is not None:
        yield from (aws_cli(call, region) for call in write.reads.values())
        file = f"file://{write.call.operation.replace('_', '-')}.json"
        yield f"{aws_cli(write.call, region)} --cli-input-json {file}"
    else:
        yield aws_cli(write.call, region)


def _option(service: str, name: str, value: JsonValue) -> str:
    option = xform_name(name, "-")
    if isinstance(value, bool):
        yes, no = _OPPOSITES.get((service, name), (option, f"no-{option}"))
        return f"--{yes if value else no}"
    if isinstance(value, list) and value and all(isinstance(one, str | int | float) for one in value):
        return f"--{option} {' '.join(shlex.quote(str(one)) for one in value)}"
    if isinstance(value, list) and value and (short := [_shorthand(one) for one in value]) and all(short):
        return f"--{option} {' '.join(short)}"
    if isinstance(value, dict | list):
        return f"--{option} {_shorthand(value) or shlex.quote(_json(value))}"
    return f"--{option} {shlex.quote(str(value))}"


def _shorthand(value: JsonValue) -> str:
    """``Key=name,Value=5`` for flat structures of plain words; empty for all others."""
    if not isinstance(value, dict) or not value:
        return ""
    if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in value.values()):
        return ""
    if not all(_PLAIN.match(str(one)) for pair in value.items() for one in pair):
        return ""
    return ",".join(f"{name}={one}" for name, one in value.items())


def _needs_json(value: JsonValue) -> bool:
    """Whether the command would take it for an option or for the name of a file, or it does not fit on a line."""
    texts = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return any(not text or text.startswith(("-", *_READ_FROM_ELSEWHERE)) or not text.isprintable() for text in texts)


def _shown(value: JsonValue) -> JsonValue:
    """With the names of what is known later in place of their placeholders."""
    if isinstance(value, dict):
        if set(value) == {FROM}:
            return BY_HAND if value[FROM] == PLAN else f"<{value[FROM]}>"
        return {name: _shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return value


def _json(value: JsonValue) -> str:
    return json.dumps(value, separators=(",", ":"))
