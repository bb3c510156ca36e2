"""What the application wrote about the health check's requests."""

from tests.incidents.building import TARGETS
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, sick
from tests.incidents.written import Said, said

HOST = "health-check-host-rejected"
DJANGO = "Invalid HTTP_HOST header: '{}:8000'. You may need to add '{}' to ALLOWED_HOSTS."
IP = next(iter(TARGETS))

CASES = (
    finds(
        HOST,
        "Django says which host it refused",
        lambda: said(sick(400), Said(DJANGO.format(IP, IP), 40, 20, 1)),
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        HOST,
        "Rails answers 403 and says that the host is blocked",
        lambda: said(sick(403), Said(f"Blocked hosts: {IP}:8080", 40, 20, 1)),
        also=(OPEN,),
        band="confirmed",
    ),
    look_alike(
        HOST,
        "a scanner's host was refused, and the check gets 403",
        lambda: said(sick(403), Said("Blocked hosts: 203.0.113.9", 3, 20, 1)),
        first="health-check-auth-required",
        also=(OPEN,),
    ),
    finds(
        "health-check-protocol-mismatch",
        "nginx says that plain HTTP came to its HTTPS port",
        lambda: said(
            sick(400),
            Said("2026/11/21 03:20:00 [info] 29#29: *{n} client sent plain HTTP request to HTTPS port", 40, 20, 1),
        ),
        also=(OPEN,),
        band="confirmed",
    ),
)
