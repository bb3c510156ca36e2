from tests.diagnostics.app_logs.lines import Line

REPORT = (
    "REPORT RequestId: 0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e\tDuration: 3000.00 ms\tBilled Duration: "
    "3000 ms\tMemory Size: 128 MB\tMax Memory Used: 127 MB\t"
)

LINES: tuple[Line, ...] = (
    (
        "2026-11-21T03:20:00.000Z 0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e Task timed out after 3.00 seconds",
        "lambda-timeout",
        {"seconds": "3.00"},
    ),
    (REPORT, "lambda-report", {"seconds": "3.000", "memory_mb": "128", "max_memory_mb": "127"}),
    (REPORT + "Init Duration: 210.50 ms\tStatus: timeout", "lambda-report", {"status": "timeout"}),
    (
        "RequestId: 0f2c936f Error: Runtime exited with error: signal: killed",
        "lambda-killed",
        {"what": "signal: killed"},
    ),
    ("INIT_REPORT Init Duration: 10000.10 ms\tPhase: init\tStatus: timeout", "lambda-init", {"status": "timeout"}),
    (
        "INIT_START Runtime Version: python:3.11.v14\tRuntime Version ARN: arn:aws:lambda",
        "lambda-init",
        {"version": "python:3.11.v14"},
    ),
    ("[ERROR] Runtime.ImportModuleError: Unable to import module 'app'", "lambda-init", {"status": "error"}),
    ("[ERROR] KeyError: 'id'", "unhandled-error", {}),
    (
        (
            '{"time":"2026-11-21T03:20:00Z","type":"platform.report","record":{"requestId":"x","metrics":{"d'
            'urationMs":12.5,"memorySizeMB":128,"maxMemoryUsedMB":70},"status":"success"}}'
        ),
        "lambda-report",
        {"max_memory_mb": "70", "seconds": "0.013"},
    ),
    (
        (
            '{"time":"2026-11-21T03:20:00Z","type":"platform.report","record":{"metrics":{"durationMs":3000}'
            ',"status":"timeout"}}'
        ),
        "lambda-timeout",
        {"seconds": "3.000"},
    ),
)
