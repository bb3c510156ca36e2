"""Servers that only their own host can reach."""

from diagnostics.facts import ApplicationLogs, TaskDefinition
from tests.incidents.building import Incident, definition
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.container_port_mismatch import FAIL_OPEN, refused, with_container
from tests.incidents.written import Said, said

CODE = "app-bound-to-loopback"


def command(*words: str, **environment: str) -> TaskDefinition:
    return with_container(command=words, environment=environment)


def only_local() -> Incident:
    """A flag that nobody set, a default of the framework: only the log knows."""
    banner = Said("INFO:     Uvicorn running on http://127.0.0.1:8080 (Press CTRL+C to quit)", 4, 55, 54)
    return said(refused(Incident()), banner)


def flag_and_log() -> Incident:
    incident = Incident().definitions(command("uvicorn", "main:app", "--host", "127.0.0.1", "--port", "8080"))
    return said(refused(incident), Said("Uvicorn running on http://127.0.0.1:8080 (Press CTRL+C to quit)", 4))


def flag_only() -> Incident:
    return refused(Incident().definitions(command("uvicorn", "main:app", "--host", "127.0.0.1", "--port", "8080")))


def all_addresses_are_named() -> Incident:
    lines = (
        " * Running on all addresses (0.0.0.0)",
        " * Running on http://127.0.0.1:8080",
        " * Running on http://10.0.1.21:8080",
    )
    return said(refused(Incident()), *(Said(line, 4) for line in lines))


def localhost_in_a_sentence() -> Incident:
    return said(refused(Incident()), Said("Server running at http://localhost:8080/", 4))


def on_loopback_behind_a_proxy() -> Incident:
    """The application of a container that the load balancer does not reach."""
    banner = Said("[2026-11-21 03:00:00 +0000] [1] [INFO] Listening at: http://127.0.0.1:8000 (1)", 4, container="app")
    return said(refused(Incident()), banner)


def setting_that_the_log_refutes() -> Incident:
    incident = refused(Incident().definitions(command("server", HOST="127.0.0.1")))
    return said(incident, Said("Now listening on: http://[::]:8080", 4))


def another_port_too() -> Incident:
    banner = Said("Now listening on: http://localhost:5000", 4)
    return said(refused(Incident().definitions(definition(7))), banner)


CASES = (
    finds(CODE, "uvicorn's own line says 127.0.0.1", only_local, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "the flag and the log agree", flag_and_log, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "the flag says it, and the log was not read", flag_only, also=FAIL_OPEN),
    finds(
        CODE,
        "the flag says it, and the log is denied",
        lambda: flag_only().denied(ApplicationLogs, "logs:GetLogEvents"),
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "all addresses, and the loopback one among them",
        all_addresses_are_named,
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "a sentence of the program names localhost",
        localhost_in_a_sentence,
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "another container listens there for its proxy",
        on_loopback_behind_a_proxy,
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "a variable says loopback and the server all addresses",
        setting_that_the_log_refutes,
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE, "another port, on the loopback address", another_port_too, first="container-port-mismatch", also=FAIL_OPEN
    ),
    look_alike(
        CODE,
        "on the loopback address, and targets answer",
        lambda: said(Incident(), Said("Uvicorn running on http://127.0.0.1:8080", 4)),
        verdict="no_fault_found",
    ),
)
