"""Half a character in an answer of AWS is a replacement character, wherever it stands; whole ones stay."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.aws_access import AccessLimits, Account
from diagnostics.aws_access.characters import without_halves
from diagnostics.aws_access.sessions import Sessions

HALVES = st.text(
    st.sampled_from(["\ud800", "\udfff", "\ud83d", "\ude00", "\U0001f600", "a", "\\", '"', "é"]), max_size=12
)


def read(body: bytes) -> Any:
    response: dict[str, Any] = {"body": body}
    without_halves(response_dict=response, operation_model=None)
    return json.loads(response["body"])


@given(HALVES)
def test_every_text_can_be_written_down_afterwards(text: str) -> None:
    outer = read(json.dumps({"event": json.dumps({"agent": text})}).encode())
    outer["event"].encode()
    json.loads(outer["event"])["agent"].encode()
    read(json.dumps([text]).encode())[0].encode()


def test_whole_characters_stay_and_what_is_no_text_is_left_alone() -> None:
    text = "deploy \U0001f680 é \ufffd"
    outer = read(json.dumps({"event": json.dumps({"agent": text})}).encode())
    assert json.loads(outer["event"])["agent"] == text
    without_halves(response_dict={"body": None})


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


def test_every_client_reads_so(monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    session = botocore.session.get_session()
    monkeypatch.setattr(botocore.session, "get_session", lambda: session)
    body = json.dumps({"taskArns": ["arn:\ud800"]}).encode()
    session.register(
        "before-send", lambda request, **_: AWSResponse(request.url, 200, {}, _Raw(body)), unique_id="fake"
    )
    client = Sessions(AccessLimits(attempts=1), "test").client(Account(id="1", name="", regions=()), "us-east-1", "ecs")
    assert client.list_tasks()["taskArns"] == ["arn:\ufffd"]
