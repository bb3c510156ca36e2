"""What the shell, the loader and the container runtime write when a program cannot start or is killed."""

from diagnostics.app_logs.sign import sign

WHAT = r"(?P<what>\S{1,200}?)"

SIGNS = (
    sign(
        "entrypoint",
        rf"(?:exec )?\"?{WHAT}\"?: exec format error|exec user process caused[: \"]{{1,4}}exec format error",
        "exec format error",
        kind="architecture",
    ),
    sign(
        "entrypoint",
        rf"\bexec:? \"?{WHAT}\"?: (?:stat \S{{1,200}} )?no such file or directory",
        "no such file or directory",
        kind="missing",
    ),
    sign(
        "entrypoint",
        r"exec user process caused[: \"]{1,4}no such file or directory",
        "exec user process caused",
        kind="missing",
    ),
    sign("entrypoint", rf"/usr/bin/env: ['\"\u2018]?{WHAT}['\"\u2019]?: No such file", "/usr/bin/env:", kind="missing"),
    sign("entrypoint", rf"\bexec:? \"?{WHAT}\"?: (?:executable file )?not found", "not found", kind="missing"),
    sign(
        "entrypoint",
        rf"^(?:/bin/)?(?:ba|da|a)?sh: (?:line )?(?:[0-9]{{1,4}}: )?(?:exec: )?{WHAT}: (?:command )?not found",
        "not found",
        kind="missing",
    ),
    sign("entrypoint", rf"\bexec:? \"?{WHAT}\"?: permission denied", "permission denied", kind="not-executable"),
    sign(
        "entrypoint",
        rf"^\S{{1,100}}(?:sh|point\S{{0,10}}): (?:line )?(?:[0-9]{{1,4}}: )?(?:exec: )?{WHAT}: Permission denied",
        "permission denied",
        kind="not-executable",
    ),
    sign(
        "entrypoint",
        r"error while loading shared libraries: (?P<what>[^:\s]{1,120})",
        "loading shared libraries",
        kind="library",
    ),
    sign("entrypoint", r"version `(?P<what>GLIBC_[0-9.]{1,10})' not found", "glibc_", kind="library"),
    sign(
        "entrypoint",
        r"no main manifest attribute, in (?P<what>\S{1,200})",
        "no main manifest attribute",
        kind="missing",
    ),
    sign("crash", r"^(?:\S{1,100}: (?:line )?[0-9]{1,5}:\s{1,4}[0-9]{1,8} )?Segmentation fault", "segmentation fault"),
    sign("worker-killed", r"^(?:\S{1,100}: (?:line )?[0-9]{1,5}:\s{1,4}[0-9]{1,8} )?Killed\b(?:\s.{0,80})?$", "killed"),
    sign(
        "out-of-memory",
        r"Out of memory: Killed process|oom-kill:|Cannot allocate memory|std::bad_alloc",
        "out of memory: killed",
        "oom-kill:",
        "cannot allocate memory",
        "bad_alloc",
    ),
    sign("too-many-connections", r"too many open files", "too many open files", general=True),
    sign("shutdown", r"\b(?:received|got|caught|on) SIGTERM\b|SIGTERM (?:signal )?received", "sigterm", general=True),
)
