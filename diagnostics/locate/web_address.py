"""URLs and DNS names as people type them, and the host names that AWS gives to load balancers."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from diagnostics.locate.wanted import Unusable, WebAddress

MAX_HOST_CHARS: Final = 253
SCHEMES: Final[dict[str, Literal["http", "https"]]] = {"http": "http", "ws": "http", "https": "https", "wss": "https"}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_TOP_LABEL = re.compile(r"[a-z][a-z0-9-]*")
_KEPT_IN_PATH = "/%:@!$&'()*+,;=~-._"
_ELB_REGION_FIRST = re.compile(
    r"(?:dualstack\.)?(?:internal-)?[a-z0-9-]+-[0-9]+\.(?P<region>[a-z0-9-]+)\.elb\.amazonaws\.com(?:\.cn)?"
)
_ELB_REGION_LAST = re.compile(
    r"(?:dualstack\.)?(?:internal-)?[a-z0-9-]+-[0-9a-f]+\.elb\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
)
_NOT_A_LOAD_BALANCER: Final = (
    (".cloudfront.net", "a CloudFront distribution"),
    (".cloudfront.cn", "a CloudFront distribution"),
    (".awsglobalaccelerator.com", "a Global Accelerator"),
    (".execute-api.", "an API Gateway"),
    (".lambda-url.", "a Lambda function URL"),
    (".awsapprunner.com", "an App Runner service"),
    (".s3-website", "an S3 website"),
)


def has_scheme(words: str) -> bool:
    return _URL.match(words) is not None


def read_url(words: str) -> WebAddress | Unusable:
    """Take a URL apart. A password in it is refused and never repeated."""
    typed = _URL.match(words)
    scheme = SCHEMES.get(typed["scheme"].lower()) if typed else None
    if scheme is None:
        return Unusable("Only http and https addresses lead to an application load balancer.")
    return _read(words, scheme)


def read_host(words: str) -> WebAddress | Unusable | None:
    """A DNS name, with port and path or without; None when the words do not look like one (no dot, odd characters)."""
    host = re.split(r"[/?#]", words, maxsplit=1)[0]
    if "@" in host and "." in host.rpartition("@")[2]:
        return _userinfo()
    name = host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
    if _is_ip_address(name):
        return _ip_address()
    ascii_name = to_ascii(name)
    if ascii_name is None or "." not in ascii_name or not _TOP_LABEL.fullmatch(ascii_name.rpartition(".")[2]):
        return None
    return _read(f"//{words}", None)


def to_ascii(host: str) -> str | None:
    """Lower-case ASCII form of a host name (IDNA for others than English letters), without a final dot."""
    try:
        name = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        return None
    name = name.removesuffix(".")
    if not 0 < len(name) <= MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        return None
    return name


def region_in(host: str) -> str | None:
    """The region in the DNS name that AWS gave to a load balancer; None for any other name.

    Application and classic load balancers are called ``[internal-]name-digits.region.elb.amazonaws.com``, network and
    gateway load balancers ``name-hex.elb.region.amazonaws.com``; in China ``.cn`` follows, and ``dualstack.`` may come
    before. Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    found = _ELB_REGION_FIRST.fullmatch(host) or _ELB_REGION_LAST.fullmatch(host)
    return found["region"] if found else None


def other_front(host: str) -> str | None:
    """What AWS service a host name belongs to, when that is surely no load balancer."""
    padded = f".{host}"
    return next((what for part, what in _NOT_A_LOAD_BALANCER if part in padded), None)


def _read(words: str, scheme: Literal["http", "https"] | None) -> WebAddress | Unusable:
    try:
        parts = urlsplit(words)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        return Unusable("This address cannot be read: the host must be a DNS name and the port a number up to 65535.")
    if "@" in parts.netloc:
        return _userinfo()
    if _is_ip_address(host):
        return _ip_address()
    ascii_host = to_ascii(host)
    if ascii_host is None or port == 0:
        return Unusable("This address has no valid host name: type it like https://shop.example.com/cart.")
    return WebAddress(ascii_host, scheme, port, quote(parts.path or "/", safe=_KEPT_IN_PATH), parts.query or None)


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _ip_address() -> Unusable:
    return Unusable("A load balancer's IP addresses change: type its name or the DNS name that people use.")


def _userinfo() -> Unusable:
    return Unusable("This address holds a user name or password: type it without, and change that password.")
