from diagnostics.facts import ApplicationLogs
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import closed, logged
from tests.incidents.written import Said, said

CODE = "content-length-mismatch"
EXPORT = ("GET shop.example.com/export/:id",)
GO = "2026/11/21 03:20:00 http: wrote more than the declared Content-Length"


def broken_export() -> Incident:
    return logged(Incident(), closed(150, (0.03, 0.06), routes=EXPORT), always=EXPORT)


CASES = (
    finds(
        CODE,
        "the export announces less than it writes",
        lambda: said(broken_export(), Said(GO, 90, 50, 6)),
        band="confirmed",
        summary_says="/export/:id",
    ),
    finds(
        CODE,
        "uvicorn breaks off now and then",
        lambda: said(
            logged(Incident(), closed(150, (0.2, 3.0))),
            Said("RuntimeError: Response content shorter than Content-Length", 90, 50, 6),
        ),
    ),
    finds(
        CODE,
        "access logs are off, and the log has as many such lines as there are errors",
        lambda: said(Incident().elb_errors(502, 3, 50, 6), Said(GO, 120, 50, 6)),
        band="likely",
    ),
    look_alike(
        CODE,
        "access logs are off, and a few such lines do not make hundreds of errors",
        lambda: said(Incident().elb_errors(502, 15, 50, 6), Said(GO, 20, 50, 6)),
        first="insufficient-evidence",
        also=("keepalive-race",),
        risk=True,
    ),
    look_alike(
        CODE,
        "the same rows, and the log does not say so",
        lambda: said(broken_export(), Said("all is well", 90)),
        first="malformed-response",
    ),
    look_alike(
        CODE,
        "the same rows, and the log is denied",
        lambda: broken_export().denied(ApplicationLogs, "logs:GetLogEvents"),
        first="malformed-response",
    ),
    look_alike(
        CODE,
        "such a line, and no error",
        lambda: said(Incident(), Said(GO, 5)),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "such lines long before connections that were idle are reset",
        lambda: said(logged(Incident(), closed(120, (0.001, 0.02), since=45)), Said(GO, 3, 59, 58)),
        first="keepalive-race",
        risk=True,
    ),
)
