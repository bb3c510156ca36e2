"""The AWS CLI, in a virtual environment of its own: it pins a botocore that the project does not use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements-bench.lock"
HOME = ROOT / ".venv" / "bench"
INSTALL = ("pip", "install", "-q", "--require-hashes", "-r", str(LOCK))


def directory() -> Path:
    """Where the `aws` of the pinned version is; it is installed when it is not there. Raises CalledProcessError."""
    stamp = HOME / "lock"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(HOME, ignore_errors=True)
        _install(HOME / "bin" / "python")
        stamp.write_bytes(LOCK.read_bytes())
    return HOME / "bin"


def _install(python: Path) -> None:
    """With uv where `./run` has used it, since that needs no pip of the system's Python."""
    uv = shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent)
    if uv:
        _run(uv, "venv", "-q", "-p", sys.executable, str(HOME))
        _run(uv, *INSTALL, "--python", str(python))
    else:
        _run(sys.executable, "-m", "venv", str(HOME))
        _run(str(python), "-m", *INSTALL, "--disable-pip-version-check")


def _run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, stdout=sys.stderr)
