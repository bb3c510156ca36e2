"""Opaque page tokens that are good for one set of parameters only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from demo.aws.call import AwsError


def make_token(offset: int, parameters: Mapping[str, Any]) -> str:
    """A token for the page that starts at `offset` of the answer to `parameters`."""
    return base64.urlsafe_b64encode(f"{offset}:{_digest(parameters)}".encode()).decode()


def read_token(token: str | None, parameters: Mapping[str, Any]) -> int:
    """The offset that `token` stands for (0 without one).

    Raises ValueError for a token that is malformed or was made for other parameters.
    """
    if not token:
        return 0
    try:
        offset, digest = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        position = int(offset)
    except (binascii.Error, UnicodeError, ValueError) as malformed:
        raise ValueError("the page token is malformed") from malformed
    if digest != _digest(parameters) or position < 0:
        raise ValueError("the page token belongs to a request with other parameters")
    return position


def start_of(parameters: Mapping[str, Any], refusal: str) -> tuple[int, dict[str, Any]]:
    """Where the page that is asked for by `NextToken` starts, and the parameters that its tokens are bound to.

    Raises AwsError with the code `refusal` for a token that is not good.
    """
    bound = {name: value for name, value in parameters.items() if name != "NextToken"}
    try:
        return read_token(parameters.get("NextToken"), bound), bound
    except ValueError as bad_token:
        raise AwsError(refusal, str(bad_token)) from bad_token


def _digest(parameters: Mapping[str, Any]) -> str:
    text = json.dumps(parameters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
