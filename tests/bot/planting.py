"""Secrets in everything that AWS answers, and a search for them in everything that is said.

Each has a word of its own, so that a test that finds one says where it came from. They stand where people put them:
in a variable, a flag, a header, a query, a message. A word without any sign that it is a secret is not among them.
"""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.response import StreamingBody
from redis import Redis

_WORD = re.compile(r"Planted-[0-9]{3}-[a-z-]+")
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")

_named: dict[str, str] = {}


def secret(place: str) -> str:
    """The word that is planted in this place."""
    return _named.setdefault(place, f"Planted-{len(_named) + 101}-{place}")


def found_in(said: str | bytes) -> set[str]:
    """The planted words in it, also where they are encoded or packed."""
    raw = said.encode() if isinstance(said, str) else said
    return {word for text in _readings(raw, 3) for word in _WORD.findall(text)}


def kept_in(redis: Redis) -> Iterator[tuple[str, bytes]]:
    """Everything in the store, by key."""
    store: Any = redis  # its types leave open what a client without decoding answers
    for key in store.scan_iter(count=1_000):
        yield key.decode(errors="replace"), b"\n".join(_parts(store, key))


def _parts(store: Any, key: bytes) -> list[bytes]:
    """The parts as they are, since each may be packed."""
    match store.type(key):
        case b"string":
            return [store.get(key) or b""]
        case b"hash":
            return [part for pair in store.hgetall(key).items() for part in pair]
        case b"list":
            return list(store.lrange(key, 0, -1))
        case b"set":
            return list(store.smembers(key))
        case b"zset":
            return list(store.zrange(key, 0, -1))
    return [part for _, fields in store.xrange(key) for pair in fields.items() for part in pair]


def _readings(raw: bytes, depth: int) -> Iterator[str]:
    text = raw.decode("utf-8", "replace")
    yield text
    yield urllib.parse.unquote_plus(text)
    yield text.replace("\\", "")
    if depth:
        for inner in (*_unpacked(raw), *_decoded(raw)):
            yield from _readings(inner, depth - 1)


def _unpacked(raw: bytes) -> Iterator[bytes]:
    for bits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
        try:
            yield zlib.decompressobj(bits).decompress(raw)
        except zlib.error:
            continue


