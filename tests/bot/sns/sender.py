"""SNS as far as signatures go: a key of its own, a certificate for it, and messages that are signed with it.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:us-east-1:111122223333:alerts"
CERTIFICATE = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
NOW = datetime(2026, 3, 14, 3, 14, tzinfo=UTC)
_NAMES = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@dataclass
class Sender:
    """`fetch` serves the certificate and counts how often it was asked for."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    valid_for: timedelta = timedelta(days=30)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return self.certificate()

    def certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + self.valid_for)
            .sign(self.key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )

    def message(self, kind: str = "Notification", *, version: str = "2", **members: str) -> bytes:
        """A signed message; members that are given replace those that it usually has."""
        found = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "hello",
            "Timestamp": "2026-03-14T03:13:30.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
        }
        if kind == "SubscriptionConfirmation":
            found |= {
                "Token": "2336412f37",
                "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
            }
        found |= members
        covered = "".join(f"{name}\n{found[name]}\n" for name in _NAMES[kind] if name in found)
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - what SNS signs with
        signature = self.key.sign(covered.encode(), PKCS1v15(), digest)
        return json.dumps(found | {"Signature": base64.b64encode(signature).decode()}).encode()
