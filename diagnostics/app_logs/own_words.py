"""What a program says itself, apart from what it repeats of a request.

Whoever sends a request chooses its path, its headers and its user name, and programs log them. A user agent that reads
like a server's last words must not be taken for one.
"""

from __future__ import annotations

import re

_METHODS = r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)"
_QUOTED = r'"(?:[^"\\]|\\.)*+"?'
_OF_A_REQUEST = (
    r"(?:user[-_ ]?agent|refer+er|request(?:[-_ ](?:line|uri|url|path))?|ur[il]|path|query(?:[-_ ]?string)?|args"
    r"|cookies?|http[-_]host|x[-_]forwarded[-_]\w{1,10}|remote[-_]user)"
)
# Common and combined log format: what stands before the request holds a user's name, what follows is all the client's.
_ACCESS_LINE = re.compile(
    r"""[^"]*+(?P<request>"[A-Z]{3,10} (?:[^"\\]|\\.)*+"|(?<=\] )"(?:[^"\\]|\\.)*+") """
    r"(?P<status>[1-5][0-9]{2}) (?P<rest>.*)\Z",
    re.DOTALL,
)
_RAW_TLS = re.compile(r'"\\x16\\x03')
_PROTOCOL = re.compile(r' HTTP/[0-9.]{1,3}"\Z')
_REPEATED = re.compile(
    rf"""(?P<name>["']?(?<![\w.])[\w.-]{{0,40}}?{_OF_A_REQUEST}(?:\\?["'])?\s?[:=]\s?)"""
    rf"""(?!"\\x16\\x03)(?:\\"[^"]*+"?|{_QUOTED}|'(?:[^'\\]|\\.)*+'?|[^\s"',]++)""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(?P<name>\b(?:user-agent|referer|cookie|x-forwarded-for): ?)[^\r\n\"']++", re.IGNORECASE)
_HOST = re.compile(r"""(?P<name>\bhost: |HTTP_HOST header: )(?:"[^"]*+"?|'[^']*+'?)""")
_CAPTURED_BY_HAPROXY = re.compile(r"""(?<=[0-9] )(?:\{[^{}]*+\} ){1,2}(?=")""")
_METHOD_AND_PATH = re.compile(rf"(?P<method>\b{_METHODS}\s{{1,10}})(?:{_QUOTED}|'[^']*+'?|\S++)")
_REFUSED_PATH = re.compile(r"(?P<said>(?:Not Found|Forbidden|Bad Request|Unauthorized|Not Allowed)[^:\s]{0,20}: )/\S*+")
_PATH_OF_URL = re.compile(r"(?P<place>https?://[^\s/\"'?#]{1,300})[/?#][^\s\"']*+")


def own_words(text: str) -> str:
    """`text` with everything that a client chose left out; lines of one request keep their form."""
    entry = _ACCESS_LINE.match(text)
    if entry:
        rest = re.sub(_QUOTED, '""', entry["rest"])
        return f"{_bare(entry['request'])} {entry['status']} {rest}"
    text = _CAPTURED_BY_HAPROXY.sub("", text)
    text = _HEADER.sub(r"\g<name>-", _HOST.sub(r"\g<name>'-'", text))
    text = _REPEATED.sub(r"\g<name>-", text)
    text = _REFUSED_PATH.sub(r"\g<said>/", _METHOD_AND_PATH.sub(r"\g<method>/", text))
    return _PATH_OF_URL.sub(r"\g<place>", text)


def _bare(request: str) -> str:
    """The request line with nothing but its method and protocol; the first bytes of TLS stay, which are no words."""
    if _RAW_TLS.match(request):
        return r'"\x16\x03"'
    method = request[1:].partition(" ")[0]
    protocol = _PROTOCOL.search(request)
    return f'"{method if re.fullmatch(_METHODS, method) else "-"} /{protocol[0] if protocol else chr(34)}'