def _decoded(raw: bytes) -> Iterator[bytes]:
    for run in _ENCODED.findall(raw):
        try:
            yield base64.b64decode(run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/")) + b"==")
        except ValueError:
            continue


def planted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on every answer of AWS holds secrets. Returns the names of the operations that were asked."""
    asked: list[str] = []
    answer_of = BaseClient._make_api_call

    def answered(self: Any, operation: str, parameters: Any) -> Any:
        answer = answer_of(self, operation, parameters)
        asked.append(operation)
        plant = _PLANTS.get(operation)
        if plant is not None:
            answer = answer if "Body" in answer else copy.deepcopy(answer)
            plant(answer)
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return asked


def _environment(place: str) -> list[dict[str, str]]:
    return [
        {"name": "PORT", "value": "8080"},
        {"name": "DB_PASSWORD", "value": secret(f"{place}-password")},
        {"name": "FEATURES", "value": secret(f"{place}-unlisted")},
        {"name": "CACHE_HOST", "value": f"redis://:{secret(f'{place}-userinfo')}@cache"},
        {"name": "NODE_OPTIONS", "value": f"--require x --api-token={secret(f'{place}-flag')}"},
        {"name": f"AWS_SECRET_ACCESS_KEY={secret(f'{place}-name')}", "value": ""},
    ]


def _definition(answer: dict[str, Any]) -> None:
    for container in answer["taskDefinition"]["containerDefinitions"]:
        container["environment"] = [*container.get("environment", ()), *_environment("definition")]
        container["command"] = ["serve", "--token", secret("command"), f"--db=postgres://u:{secret('dsn')}@db/x"]
        container["entryPoint"] = ["sh", "-c", f"PASSWORD={secret('entry-point')} exec serve"]
        container["dockerLabels"] = {"api-key": secret("label")}
        container["secrets"] = [{"name": "KEY", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/key"}]
        header = f"curl -H 'Authorization: Bearer {secret('health-check')}' http://localhost/"
        container["healthCheck"] = {"command": ["CMD-SHELL", header], "interval": 30, "timeout": 5, "retries": 3}
    answer["tags"] = [{"key": "db-password", "value": secret("definition-tag")}]


def _services(answer: dict[str, Any]) -> None:
    for service in answer["services"]:
        service["tags"] = [{"key": "api-token", "value": secret("service-tag")}]
        for event in service.get("events", ()):
            event["message"] += f" (password={secret('event')})"
        for deployment in service.get("deployments", ()):
            deployment["rolloutStateReason"] = f"ECS deployment failed: token={secret('rollout')}."


def _tasks(answer: dict[str, Any]) -> None:
    for task in answer["tasks"]:
        task["overrides"] = {
            "containerOverrides": [
                {"name": "x", "environment": _environment("override"), "command": [secret("argument")]}
            ]
        }
        task["tags"] = [{"key": "cookie", "value": secret("task-tag")}]
        if task.get("stoppedReason"):
            task["stoppedReason"] += f" Authorization: Bearer {secret('stopped-reason')}"
        for container in task.get("containers", ()):
            if container.get("reason"):
                container["reason"] += f" api_key={secret('container-reason')}"


def _tags(answer: dict[str, Any]) -> None:
    for described in answer["TagDescriptions"]:
        described["Tags"].append({"Key": "webhook-token", "Value": secret("balancer-tag")})
        described["Tags"].append({"Key": "note", "Value": f"password={secret('balancer-note')}"})


def _rules(answer: dict[str, Any]) -> None:
    for rule in answer["Rules"]:
        rule["Conditions"] = [
            *rule.get("Conditions", ()),
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": [secret("rule-header")]},
            },
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "key", "Value": secret("rule-query")}]}},
        ]


def _lines(answer: dict[str, Any]) -> None:
    said = (
        f"Error: connect failed postgres://shop:{secret('line-userinfo')}@db:5432/shop",
        f'FATAL: login refused {{"password": "{secret("line-json")}"}}',
        f"Error: upstream said 401, sent Authorization: Bearer {secret('line-header')}",
        f"panic: GET /pay?session={secret('line-query')} failed with 500",
        f"uncaughtException: api_key={secret('line-key')} is wrong",
        f"Error: cannot send mail to {secret('line-mail')}@example.com",
    )
    for event, line in zip(answer["events"], said * (1 + len(answer["events"]) // len(said)), strict=False):
        event["message"] = f"{line} {event['message']}"


def _trail(answer: dict[str, Any]) -> None:
    for event in answer["Events"]:
        record = json.loads(event["CloudTrailEvent"])
        record["requestParameters"] = {
            **(record.get("requestParameters") or {}),
            "environment": _environment("trail"),
            "password": secret("trail-parameter"),
            "clientSecret": secret("trail-secret"),
        }
        record["responseElements"] = {
            **(record.get("responseElements") or {}),
            "credentials": {"secretAccessKey": secret("trail-credentials"), "sessionToken": secret("trail-session")},
        }
        record["errorMessage"] = f"denied for token={secret('trail-error')}"
        event["CloudTrailEvent"] = json.dumps(record)
        event["AccessKeyId"] = secret("trail-key-id")


def _function(answer: dict[str, Any]) -> None:
    configuration = answer.get("Configuration", answer)
    variables = {pair["name"]: pair["value"] for pair in _environment("function")}
    configuration["Environment"] = {"Variables": variables}
    configuration["Description"] = f"password={secret('function-description')}"
    if "Code" in answer:
        answer["Code"] = {"Location": f"https://bucket/x?X-Amz-Security-Token={secret('function-code')}"}


def _alarms(answer: dict[str, Any]) -> None:
    for alarm in answer.get("MetricAlarms", ()):
        alarm["AlarmDescription"] = f"see https://hooks.slack.com/services/T1/B1/{secret('alarm-hook')}"
        alarm["StateReasonData"] = json.dumps({"token": secret("alarm-data")})


def _object(answer: dict[str, Any]) -> None:
    """A line of an access log: a query, a path, an agent and a referer of a client."""
    packed = answer["Body"].read()
    text = gzip.decompress(packed).decode() if packed[:2] == b"\x1f\x8b" else packed.decode()
    query = f'/reset-password/{secret("row-path")}?token={secret("row-query")} HTTP/1.1"'
    text = text.replace(' HTTP/1.1"', query)
    text = re.sub(r'(HTTP/1\.1" ")[^"]*', rf"\1agent Cookie: sid={secret('row-agent')}", text)
    again = gzip.compress(text.encode())
    answer["Body"] = StreamingBody(io.BytesIO(again), len(again))
    answer["ContentLength"] = len(again)


_PLANTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "DescribeTaskDefinition": _definition,
    "DescribeServices": _services,
    "DescribeTasks": _tasks,
    "DescribeTags": _tags,
    "DescribeRules": _rules,
    "FilterLogEvents": _lines,
    "GetLogEvents": _lines,
    "LookupEvents": _trail,
    "GetFunction": _function,
    "GetFunctionConfiguration": _function,
    "DescribeAlarms": _alarms,
    "GetObject": _object,
}
