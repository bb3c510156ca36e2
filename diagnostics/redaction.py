"""What may be kept of environment values, command lines and messages: everything that could be a secret is cut out.

A value is kept only when its name is on the allow-list *and* it does not look like a secret; names are always kept,
because "the service has no PORT" is a finding and a password's name is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

REDACTED = "[redacted]"
MAX_TEXT = 300
MAX_VALUE = 200
MAX_ARGUMENTS = 64
MAX_NAMES = 200
MAX_KNOWN_NAME, KNOWN_NAMES = 40, 4_096
SLACK_FACTOR = 8

_ALLOWED = re.compile(
    r"""(?:
        (?:[A-Z0-9]+_)*(?:PORT|HOST|HOSTNAME|BIND|LISTEN|(?:BIND|LISTEN|SERVER)_ADDR(?:ESS)?)
      | (?:[A-Z0-9]+_)*(?:KEEP_?ALIVE|KEEPALIVE)(?:_[A-Z]+)*
      | (?:[A-Z0-9]+_)*(?:TIMEOUT|TIMEOUT_MS|TIMEOUT_S|TIMEOUT_SECONDS|GRACE_PERIOD|SHUTDOWN_TIMEOUT)
      | (?:[A-Z0-9]+_)*(?:WORKERS?|THREADS?|CONCURRENCY|PROCESSES|MAX_REQUESTS|BACKLOG|MAX_CONNECTIONS|POOL_SIZE)
      | (?:[A-Z0-9]+_)*(?:BASE_PATH|CONTEXT_PATH|ROOT_PATH|HEALTH_?CHECK_PATH|HEALTH_PATH)
      | (?:[A-Z0-9]+_)*(?:LOG_LEVEL)
      | ASPNETCORE_URLS | DOTNET_URLS | ASPNETCORE_ENVIRONMENT
      | NODE_ENV | RAILS_ENV | RACK_ENV | APP_ENV | FLASK_ENV | DJANGO_SETTINGS_MODULE | SPRING_PROFILES_ACTIVE
      | JAVA_OPTS | JAVA_TOOL_OPTIONS | JDK_JAVA_OPTIONS | CATALINA_OPTS | NODE_OPTIONS | GUNICORN_CMD_ARGS
      | UVICORN_[A-Z_]+ | PUMA_[A-Z_]+ | WEB_CONCURRENCY | RAILS_MAX_THREADS | GOMAXPROCS | GOMEMLIMIT | GOGC
      | MALLOC_ARENA_MAX | UV_THREADPOOL_SIZE | TZ
    )\Z""",
    re.VERBOSE,
)
# Words that mark a secret wherever they stand in a name, and short ones that do so only on their own.
_TELLING = (
    r"pass(?:word|wd|phrase|code)|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credential|authorization"
    r"|signature|cookie|sess(?:ion)?[-_.]?id|conn(?:ection)?[-_.]?str(?:ing)?|bearer|[a-z0-9][-_.]key(?![a-z])"
    r"|(?:account|signing|encryption|master|shared)key|passwort|csrf|xsrf"
    r"|(?<![a-z])(?:(?:db|my|user|root|admin|smtp|ssh|require)?pass|pwd|pw|auth|dsn|sig|sid|jwt|otp|pin|creds?)(?![a-z])"
)
_TELLING_NAME = re.compile(_TELLING, re.IGNORECASE)
# A name and what introduces its value. Possessive, and only from the start of a word: linear whatever the text is.
_ASSIGNMENT = re.compile(
    r"""(?<![\w.\-])(?P<name>[\w.\-]++)(?P<sep>(?:\\++["']|["'])?+\]?+\s*+(?:[=-]>|:=|=++|:)\s*+|\s++)"""
)
# AWS's own sentences are full of colons that assign nothing: "secretsmanager:GetSecretValue", "registry auth: failed".
_ASSIGNMENT_IN_PROSE = re.compile(
    r"""(?<![\w.\-])(?P<name>[\w.\-]++)"""
    r"""(?P<sep>["']?\s*+(?:[=-]>|:=|=++)\s*+|["']\s*+:\s*+(?=["'])|(?<=word)\s*+:\s*+"""
    r"""|\\?+["']?\]?\s*+:\s++(?=[^\s:0-9]*+[0-9]))"""
)
_ASSIGNED = re.compile(
    r"""\\++"[^"]*+"?|\\++'[^']*+'?|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|\[[^\]]*+\]?|\{[^}]*+\}?"""
    # A separator inside of a value, unless the next name follows it.
    r"""|[^\s"',;&]++(?:[,;&"'](?!["']?[\w.\-]*+["']?\s*+[=:])[^\s"',;&]++)*+""",
    re.DOTALL,
)
# To the end of the line, or of the quotes around: their values hold spaces and separators of their own.
_HEADER_NAME = r"(?:(?:proxy-)?authorization|(?:set-)?cookie2?)"
_HEADER = re.compile(
    rf"""(?P<quote>["'])(?P<quoted>{_HEADER_NAME}\s*+:\s*+)(?:(?!(?P=quote))[^\r\n])++"""
    rf"""|(?<![\w-])(?P<name>{_HEADER_NAME}(?:(?:\\++)?["']\s*+[:,]|\s*+(?:=>|[:=]))\s*+)"""
    r"""(?:\\++"[^"]*+"?|"(?:[^"\\]|\\.)*+"?|'[^']*+'?|\[[^\]\r\n]*+\]?|[^\r\n]++)""",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"<(?P<name>[\w:.\-]{1,80})(?P<rest>\s[^<>]{0,200})?>[^<]++")
_SAID = re.compile(
    r"""\b(?P<said>(?:password|passwd|passphrase|token|api key|passcode|otp)\s++(?:(?:is|was)\s++)?)"""
    r"""(?:"[^"]++"|'[^']++'|(?!arn:)(?=[^\s"',;]*[0-9])[^\s"',;]{6,})""",
    re.IGNORECASE,
)
_SCHEMES = frozenset({"bearer", "basic", "digest", "token"})
_AUTH_SCHEME = re.compile(r"\b(Bearer|Basic|Digest|AWS4-HMAC-SHA256)\s+[^\s\"',;]{4,}", re.IGNORECASE)
_USERINFO = re.compile(
    r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.\-]{0,30}://)(?:[^\s\"'?#]{1,500}|[^\s\"'/:?#@]{0,100}:[^\s\"'/@]{1,300})@"
)
_BARE_USERINFO = re.compile(
    r"(?P<user>(?<![\w/.@:+%-])[\w.+%-]{1,64}:|\bjdbc:oracle:\w{1,20}:[\w.-]{1,64}/)[^\s\"'@:/]{1,128}@"
    r"(?=//|(?:tcp|unix)\(|(?!sha256:)[\w.-]{1,253}[:/])"
)
_SHORT_PASSWORD_FLAG = re.compile(r"(?P<flag>(?:^|\s)(?:-u[ =]?|--user[ =]))(?P<user>[^\s:]+):\S+")
_SSH_PASSWORD = re.compile(r"(?P<flag>\bsshpass\s+-p\s*)\S+")
_TOKENS = (
    (
        ("AKIA", "ASIA", "AIDA", "AROA", "ABIA", "ACCA"),
        re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{12,}\b"),
    ),
    (
        ("eyJ",),
        re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?|\beyJ[A-Za-z0-9_\-]{16,}"),
    ),
    (
        ("AIza", "whsec_", "npm_"),
        re.compile(r"\bAIza[A-Za-z0-9_\-]{30,}|\bwhsec_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{30,}"),
    ),
    (("SG.",), re.compile(r"\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}")),
    (
        ("hooks.slack.com/", "/api/webhooks/"),
        re.compile(r"(?<=hooks\.slack\.com/)[^\s\"'<>]{1,200}|(?<=/api/webhooks/)[^\s\"'<>]{1,200}"),
    ),
    (("xox", "xapp-"), re.compile(r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9\-]{8,}")),
    (
        ("gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-"),
        re.compile(r"\bgh[opsur]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b|\bglpat-[A-Za-z0-9_\-]{16,}"),
    ),
    (
        ("sk-", "sk_", "pk-", "pk_", "rk-", "rk_"),
        re.compile(r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_\-]{16,}"),
    ),
    (
        ("-----BEGIN",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY|\Z)", re.DOTALL
        ),
    ),
)
"""What always stands in a token, and the pattern of it: most texts hold none, and looking for words is quick."""
_NAMELESS_TOKENS = (
    # An AWS secret key. One may hold slashes, and so may the end of an ARN, which follows a colon.
    re.compile(r"(?<![A-Za-z0-9/+=_.:\-])(?=[A-Za-z0-9/+]{0,39}[0-9])(?=[A-Za-z0-9/+]{0,39}[a-z])"
               r"(?=[A-Za-z0-9/+]{0,39}[A-Z])[A-Za-z0-9+][A-Za-z0-9/+]{39}(?![A-Za-z0-9/+=_.\-])"),
    re.compile(r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])"
               r"[A-Za-z0-9+]{20}[A-Za-z0-9/+]{20,}={0,2}(?![A-Za-z0-9/+=])"),
)  # fmt: skip
_DATABASE_CLIENT = re.compile(r"\b(?:mysql|mariadb)")
_ATTACHED_PASSWORD = re.compile(r"(?P<flag>(?:^|\s)-p)(?=\S)[^\s]+")
_E_MAIL = re.compile(
    r"""(?<![\w.+%-])(?:[\w.+%-]{1,64}?|"[^"\s@]{0,30}(?: [^"\s@]{1,30})?")(?:@|%40)"""
    r"""(?:localhost\b|[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"""
)
_CARD = re.compile(r"(?<!\d)(?<![A-Za-z0-9]-)(?<![A-Za-z])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-])")
_QUERY = re.compile(
    r"""(?<=[\w/.)\]%*-])(?:\?(?!\u2026)|%3[Ff])(?=[^\s"<>])[^\s"<>]++|(?<=\s)\?(?=[^\s"<>=]{1,128}=)[^\s"<>]++"""
)
_PATH_SECRET = re.compile(
    r"""(?P<before>/[\w-]{0,30}(?:token|reset|passw|invit|verif|magic|confirm|activat|unsubscribe)[\w-]{0,30}/)"""
    r"""(?=[^\s"'/?;<>]*[0-9])[^\s"'/?;<>]{8,}""",
    re.IGNORECASE,
)
_HEADER_WORDS = ("authorization", "cookie")
_SCHEME_WORDS = ("bearer", "basic", "digest", "aws4-hmac-sha256")
_SAID_WORDS = ("password", "passwd", "passphrase", "token", "api key", "passcode", "otp")
_PATH_WORDS = ("token", "reset", "passw", "invit", "verif", "magic", "confirm", "activat", "unsubscribe")
_ENCODED_FAILURE = re.compile(r"Encoded authorization failure message:\s*\S+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What nobody sees would hide a secret's name from the patterns: colours, zero-width and direction characters.
_UNSEEN = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|[\x00\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def redact_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` on one line, without anything that looks like a secret, at most `limit` characters.

    The input is cut before the patterns run, generously, so that a huge text costs no time.
    """
    redacted = _without_assigned(_without_tokens(_bounded(text, limit)), _ASSIGNMENT)
    redacted = _without_said(redacted)
    if _DATABASE_CLIENT.search(redacted):
        redacted = _without_attached_password(redacted)
    return _one_line(redacted, limit)


def redact_prose(text: str, limit: int = MAX_TEXT) -> str:
    """Like `redact_text` for sentences that AWS wrote, in which a colon assigns nothing. People's own words may stand
    among them, such as the reason why they stopped a task."""
    bounded = _without_personal(_ENCODED_FAILURE.sub("", _bounded(text, limit)))
    redacted = _without_assigned(_without_tokens(bounded), _ASSIGNMENT_IN_PROSE)
    return _one_line(_without_said(redacted), limit)


def redact_log_line(text: str, limit: int = MAX_TEXT) -> str:
    """Like `redact_text` for a line that an application wrote: query strings, e-mail addresses and the numbers of
    payment cards go too, whatever they are called."""
    bounded = _bounded(text, limit)
    if _may_say(bounded, _PATH_WORDS):
        bounded = _PATH_SECRET.sub(lambda match: match["before"] + REDACTED, bounded)
    return redact_text(_without_personal(bounded), limit)


def without_query(address: str) -> str:
    """A web address that somebody pasted, without what may open a session."""
    return _QUERY.sub("?[redacted]", address)


def _bounded(text: str, limit: int) -> str:
    return _UNSEEN.sub("", text[: limit * SLACK_FACTOR])


def _without_personal(text: str) -> str:
    """Without query strings, numbers of payment cards and e-mail addresses."""
    # A password before a host looks like an e-mail address, of which the first half would stay.
    text = _without_userinfo(text)
    if "?" in text or "%3" in text:
        text = _QUERY.sub("?[redacted]", text)
    text = _CARD.sub(lambda match: REDACTED if _is_card_number(match[0]) else match[0], text)
    return _E_MAIL.sub(REDACTED, text) if "@" in text or "%40" in text else text


def _is_card_number(text: str) -> bool:
    """By the check digit of ISO/IEC 7812, which nine of ten other numbers of that length do not have."""
    digits = [int(character) for character in reversed(text) if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _without_tokens(text: str) -> str:
    for words, pattern in _TOKENS:
        if any(word in text for word in words):
            text = pattern.sub(REDACTED, text)
    for pattern in _NAMELESS_TOKENS:
        text = pattern.sub(REDACTED, text)
    if _may_say(text, _HEADER_WORDS):
        text = _HEADER.sub(_without_header_value, text)
    if _may_say(text, _SCHEME_WORDS):
        text = _AUTH_SCHEME.sub(lambda match: f"{match.group(1)} {REDACTED}", text)
    text = _without_userinfo(text)
    if "<" in text:
        text = _ELEMENT.sub(_without_element_text, text)
    if "sshpass" in text:
        text = _SSH_PASSWORD.sub(lambda match: match["flag"] + REDACTED, text)
    if "-u" not in text:
        return text
    return _SHORT_PASSWORD_FLAG.sub(lambda match: f"{match.group('flag')}{match.group('user')}:{REDACTED}", text)


def _may_say(text: str, words: Sequence[str]) -> bool:
    """Whether a pattern that ignores case, and every match of which holds one of these words, can match at all. Letters
    beyond ASCII may count as ASCII ones there (as the long s does), so that such texts are not judged."""
    if not text.isascii():
        return True
    lower = text.lower()
    return any(word in lower for word in words)


def _without_userinfo(text: str) -> str:
    if "@" not in text:
        return text
    text = _USERINFO.sub(lambda match: f"{match.group('scheme')}{REDACTED}@", text)
    return _BARE_USERINFO.sub(lambda match: f"{match.group('user')}{REDACTED}@", text)


def _without_header_value(match: re.Match[str]) -> str:
    return f"{match['quote']}{match['quoted']}{REDACTED}" if match["quote"] else match["name"] + REDACTED


def _without_element_text(match: re.Match[str]) -> str:
    return f"<{match['name']}{match['rest'] or ''}>{REDACTED}" if is_secret_name(match["name"]) else match[0]


def _without_assigned(text: str, assignment: re.Pattern[str]) -> str:
    kept: list[str] = []
    position = 0
    while found := assignment.search(text, position):
        kept.append(text[position : found.end()])
        position = found.end()
        name, separator = found["name"], found["sep"]
        # In prose ("the security token included") only `=`, `:` or a flag introduces a value.
        if (name.startswith("-") or not separator.isspace()) and is_secret_name(name):
            value = _ASSIGNED.match(text, position)
            if value and value.end() > position:
                kept.append(REDACTED)
                position = value.end()
    return "".join(kept) + text[position:]


def _without_said(text: str) -> str:
    return _SAID.sub(lambda match: match["said"] + REDACTED, text) if _may_say(text, _SAID_WORDS) else text


def _without_attached_password(text: str) -> str:
    return _ATTACHED_PASSWORD.sub(lambda match: f"{match.group('flag')}{REDACTED}", text)


def _one_line(text: str, limit: int) -> str:
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def redact_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """A command line argument by argument; the value after a flag such as ``--password`` goes too."""
    kept: list[str] = []
    before = ""
    bounded = [argument[: MAX_TEXT * SLACK_FACTOR] for argument in arguments[:MAX_ARGUMENTS]]
    database_client = any(_DATABASE_CLIENT.search(argument) for argument in bounded)
    for argument in bounded:
        if _announces_secret(before) and not argument.startswith("--"):
            kept.append(argument if argument.lower() in _SCHEMES else REDACTED)
        elif before in {"-u", "--user"} and ":" in argument:
            kept.append(f"{redact_text(argument.partition(':')[0])}:{REDACTED}")
        else:
            redacted = redact_text(argument)
            kept.append(_without_attached_password(redacted) if database_client else redacted)
        before = argument
    if len(arguments) > MAX_ARGUMENTS:
        kept.append("…")
    return tuple(kept)


def _announces_secret(argument: str) -> bool:
    """Whether the next argument is a secret: after ``--password``, ``Authorization:`` or ``Bearer``."""
    if argument.lower() in _SCHEMES:
        return True
    is_open = (argument.startswith("-") and "=" not in argument) or argument.endswith((":", "="))
    return is_open and is_secret_name(argument)


def is_secret_name(name: str) -> bool:
    """Whether something with this name (a variable, a flag, a request parameter) is likely to hold a secret."""
    return _tells(name) if len(name) <= MAX_KNOWN_NAME else bool(_TELLING_NAME.search(name))


@lru_cache(KNOWN_NAMES)
def _tells(name: str) -> bool:
    """The words of logs come again and again."""
    return bool(_TELLING_NAME.search(name))


def redact_tag(name: str, value: str) -> str:
    """The value of a tag of AWS: whoever may look at a resource reads it, and people keep tokens there all the same."""
    return REDACTED if value and is_secret_name(name) else redact_prose(value)


def is_allowed_name(name: str) -> bool:
    """Whether the value of an environment variable with this name may be kept."""
    return bool(_ALLOWED.match(name)) and not is_secret_name(name)


def allowed_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Allow-listed variables with their redacted, bounded values."""
    return {name: redact_text(value, MAX_VALUE) for name, value in values.items() if is_allowed_name(name)}


def bounded_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of variables, each once and bounded."""
    return tuple(dict.fromkeys(redact_text(name, MAX_VALUE) for name in names))[:MAX_NAMES]
