"""What may be kept of environment values, command lines and messages: everything that could be a secret is cut out.

A value is kept only when its name is on the allow-list *and* it does not look like a secret; names are always kept,
because "the service has no PORT" is a finding and a password's name is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

REDACTED = "[redacted]"
MAX_TEXT = 300
MAX_VALUE = 200
MAX_ARGUMENTS = 64
MAX_NAMES = 200
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
    r"|signature|cookie|session[-_.]?id|conn(?:ection)?[-_.]?str(?:ing)?|bearer|[a-z0-9][-_.]key(?![a-z])"
    r"|(?<![a-z])(?:pass|pwd|auth|dsn|sig)(?![a-z])"
)
_TELLING_NAME = re.compile(_TELLING, re.IGNORECASE)
# A name and what introduces its value. Possessive, and only from the start of a word: linear whatever the text is.
_ASSIGNMENT = re.compile(r"""(?<![\w.\-])(?P<name>[\w.\-]++)(?P<sep>["']?\s*+[=:]\s*+|\s++)""")
# AWS's own sentences are full of colons that assign nothing: "secretsmanager:GetSecretValue", "registry auth: failed".
_ASSIGNMENT_IN_PROSE = re.compile(r"""(?<![\w.\-])(?P<name>[\w.\-]++)(?P<sep>["']?\s*+=\s*+|["']\s*+:\s*+(?=["']))""")
_ASSIGNED = re.compile(r"""\\?"[^"]*+"?|\\?'[^']*+'?|[^\s"',;&]++""")
_SCHEMES = frozenset({"bearer", "basic", "digest", "token"})
_AUTH_SCHEME = re.compile(r"\b(Bearer|Basic|Digest|AWS4-HMAC-SHA256)\s+[^\s\"',;]{4,}", re.IGNORECASE)
_USERINFO = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.\-]*://)[^\s\"'?#]+@")
_SHORT_PASSWORD_FLAG = re.compile(r"(?P<flag>(?:^|\s)(?:-u|--user)[ =])(?P<user>[^\s:]+):\S+")
_TOKENS = (
    re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{12,}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"),
    re.compile(r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9\-]{8,}"),
    re.compile(r"\bgh[opsur]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b|\bglpat-[A-Za-z0-9_\-]{16,}"),
    re.compile(r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_\-]{16,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])"
               r"[A-Za-z0-9+]{20}[A-Za-z0-9/+]{20,}={0,2}(?![A-Za-z0-9/+=])"),
)  # fmt: skip
_DATABASE_CLIENT = re.compile(r"\b(?:mysql|mariadb)")
_ATTACHED_PASSWORD = re.compile(r"(?P<flag>(?:^|\s)-p)(?=\S)[^\s]+")
_E_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CARD = re.compile(r"(?<![\w-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-])")
_QUERY = re.compile(r"""(?<=[\w/.)\]%-])\?(?=[^\s"'<>?=&]{1,128}=)[^\s"'<>]++""")
_ENCODED_FAILURE = re.compile(r"Encoded authorization failure message:\s*\S+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")


def redact_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` on one line, without anything that looks like a secret, at most `limit` characters.

    The input is cut before the patterns run, generously, so that a huge text costs no time.
    """
    redacted = _without_assigned(_without_tokens(text[: limit * SLACK_FACTOR]), _ASSIGNMENT)
    if _DATABASE_CLIENT.search(redacted):
        redacted = _without_attached_password(redacted)
    return _one_line(redacted, limit)


def redact_prose(text: str, limit: int = MAX_TEXT) -> str:
    """Like `redact_text` for sentences that AWS wrote, in which a colon assigns nothing."""
    bounded = _ENCODED_FAILURE.sub("", text[: limit * SLACK_FACTOR])
    return _one_line(_without_assigned(_without_tokens(bounded), _ASSIGNMENT_IN_PROSE), limit)


def redact_log_line(text: str, limit: int = MAX_TEXT) -> str:
    """Like `redact_text` for a line that an application wrote: query strings, e-mail addresses and the numbers of
    payment cards go too, whatever they are called."""
    bounded = _QUERY.sub("?[redacted]", text[: limit * SLACK_FACTOR])
    bounded = _CARD.sub(lambda match: REDACTED if _is_card_number(match[0]) else match[0], bounded)
    return redact_text(_E_MAIL.sub(REDACTED, bounded), limit)


def _is_card_number(text: str) -> bool:
    """By the check digit of ISO/IEC 7812, which nine of ten other numbers of that length do not have."""
    digits = [int(character) for character in reversed(text) if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _without_tokens(text: str) -> str:
    for pattern in _TOKENS:
        text = pattern.sub(REDACTED, text)
    text = _AUTH_SCHEME.sub(lambda match: f"{match.group(1)} {REDACTED}", text)
    text = _USERINFO.sub(lambda match: f"{match.group('scheme')}{REDACTED}@", text)
    return _SHORT_PASSWORD_FLAG.sub(lambda match: f"{match.group('flag')}{match.group('user')}:{REDACTED}", text)


def _without_assigned(text: str, assignment: re.Pattern[str]) -> str:
    kept: list[str] = []
    position = 0
    while found := assignment.search(text, position):
        kept.append(text[position : found.end()])
        position = found.end()
        name, separator = found["name"], found["sep"]
        # In prose ("the security token included") only `=`, `:` or a flag introduces a value.
        if is_secret_name(name) and (name.startswith("-") or not separator.isspace()):
            value = _ASSIGNED.match(text, position)
            if value and value.end() > position:
                kept.append(REDACTED)
                position = value.end()
    return "".join(kept) + text[position:]


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
    return bool(_TELLING_NAME.search(name))


def is_allowed_name(name: str) -> bool:
    """Whether the value of an environment variable with this name may be kept."""
    return bool(_ALLOWED.match(name)) and not is_secret_name(name)


def allowed_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Allow-listed variables with their redacted, bounded values."""
    return {name: redact_text(value, MAX_VALUE) for name, value in values.items() if is_allowed_name(name)}


def bounded_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of variables, each once and bounded."""
    return tuple(dict.fromkeys(redact_text(name, MAX_VALUE) for name in names))[:MAX_NAMES]
