"""Messages at `POST /alarms/sns`: from SNS, from somebody who would like to be SNS, and again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sns.envelope import Envelope
from bot.sns.receiving import LATER, REFUSED, TAKEN, UNREADABLE, NotTakenError, Receiver
from bot.sns.verifying import A_WHILE, KEEP_CERTIFICATE, MAX_FETCHES, UnreachableSnsError, Verifier
from tests.bot.sns.sender import CERTIFICATE, NOW, TOPIC, Sender


class Shelf:
    """An inbox that remembers ids."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    def take(self, envelope: Envelope) -> bool:
        if any(one.id == envelope.id for one in self.taken):
            return False
        self.taken.append(envelope)
        return True


class FullShelf:
    def take(self, envelope: Envelope) -> bool:
        raise NotTakenError("no room")


@pytest.fixture(scope="module")
def sns() -> Sender:
    return Sender()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def confirmed() -> list[str]:
    return []


@pytest.fixture
def receiver(sns: Sender, shelf: Shelf, confirmed: list[str]) -> Receiver:
    return Receiver([TOPIC], shelf, Verifier(sns.fetch, lambda: NOW), confirmed.append)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": 'ALARM: "checkout" in US East'}])
def test_both_kinds_of_signature_with_and_without_a_subject(
    receiver: Receiver, sns: Sender, shelf: Shelf, version: str, subject: dict[str, str]
) -> None:
    assert receiver.receive(sns.message(version=version, **subject)) == TAKEN
    assert [one.message for one in shelf.taken] == ["hello"]


def test_the_same_message_again_counts_once(receiver: Receiver, sns: Sender, shelf: Shelf) -> None:
    assert [receiver.receive(sns.message()) for _ in range(2)] == [TAKEN, TAKEN]
    assert len(shelf.taken) == 1


@pytest.mark.parametrize(
    "member",
    ["Message", "MessageId", "Timestamp", "Signature", "SigningCertURL", "SignatureVersion", "TopicArn", "Type"],
)
def test_a_message_that_was_changed_on_the_way_is_refused(
    receiver: Receiver, sns: Sender, shelf: Shelf, member: str
) -> None:
    message = json.loads(sns.message())
    other = {
        "Timestamp": "2026-03-14T03:13:31.000Z",
        "SignatureVersion": "1",
        "Type": "UnsubscribeConfirmation",
        "TopicArn": TOPIC + "s",
        "SigningCertURL": CERTIFICATE.replace("us-east-1", "eu-west-1"),
        "Signature": "AAAA",
    }
    message[member] = other.get(member, message[member] + "!")
    assert receiver.receive(json.dumps(message).encode()) in {REFUSED, UNREADABLE}
    assert not shelf.taken


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-0.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com/../SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com/other.pem",
        "https://s3.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://[::1]/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com.evil/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com\t.evil/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-0.pem",
        "https://evil.example\\@sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        " https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem\r\nHost: evil.example",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem?x=1",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem#@evil.example",
        "https://sn\u017f.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.us-east-1.amazonaws.com\u3002evil/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://2852039166/SimpleNotificationService-0.pem",
        "https://[::ffff:169.254.169.254]/SimpleNotificationService-0.pem",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(
    receiver: Receiver, sns: Sender, shelf: Shelf, url: str
) -> None:
    fetched = len(sns.fetched)
    assert receiver.receive(sns.message(SigningCertURL=url)) == UNREADABLE
    assert len(sns.fetched) == fetched
    assert not shelf.taken


def test_somebody_elses_topic_costs_no_look_up(receiver: Receiver, sns: Sender, shelf: Shelf) -> None:
    fetched = len(sns.fetched)
    assert receiver.receive(sns.message(TopicArn="arn:aws:sns:us-east-1:444455556666:alerts")) == REFUSED
    assert len(sns.fetched) == fetched
    assert not shelf.taken


