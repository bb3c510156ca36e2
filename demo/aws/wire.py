"""From an HTTP request to a typed `Call`, and from a result to AWS's answer in the service's own protocol.

Both directions use botocore's service models through moto's parsers and serialisers, so any service that botocore
knows can be spoken, whether moto implements it or not.
"""

from __future__ import annotations

import io
import re
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.parsers import create_parser
from moto.core.errors import COMMON_ERROR_CODES
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends
from werkzeug.exceptions import HTTPException

from demo.aws.call import MOTO_DEFAULT_ACCOUNT, AwsError, Call, Principal, WireRequest, account_of_key

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_SERVICE_OF_SIGNING_NAME = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}
_ERROR_CODE = re.compile(rb'<Code>(.*?)</Code>|"__type": ?"(?:[^"]*#)?([^"]+)"')
_ERROR_MESSAGE = re.compile(rb'<Message>(.*?)</Message>|"[mM]essage": ?"([^"]*)"')
MAX_ERROR_MESSAGE_CHARS = 1_000
MAX_BODY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; `error` holds Code and Message when it is an AWS error."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    error: Mapping[str, str] | None = None


class _Picker(XFormedAttributePicker):
    """Takes members out of results. A mapping has them by the names of the service model; moto would look for some
    other spellings of each member that is not there."""

    def __call__(self, context: AttributePickerContext) -> Any:
        return context.obj.get(context.key) if isinstance(context.obj, Mapping) else super().__call__(context)


class UnidentifiedError(Exception):
    """The request is no AWS API call that any known service model describes."""


def service_model(service: str) -> ServiceModel:
    """botocore's model of `service`. Raises UnidentifiedError for a service that botocore does not have."""
    try:
        return get_service_model(service)
    except UnknownServiceError as unknown:
        raise UnidentifiedError(f"no service model for {service!r}") from unknown


def identify(environ: Mapping[str, Any]) -> Call:
    """Read the request whole and say which API call it is. Raises UnidentifiedError."""
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "") or _presigned(environ))
    if match is None:
        raise UnidentifiedError("the request is not signed")
    access_key, region, signing = match.groups()
    body = _read_body(environ)
    plain = _uncompressed(environ, signing, body)
    request = Request({**environ, "wsgi.input": io.BytesIO(plain), "CONTENT_LENGTH": str(len(plain))})
    service = _service(signing, request)
    model = service_model(service)
    operation, uri_params = _operation(model, request)
    account = account_of_key(access_key) or get_account_id_from(access_key)
    content_type = request.content_type or ""
    return Call(
        service=service,
        signing=signing,
        operation=str(operation.name),
        account=account,
        region=region,
        access_key=access_key,
        params=_parameters(service, operation, request, uri_params),
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        source_ip=environ.get("REMOTE_ADDR", ""),
        principal=_principal(account, access_key),
        request_id=str(uuid.uuid4()),
        wire=WireRequest(environ, body, request.headers, content_type),
    )


def serialise(call: Call, result: object) -> Answer:
    """`result` (a mapping, an object with matching attributes, or an AwsError) as the service would send it."""
    model = service_model(call.service)
    protocol = protocol_of(call)
    if isinstance(result, AwsError) and result.code not in COMMON_ERROR_CODES:
        COMMON_ERROR_CODES.append(result.code)  # or moto warns: AWS has codes that its service models do not list
    serialiser = get_serializer_class(model.service_name, protocol)(
        operation_model=model.operation_model(call.operation), value_picker=_Picker()
    )
    written = serialiser.serialize(result)
    status, headers, body = int(written["status_code"]), written["headers"], written["body"]
    error = None
    if isinstance(result, AwsError):
        error = {"Code": str(result.code), "Message": str(result.message)}
        status = result.status or status
    raw = body if isinstance(body, bytes) else str(body).encode()
    return Answer(int(status), _own_headers(headers.items()), raw, error)


