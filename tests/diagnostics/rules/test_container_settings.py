"""The URL of a container's health check is found in whatever command people wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import ContainerDefinition, ContainerHealthCheck
from diagnostics.rules.container_settings import always_passes, probed_url


def checked_with(*command: str) -> ContainerDefinition:
    return ContainerDefinition(name="web", image="checkout:7", health_check=ContainerHealthCheck(command=command))


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("CMD-SHELL", "curl -f http://localhost:8080/healthz || exit 1"), (8080, "/healthz")),
        (("CMD", "wget", "-q", "-O-", "http://127.0.0.1/ready?deep=1"), (None, "/ready?deep=1")),
        (("CMD-SHELL", "curl -fsS 'https://localhost:8443/'"), (8443, "/")),
        (("CMD-SHELL", "curl http://localhost:9000"), (9000, "/")),
        (("CMD-SHELL", "pg_isready -U postgres"), None),
    ],
)
def test_urls_in_commands(command: tuple[str, ...], found: tuple[int | None, str] | None) -> None:
    assert probed_url(checked_with(*command)) == found


@pytest.mark.parametrize(
    ("command", "may_pass"),
    [
        (("CMD-SHELL", "curl -f http://localhost:8080/up"), False),
        (("CMD-SHELL", "curl -f http://localhost:8080/up?a=1 > /dev/null 2>&1 || exit 1"), False),
        (("CMD-SHELL", "curl -f http://localhost:8080/up && exit 0 || exit 1"), False),
        (("CMD-SHELL", 'sh -c "wget -qO- http://localhost:8080/up || false"'), False),
        (("CMD-SHELL", "python3 -c \"import urllib.request as r; r.urlopen('http://localhost:8080/up')\""), False),
        (("CMD", "python", "-c", "import urllib.request as r; r.urlopen('http://localhost:8080/up')"), False),
        (("CMD-SHELL", "curl -f http://localhost:8080/up || true"), True),
        (("CMD-SHELL", "curl -f http://localhost:8080/up || exit 0"), True),
        (("CMD-SHELL", "curl -f http://localhost:8080/up || echo unhealthy"), True),
        (("CMD-SHELL", "curl -f http://localhost:8080/up; date"), True),
        (("CMD-SHELL", "curl -f http://localhost:8080/up | cat"), True),
        (("CMD-SHELL", "curl -f http://localhost:8080/up || exit 1; exit 0"), True),
        (("CMD", "/bin/sh", "-c", "curl -f http://localhost:8080/up; true"), True),
    ],
)
def test_a_check_that_passes_whatever_is_answered_proves_nothing(command: tuple[str, ...], may_pass: bool) -> None:
    assert always_passes(checked_with(*command)) is may_pass


def test_a_container_without_a_check_asks_nothing() -> None:
    assert probed_url(ContainerDefinition(name="web", image="checkout:7")) is None


@given(st.lists(st.text(max_size=200), max_size=5))
def test_no_command_breaks_the_reading(command: list[str]) -> None:
    found = probed_url(checked_with(*command))

    assert found is None or found[1].startswith("/")
