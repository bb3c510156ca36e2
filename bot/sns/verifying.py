"""Whether SNS itself signed a message: its certificate, fetched from SNS and kept, and the signature.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import urllib3
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from bot.sns.envelope import Envelope, NotFromSnsError

MAX_AGE: Final = timedelta(hours=1)
"""SNS tries again for an hour: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html"""
MAX_AHEAD: Final = timedelta(minutes=5)
KEEP_CERTIFICATE: Final = timedelta(days=1)
MAX_CERTIFICATES: Final = 32
MAX_FETCHES: Final = 20
A_WHILE: Final = timedelta(minutes=1)
"""Whoever sends forged messages that name ever new certificates cannot have the bot fetch more than so many."""
MAX_CERTIFICATE_BYTES: Final = 64 * 1024
FETCH_S: Final = urllib3.Timeout(connect=2.0, read=3.0)
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - what SNS signs with

Fetch = Callable[[str], bytes]


class UnreachableSnsError(Exception):
    """SNS could not be asked; it will deliver again."""


class Verifier:
    """Keeps certificates for a day. `fetch` gets what stands at a URL that was checked to be one of SNS."""

    def __init__(self, fetch: Fetch | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._fetch = fetch or fetched
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, RSAPublicKey]] = {}
        self._fetches: list[datetime] = []

    def check(self, envelope: Envelope) -> None:
        """Returns if SNS signed it within the last hour.

        Raises `NotFromSnsError` if not, and `UnreachableSnsError` when that cannot be told now.
        """
        now = self._now()
        if not now - MAX_AGE <= envelope.at <= now + MAX_AHEAD:
            raise NotFromSnsError(f"signed at {envelope.at:%Y-%m-%d %H:%M:%S} UTC, which is too long ago or to come")
        try:
            signature = base64.b64decode(envelope.signature, validate=True)
        except (binascii.Error, ValueError):
            raise NotFromSnsError("Signature is no base64") from None
        key = self._key(envelope.certificate_url, now)
        try:
            key.verify(signature, envelope.signed, PKCS1v15(), _HASHES[envelope.version])
        except InvalidSignature:
            raise NotFromSnsError("the signature is wrong") from None

    def _key(self, url: str, now: datetime) -> RSAPublicKey:
        with self._lock:
            kept = self._kept.get(url)
            if kept is not None and now - kept[0] < KEEP_CERTIFICATE:
                return kept[1]
            self._fetches = [at for at in self._fetches if now - at < A_WHILE]
            if len(self._fetches) >= MAX_FETCHES:
                raise UnreachableSnsError("certificates were asked for too often")
            self._fetches.append(now)
        key = _public_key(self._fetch(url), now)
        with self._lock:
            if len(self._kept) >= MAX_CERTIFICATES:
                del self._kept[min(self._kept, key=lambda url: self._kept[url][0])]
            self._kept[url] = now, key
        return key


def fetched(url: str) -> bytes:
    """What stands there, without following a redirect to somewhere else. Raises `UnreachableSnsError`."""
    with urllib3.PoolManager(num_pools=1, timeout=FETCH_S, retries=False) as pool:
        try:
            answer = pool.request("GET", url, redirect=False, preload_content=False)
            content = answer.read(MAX_CERTIFICATE_BYTES)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableSnsError(type(error).__name__) from error
    if answer.status != 200:
        raise UnreachableSnsError(f"status {answer.status}")
    return content


def _public_key(pem: bytes, now: datetime) -> RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except ValueError:
        raise NotFromSnsError("what stands at SigningCertURL is no certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise NotFromSnsError("the certificate has no RSA key")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise NotFromSnsError("the certificate is not valid at this time")
    return key
