"""Secrets planted in every place where people put them; none may survive, and what helps must."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import redaction
from diagnostics.redaction import (
    allowed_environment,
    bounded_names,
    is_allowed_name,
    is_secret_name,
    redact_command,
    redact_log_line,
    redact_prose,
    redact_text,
)
from tests.fuzzing import examples

PLANTED = "hunter2-S3cr3t"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
AWS_KEY = "AKIAIOSFODNN7EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"


@pytest.mark.parametrize(
    "text",
    [
        f"--password={PLANTED}",
        f"--db-password {PLANTED}",
        f"gunicorn app --api-key={PLANTED} -b :8080",
        f"-Dspring.datasource.password={PLANTED} -Xmx512m",
        f"export DB_PASS={PLANTED} && exec node server.js",
        f"PGPASSWORD='{PLANTED} with spaces' psql",
        f"postgres://shop:{PLANTED}@db.internal:5432/shop",
        f"redis://:{PLANTED}@cache:6379/0",
        f"https://example.com/hook?token={PLANTED}&x=1",
        f'{{"client_secret": "{PLANTED}"}}',
        f"Authorization: Bearer {PLANTED}",
        f"curl -u admin:{PLANTED} http://localhost",
        f"mysql -uroot -p{PLANTED} shop",
        f"X-Api-Key: {PLANTED}",
        f"Server=db;User=sa;Pwd={PLANTED};",
        f"ENCRYPTION_KEY={PLANTED}",
    ],
)
def test_a_planted_secret_does_not_survive(text: str) -> None:
    assert PLANTED not in redact_text(text)
    assert PLANTED not in " ".join(redact_command(["sh", "-c", text]))
    assert PLANTED not in " ".join(redact_command(text.split()))


@pytest.mark.parametrize("token", [JWT, AWS_KEY, AWS_SECRET, "xoxb-123456789012-abcdefghijkl", "ghp_" + "a1" * 18])
def test_a_bare_token_is_recognised_by_its_shape(token: str) -> None:
    assert token not in redact_text(f"run --with {token} now")
    assert token not in redact_prose(f"exec: {token}: not found")


@pytest.mark.parametrize(
    "text",
    [
        f'{{\\"password\\":\\"{PLANTED}\\"}}',
        f'{{"password":"abc\\\\\\"{PLANTED}"}}',
        f'{{"secrets":["a", "{PLANTED}"]}}',
        f'"password"=>"{PLANTED}"',
        f"[password] => {PLANTED}",
        f"password := {PLANTED}",
        f"<password>{PLANTED}</password>",
        f"Cookie: a=b; sid={PLANTED}; other=x",
        f"curl -H 'Cookie: a=b; x={PLANTED}' http://localhost",
        f'["Cookie","a=b; x={PLANTED}"]',
        f"Authorization: ApiKey {PLANTED}",
        f'Authorization: Digest username="u", response="{PLANTED}"',
        f"postgres://u:{PLANTED}#1@db/x",
        f"root:{PLANTED}@tcp(10.0.0.5:3306)/shop",
        f"jdbc:oracle:thin:scott/{PLANTED}@//db:1521/x",
        f"password=abc,{PLANTED} next",
        f"password=abc;{PLANTED}",
        f"dbpass={PLANTED}",
        f"AccountName=x;AccountKey={PLANTED}",
        f"PHPSESSID={PLANTED}",
        f"Invalid password '{PLANTED}' for user",
        f"the password is {PLANTED}",
        f"pass\u200bword={PLANTED}",
        f"pass\x1b[0mword={PLANTED}",
        f"sshpass -p {PLANTED} ssh host",
        f"https://hooks.slack.com/services/T0/B0/{PLANTED}",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{PLANTED}",
    ],
)
def test_a_secret_survives_in_no_notation(text: str) -> None:
    assert PLANTED not in redact_text(text)
    assert PLANTED not in redact_log_line(text)


@pytest.mark.parametrize(
    "text",
    [
        f"stopped by me, password: {PLANTED}",
        f"rotated password is {PLANTED}",
        f"see https://x.example/?a={PLANTED}",
        f"api_key: {PLANTED}",
        f"Cookie: a; b={PLANTED}",
        "ask jane.hunter2@example.com",
        "card 4111 1111 1111 1111",
    ],
)
def test_what_a_person_types_as_a_reason_is_not_trusted(text: str) -> None:
    said = redact_prose(text)
    assert "hunter2" not in said
    assert "1111" not in said


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"GET /reset?{PLANTED} HTTP/1.1", PLANTED),
        (f"GET /?{PLANTED} HTTP/1.1", PLANTED),
        (f"GET /x?a='{PLANTED}'", PLANTED),
        (f"GET /login%3Ftoken%3D{PLANTED}", PLANTED),
        (f"GET /reset-password/{PLANTED}/x", PLANTED),
        ("login of jane%40example.com", "jane"),
        ("login of j\u00e4ne@ex\u00e4mple.com", "ne@"),
        ("login of jane@localhost", "jane"),
        ("charged card_4111111111111111", "4111"),
        ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "K7MDENG"),
        ("SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAm", "ngeVfQ"),
        ("eyJhbGciOiJIUzI1NiJ9abc and the rest", "hbGci"),
    ],
)
def test_what_clients_send_is_not_kept(text: str, secret: str) -> None:
    assert secret not in redact_log_line(text)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/MyShop/0123456789abcdef",
        "shop.dkr.ecr.eu-west-1.amazonaws.com/web:v12@sha256:0123abcd is gone",
        "unable to retrieve secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop-1a2b",
        "2026-11-21 13:00:00 listening on 0.0.0.0:8080",
    ],
)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    assert redact_prose(text) == text
    assert redact_log_line(text) == text or "secret" in text


def test_a_value_after_its_flag_goes_and_the_rest_stays() -> None:
    command = redact_command(["gunicorn", "--bind", "0.0.0.0:8080", "--secret-token", PLANTED, "--keep-alive", "75"])
    assert command == ("gunicorn", "--bind", "0.0.0.0:8080", "--secret-token", "[redacted]", "--keep-alive", "75")


@pytest.mark.parametrize(
    "sentence",
    [
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
        "User: x is not authorized to perform: secretsmanager:GetSecretValue on arn:aws:secretsmanager:a:b:secret:c",
        "The security token included in the request is expired",
        "Task failed ELB health checks in (target-group arn:aws:x:y:targetgroup/c/2b3a406d2c09dba6)",
        "(service checkout) (task 6a39bff892877466adea0cb4) (port 8080) is unhealthy in (target-group arn:aws:x)",
    ],
)
def test_sentences_of_aws_stay_readable(sentence: str) -> None:
    assert redact_prose(sentence, 1000) == sentence


def test_the_encoded_reason_of_a_denial_is_dropped() -> None:
    said = redact_prose("You are not authorized. Encoded authorization failure message: AbC-123_" + "x" * 500)
    assert said == "You are not authorized."


def test_environment_values_are_kept_for_an_allow_list_of_names_only() -> None:
    kept = allowed_environment(
        {
            "PORT": "8080",
            "SERVER_KEEP_ALIVE_TIMEOUT": "75",
            "WEB_CONCURRENCY": "4",
            "NODE_OPTIONS": f"--max-old-space-size=400 --auth-token={PLANTED}",
            "REDIS_HOST": f"redis://:{PLANTED}@cache",
            "DATABASE_URL": f"postgres://u:{PLANTED}@db/x",
            "DB_PASSWORD": PLANTED,
            "TOKEN_PORT_KEY": PLANTED,
            "FEATURE_FLAGS": PLANTED,
            "EMAIL_ADDRESS": "somebody@example.com",
        }
    )
    assert set(kept) == {"PORT", "SERVER_KEEP_ALIVE_TIMEOUT", "WEB_CONCURRENCY", "NODE_OPTIONS", "REDIS_HOST"}
    assert kept["PORT"] == "8080"
    assert "--max-old-space-size=400" in kept["NODE_OPTIONS"]
    assert PLANTED not in str(kept)


@pytest.mark.parametrize(
    "name", ["PASSWORD", "db_passwd", "apiKey", "X-Amz-Signature", "AUTH", "session_id", "MyToken"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)
    assert not is_allowed_name(name)


@pytest.mark.parametrize("name", ["path", "author", "compass", "keyboard", "PORT", "monkey"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_text_is_bounded_on_one_line_and_cheap_whatever_comes() -> None:
    started = time.process_time()
    for hostile in ("a=" * 500_000, "password" * 200_000, "A1b" * 300_000, "://" * 300_000, "\n\x1b[31m" * 100_000):
        assert len(redact_text(hostile)) <= 300
        assert "\n" not in redact_text(hostile)
        assert len(redact_prose(hostile)) <= 300
    assert time.process_time() - started < 2
    assert len(bounded_names(f"NAME_{number}" for number in range(10_000))) == 200


GUARDED = [
    *(redaction._TOKENS),
    (redaction._HEADER_WORDS, redaction._HEADER),
    (redaction._SCHEME_WORDS, redaction._AUTH_SCHEME),
    (redaction._SAID_WORDS, redaction._SAID),
    (redaction._PATH_WORDS, redaction._PATH_SECRET),
    (("@",), redaction._USERINFO),
    (("@",), redaction._BARE_USERINFO),
    (("@", "%40"), redaction._E_MAIL),
    (("?", "%3"), redaction._QUERY),
    (("<",), redaction._ELEMENT),
    (("sshpass",), redaction._SSH_PASSWORD),
    (("-u",), redaction._SHORT_PASSWORD_FLAG),
]


@pytest.mark.parametrize(("words", "pattern"), GUARDED, ids=range(len(GUARDED)))
@examples(15)
@given(data=st.data())
def test_no_pattern_is_left_out_that_would_have_matched(
    words: tuple[str, ...], pattern: re.Pattern[str], data: st.DataObject
) -> None:
    """Whatever a pattern matches holds one of the words without which it is not even tried."""
    before = "https://hooks.slack.com/services/ and /api/webhooks/" if "hooks.slack.com/" in words else "a/"
    text = before + data.draw(st.from_regex(pattern))
    if pattern.search(text):
        assert redaction._may_say(text, words) if pattern.flags & re.IGNORECASE else any(word in text for word in words)
