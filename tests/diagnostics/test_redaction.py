"""Secrets planted in every place where people put them; none may survive, and what helps must."""

from __future__ import annotations

import time

import pytest

from diagnostics.redaction import (
    allowed_environment,
    bounded_names,
    is_allowed_name,
    is_secret_name,
    redact_command,
    redact_prose,
    redact_text,
)

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
