"""Lines to test with: well-formed, of every kind, and hostile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from diagnostics.access_logs.row import FIELDS
from diagnostics.access_logs.scope import Scope

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/0123456789abcdef"
OTHER_GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/search/fedcba9876543210"
START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
SCOPE = Scope(
    START, START + timedelta(hours=1), (GROUP,), zones={"10.0.1.11": "us-east-1a", "2001:db8::5": "us-east-1b"}
)
QUOTED = frozenset(
    {
        *("request", "user_agent", "trace_id", "domain_name", "chosen_cert_arn", "actions_executed", "redirect_url"),
        *("error_reason", "target_port_list", "target_status_code_list", "classification", "classification_reason"),
        *("transformed_host", "transformed_uri", "request_transform_status"),
    }
)
GOOD = {
    "type": "https",
    "time": "2026-03-14T03:12:04.186641Z",
    "elb": "app/shop/50dc6c495c0c9188",
    "client": "203.0.113.24:2817",
    "target": "10.0.1.11:8080",
    "request_processing_time": "0.001",
    "target_processing_time": "0.041",
    "response_processing_time": "0.000",
    "elb_status_code": "200",
    "target_status_code": "200",
    "received_bytes": "312",
    "sent_bytes": "5200",
    "request": "GET https://shop.example.com:443/cart/items/4711?voucher=s3cret HTTP/1.1",
    "user_agent": "curl/8.14.1",
    "ssl_cipher": "TLS_AES_128_GCM_SHA256",
    "ssl_protocol": "TLSv1.3",
    "target_group_arn": GROUP,
    "trace_id": "Root=1-69b4cf2f-5444d43dd64addea8af9501a",
    "domain_name": "shop.example.com",
    "chosen_cert_arn": "session-reused",
    "matched_rule_priority": "10",
    "request_creation_time": "2026-03-14T03:12:04.144000Z",
    "actions_executed": "forward",
    "redirect_url": "-",
    "error_reason": "-",
    "target_port_list": "10.0.1.11:8080",
    "target_status_code_list": "200",
    "classification": "-",
    "classification_reason": "-",
    "conn_trace_id": "TID_a6423a58ac9b0cf75b9ebe7138987691",
    "transformed_host": "-",
    "transformed_uri": "-",
    "request_transform_status": "-",
    "ip_address": "10.0.1.7",
}


def line(fields: int = len(FIELDS), extra: tuple[str, ...] = (), changes: Mapping[str, str] = GOOD, **more: str) -> str:
    """A line with these fields changed, the first `fields` of it, and `extra` behind them."""
    values = {**GOOD, **changes, **more}
    texts = [_shown(name, values[name]) for name in FIELDS[:fields]]
    return " ".join((*texts, *extra))


def _shown(name: str, text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if name in QUOTED else text


_TIMES = st.sampled_from(["-1", "0.000", "0.004", "0.041", "29.998", "60.001", "-", "-1.0", "", "1e3", "nan", "5"])
_STAMPS = st.sampled_from(
    [
        *("2026-03-14T03:12:04.186641Z", "2026-03-14T03:11:54.100000Z", "2026-03-14T03:11:03.999999Z"),
        *("2026-03-14T03:59:59.999999Z", "2026-03-14T04:00:00.000000Z", "2026-03-14T02:59:59.999999Z"),
        *("2026-03-14T03:12", "2026-02-30T03:12:04.186641Z", "2026-03-14T03:xx:04.186641Z", "-", "yesterday"),
    ]
)
_ODD_TEXT = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=12)
_CHANGES: dict[str, st.SearchStrategy[str]] = {
    "time": _STAMPS,
    "request_creation_time": _STAMPS,
    "client": st.sampled_from(["203.0.113.24:2817", "[2001:db8::1]:443", "-", "203.0.113.24", "é:1"]),
    "target": st.sampled_from(["10.0.1.11:8080", "[2001:db8::5]:9000", "-", "", "10.0.1.12:8080"]),
    "request_processing_time": _TIMES,
    "target_processing_time": _TIMES,
    "response_processing_time": _TIMES,
    "elb_status_code": st.sampled_from(
        [
            *("200", "302", "400", "401", "403", "404", "408", "460", "463", "464", "499", "500", "501", "502", "503"),
            *("504", "561", "562", "600", "099", "1e2", "-", "", "50", "5021", "\u0663\u0664\u0665"),
        ]
    ),
    "target_status_code": st.sampled_from(["-", "200", "404", "502", "503", "504", "", "2e2", "0"]),
    "type": st.sampled_from(["http", "https", "h2", "grpcs", "ws", "wss"]),
    "request": st.one_of(
        st.sampled_from(
            [
                "- http://10.0.0.30:80- -",
                "GET https://shop.example.com:443/a/1/22/v2/b HTTP/1.1",
                "GET https://shop.example.com:443/ HTTP/1.1",
                "GET https://shop.example.com:443//double//slash/7/ HTTP/1.1",
                "POST http://[2001:db8::1]:80/login?password=hunter2 HTTP/1.1",
                "GET https://x:443/u/jane@example.com;jsessionid=1/aaaaaaaaaaaaaaaaaaaaaaaa# HTTP/2.0",
                'GET https://shop.example.com:443/"quoted" HTTP/1.1',
                "GET wss://shop.example.com:443/socket/123456 HTTP/1.1",
                "",
            ]
        ),
        _ODD_TEXT,
        _ODD_TEXT.map(lambda text: f"GET https://shop.example.com:443/{text} HTTP/1.1"),
    ),
    "user_agent": st.one_of(_ODD_TEXT, st.sampled_from(['"', "\\", '\\"', "a\\x22b", "-", "", 'say "hi" twice'])),
    "target_group_arn": st.sampled_from([GROUP, OTHER_GROUP, "-"]),
    "trace_id": st.one_of(st.just("-"), st.integers(0, 2**32).map(lambda number: f"Root=1-69b4cf2f-{number:024x}")),
    "matched_rule_priority": st.sampled_from(["10", "0", "-1", "-"]),
    "actions_executed": st.sampled_from(
        [
            "forward",
            "waf,forward",
            "waf",
            "waf-failed",
            "fixed-response",
            "authenticate,forward",
            "authenticate",
            "-",
            "",
        ]
    ),
    "error_reason": st.sampled_from(
        [
            "-",
            "",
            "LambdaInvalidResponse",
            "AuthInvalidCookie",
            "JWKSRequestFailed",
            "JWOther",
            "WAFServiceError",
            "New",
        ]
    ),
    "request_transform_status": st.sampled_from(["-", "", "TransformSuccess", "TransformReplaceError"]),
}


@st.composite
def rows(draw: st.DrawFn) -> bytes:
    """A line of the documented form with any mixture of values."""
    names = draw(st.sets(st.sampled_from(sorted(_CHANGES)), max_size=8))
    changes = {name: draw(_CHANGES[name]) for name in sorted(names)}
    fields = draw(st.sampled_from([25, 29, 30, 33, 34, 34, 34, 24, 12, 1]))
    extra = (
        draw(st.lists(st.sampled_from(["-", '"-"', '"a b"', "", "x"]), max_size=30)) if fields == len(FIELDS) else []
    )
    text = line(fields, tuple(extra), changes)
    return text.replace("\r", "").encode() if draw(st.booleans()) else text.encode()


_BREAKS = st.sampled_from(
    [b'"', b'""', b"\\", b"\\n", b"\r", b"\0", b"\xff", b"\xe9", b" ", b"\t", b"\xef\xbb\xbf", b"'", b"\x01"]
)


@st.composite
def hostile_lines(draw: st.DrawFn) -> bytes:
    """A line that was cut, that has something where it does not belong, or that never was a line of a log."""
    text = draw(rows())
    match draw(st.integers(0, 3)):
        case 0:
            return text[: draw(st.integers(0, len(text)))]
        case 1:
            at = draw(st.integers(0, len(text)))
            return text[:at] + draw(_BREAKS) + text[at:]
        case 2:
            at = draw(st.integers(0, max(0, len(text) - 1)))
            return text[:at] + draw(_BREAKS) + text[at + 1 :]
        case _:
            return draw(st.binary(max_size=60)).replace(b"\n", b"")


def logs(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Files of a few lines."""
    return st.lists(lines, max_size=12)
