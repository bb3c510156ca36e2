"""The AWS CLI, in a virtual environment of its own: it pins a botocore that the project does not use."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements-bench.lock"
HOME = ROOT / ".venv" / "bench"


def directory() -> Path:
    """Where the `aws` of the pinned version is; it is installed when it is not there. Raises CalledProcessError."""
    stamp = HOME / "lock"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        venv.create(HOME, clear=True, with_pip=True)
        python = HOME / "bin" / "python"
        subprocess.run([python, *_PIP, "-r", LOCK], check=True, stdout=sys.stderr)
        stamp.write_bytes(LOCK.read_bytes())
    return HOME / "bin"


_PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes")