def answer_from_moto(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """moto's response with its error code and message found out."""
    error = None
    if status >= 400:
        code, message = _ERROR_CODE.search(body), _ERROR_MESSAGE.search(body)
        error = {"Code": _first_group(code) or str(status), "Message": _first_group(message)[:MAX_ERROR_MESSAGE_CHARS]}
    return Answer(status, tuple(_of_data(name, value, body) for name, value in _own_headers(headers)), body, error)


def protocol_of(call: Call) -> str:
    """The wire protocol that this very call speaks: ec2, query, json, rest-json or rest-xml."""
    return _protocol(service_model(call.service), call.wire.content_type if call.wire else None)


def parse_answer(call: Call, answer: Answer) -> dict[str, Any]:
    """A successful answer as boto3 would hand it to its caller, without the response metadata."""
    model = service_model(call.service)
    parser = create_parser(protocol_of(call))
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    parsed = cast(dict[str, Any], parser.parse(response, model.operation_model(call.operation).output_shape))
    parsed.pop("ResponseMetadata", None)
    return parsed


def is_html(headers: Iterable[tuple[str, str]], body: bytes) -> bool:
    """Whether this is a web framework's error page rather than anything that AWS would send."""
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    return kind.startswith("text/html") and body[:15].lower() == b"<!doctype html>"


def _presigned(environ: Mapping[str, Any]) -> str:
    credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    return f"Credential={credential}" if credential else ""


def _read_body(environ: Mapping[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return cast(bytes, stream.read(MAX_BODY_BYTES))
    length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY_BYTES)
    return cast(bytes, stream.read(length)) if length else b""


def _uncompressed(environ: Mapping[str, Any], signing: str, body: bytes) -> bytes:
    """SDKs compress large PutMetricData bodies; for S3 the encoding belongs to the object and stays."""
    if environ.get("HTTP_CONTENT_ENCODING") != "gzip" or signing == "s3":
        return body
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, MAX_BODY_BYTES)
    except zlib.error as broken:
        raise UnidentifiedError("the body is not the gzip it is said to be") from broken


def _service(signing: str, request: Request) -> str:
    service = _SERVICE_OF_SIGNING_NAME.get(signing, signing)
    is_classic = service == "elbv2" and request.values.get("Version") == "2012-06-01"
    return "elb" if is_classic else service


def _operation(model: ServiceModel, request: Request) -> tuple[OperationModel, dict[str, Any]]:
    try:
        operation, uri_params = get_service_router(model.service_name).match(request)
    except (HTTPException, NotImplementedError) as unknown:  # how the router says that it knows none
        asked = f"{request.method} {request.path}"
        raise UnidentifiedError(f"no operation of {model.service_name} fits {asked}") from unknown
    return operation, uri_params


def _parameters(
    service: str, operation: OperationModel, request: Request, uri_params: dict[str, Any]
) -> Mapping[str, Any]:
    if service == "s3":  # bodies are objects, not parameters
        return {**{name: request.args[name] for name in request.args}, **uri_params}
    protocol = _protocol(operation.service_model, request.content_type)
    parsed = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": uri_params,
        }
    )
    return cast(Mapping[str, Any], _aware(parsed or {}))


def _protocol(model: ServiceModel, content_type: str | None) -> str:
    return str(determine_request_protocol(model, content_type))


def _aware(value: Any) -> Any:
    """moto's parsers yield naive UTC datetimes; nothing else in this project does."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {key: _aware(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_aware(inner) for inner in value]
    return value


def _principal(account: str, access_key: str) -> Principal | None:
    role = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    if role is None:
        return None
    return Principal(role.role_arn, role.session_name, role.arn, role.policy or None)


def _first_group(match: re.Match[bytes] | None) -> str:
    return next((group for group in match.groups() if group), b"").decode("utf-8", "replace") if match else ""


def _own_headers(headers: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in headers if name.lower() != "content-length")


def _of_data(name: str, value: str, body: bytes) -> tuple[str, str]:
    """The header, but for the type: moto calls many answers web pages, and AWS none."""
    if name.lower() != "content-type" or not value.startswith("text/html"):
        return name, value
    start = body[:6].lstrip().lower()
    if start.startswith((b"<html", b"<!doc")):
        return name, value
    return name, "text/xml" if start.startswith(b"<") else "application/json"


def missing_parameter(call: Call) -> AwsError | None:
    """The refusal of a call that lacks a required parameter; SDKs check this themselves, hand-made requests do not."""
    shape = service_model(call.service).operation_model(call.operation).input_shape
    missing = [name for name in shape.required_members if name not in call.params] if shape is not None else []
    return AwsError("ValidationException", f"The parameter {missing[0]} is required.", 400) if missing else None


def not_implemented(call: Call) -> AwsError:
    """botocore does not retry a 501, unlike the 500 that moto would give."""
    return AwsError(
        "NotImplementedByEmulator", f"{call.service}:{call.operation} is not implemented by this emulator", 501
    )


__all__ = [
    "MOTO_DEFAULT_ACCOUNT",
    "Answer",
    "UnidentifiedError",
    "answer_from_moto",
    "identify",
    "is_html",
    "missing_parameter",
    "not_implemented",
    "parse_answer",
    "protocol_of",
    "serialise",
    "service_model",
]
