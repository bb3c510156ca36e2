"""What Lambda writes about an invocation.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from diagnostics.app_logs.sign import sign

LAMBDA = "Lambda"
NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"

SIGNS = (
    sign(
        "lambda-timeout", rf"Task timed out after (?P<seconds>{NUMBER}) seconds", "task timed out after", runtime=LAMBDA
    ),
    sign(
        "lambda-report",
        rf"^REPORT RequestId: \S{{1,60}}\s{{1,8}}Duration: (?P<ms>{NUMBER}) ms.{{0,120}}?Memory Size: "
        rf"(?P<memory_mb>[0-9]{{1,6}}) MB\s{{1,8}}Max Memory Used: (?P<max_memory_mb>[0-9]{{1,6}}) MB"
        rf"(?:\s{{1,8}}Init Duration: (?P<init_ms>{NUMBER}) ms)?(?:.{{0,200}}?Status: (?P<status>\w{{1,20}}))?",
        "report requestid:",
        runtime=LAMBDA,
    ),
    sign(
        "lambda-killed",
        r"Runtime exited with error: (?P<what>[a-z0-9: ]{1,60})|Runtime\.ExitError|Runtime\.OutOfMemory",
        "runtime exited with error",
        "runtime.exiterror",
        "runtime.outofmemory",
        runtime=LAMBDA,
    ),
    sign(
        "lambda-init",
        rf"^INIT_REPORT Init Duration: (?P<ms>{NUMBER}) ms(?:.{{0,80}}?Status: (?P<status>\w{{1,20}}))?"
        r"(?:.{0,40}?Error Type: (?P<what>\S{1,80}))?",
        "init_report",
        runtime=LAMBDA,
    ),
    sign("lambda-init", r"^INIT_START Runtime Version: (?P<version>\S{1,60})", "init_start", runtime=LAMBDA),
    sign(
        "lambda-init",
        r"Runtime\.(?:ImportModuleError|HandlerNotFound|UserCodeSyntaxError|InvalidEntrypoint)",
        "runtime.",
        runtime=LAMBDA,
        status="error",
    ),
    sign(
        "unhandled-error",
        r"\tERROR\tInvoke Error|\tERROR\tUncaught Exception|^\[ERROR\] \w{1,80}(?:Error|Exception)\b",
        "\terror\t",
        "[error] ",
        runtime=LAMBDA,
    ),
)