@pytest.mark.parametrize("at", ["2026-03-14T02:13:59.000Z", "2026-03-14T03:19:01.000Z", "2025-03-14T03:13:30.000Z"])
def test_an_old_message_cannot_be_played_again(receiver: Receiver, sns: Sender, shelf: Shelf, at: str) -> None:
    assert receiver.receive(sns.message(Timestamp=at)) == REFUSED
    assert not shelf.taken


def test_a_certificate_that_ran_out_is_refused(shelf: Shelf) -> None:
    sns = Sender(valid_for=timedelta(seconds=-1))
    assert Receiver([TOPIC], shelf, Verifier(sns.fetch, lambda: NOW)).receive(sns.message()) == REFUSED


def test_another_key_under_the_same_name_is_refused(receiver: Receiver, shelf: Shelf) -> None:
    assert receiver.receive(Sender().message()) == REFUSED
    assert not shelf.taken


def test_the_certificate_is_fetched_once_a_day(shelf: Shelf) -> None:
    sns, clock = Sender(), [NOW]
    receiver = Receiver([TOPIC], shelf, Verifier(sns.fetch, lambda: clock[0]))
    assert [receiver.receive(sns.message()) for _ in range(3)] == [TAKEN] * 3
    assert len(sns.fetched) == 1
    clock[0] += KEEP_CERTIFICATE
    late = (clock[0] - timedelta(minutes=1)).isoformat()
    assert receiver.receive(sns.message(Timestamp=late)) == TAKEN
    assert len(sns.fetched) == 2


def test_forged_messages_cannot_have_certificates_fetched_without_end(sns: Sender, shelf: Shelf) -> None:
    clock = [NOW]

    def nothing_there(url: str) -> bytes:
        sns.fetched.append(url)
        raise UnreachableSnsError("status 404")

    receiver, before = Receiver([TOPIC], shelf, Verifier(nothing_there, lambda: clock[0])), len(sns.fetched)
    forged = [
        sns.message(SigningCertURL=CERTIFICATE.replace(".pem", f"{number}.pem")) for number in range(MAX_FETCHES + 5)
    ]
    assert {receiver.receive(one) for one in forged} == {LATER}
    assert len(sns.fetched) - before == MAX_FETCHES
    clock[0] += A_WHILE
    receiver.receive(forged[0])
    assert len(sns.fetched) - before == MAX_FETCHES + 1


def test_only_configured_topics_are_subscribed_to(receiver: Receiver, sns: Sender, confirmed: list[str]) -> None:
    assert receiver.receive(sns.message("SubscriptionConfirmation")) == TAKEN
    assert confirmed == ["https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"]
    other = sns.message("SubscriptionConfirmation", TopicArn="arn:aws:sns:us-east-1:444455556666:alerts")
    assert receiver.receive(other) == REFUSED
    elsewhere = sns.message("SubscriptionConfirmation", SubscribeURL="https://evil.example/?Action=ConfirmSubscription")
    assert receiver.receive(elsewhere) == UNREADABLE
    assert len(confirmed) == 1


def test_what_cannot_be_kept_or_checked_now_comes_again(sns: Sender, shelf: Shelf) -> None:
    def unreachable(_: str) -> bytes:
        raise UnreachableSnsError("no route")

    assert Receiver([TOPIC], FullShelf(), Verifier(sns.fetch, lambda: NOW)).receive(sns.message()) == LATER
    assert Receiver([TOPIC], shelf, Verifier(unreachable, lambda: NOW)).receive(sns.message()) == LATER
    assert not shelf.taken


@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_answered(body: bytes) -> None:
    shelf = Shelf()
    assert Receiver([TOPIC], shelf, Verifier(lambda _: b"", lambda: NOW)).receive(body) == UNREADABLE


@given(content=st.binary(max_size=100))
def test_anything_may_stand_where_the_certificate_should(content: bytes) -> None:
    shelf = Shelf()
    receiver = Receiver([TOPIC], shelf, Verifier(lambda _: content, lambda: NOW))
    assert receiver.receive(_ANY.message()) == REFUSED


_ANY = Sender()
