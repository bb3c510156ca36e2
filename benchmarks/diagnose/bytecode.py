"""Bytecode for both sides, as an installed package has it: a checkout whose environment forbids it would compile anew
at every start."""

from __future__ import annotations

import compileall
import sysconfig
from pathlib import Path

from benchmarks.diagnose import aws_cli

PACKAGES = ("bot", "handlers", "remediations", "diagnostics")


def compile_as_installed() -> None:
    """Compiles what has no bytecode yet: this project, its libraries and the AWS CLI."""
    libraries = sysconfig.get_path("purelib")
    script = (aws_cli.HOME / "lib").glob("python*/site-packages")
    for folder in (*(aws_cli.ROOT / name for name in PACKAGES), Path(libraries), *script):
        compileall.compile_dir(folder, quiet=2, workers=0)
