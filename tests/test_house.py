"""The rules of the house: which package may know which, how modules are called, what no file may say."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.application.use_cases import SUCCESS, lint_imports
from importlinter.configuration import configure

import bot

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "remediations", "diagnostics", "demo")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
LONGEST_MODULE_LINES = 400
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-uv.lock",
    "requirements-aws.lock",
    "requirements-browser.lock",
    "requirements-chart.lock",
    "requirements-docs.lock",
    "requirements-build.lock",
    "requirements-image.lock",
    "requirements-image-checks.lock",
    "requirements-release.lock",
)

# Each in two halves, so that this file does not say what it forbids.
REGISTRY_HOSTS = re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(?:org|com)")))
MACHINE_PATHS = re.compile(
    "|".join(r"(?<![\w.$}])/" + place for place in ("work" + "/main", "root" + r"/\S", "home" + "/[a-z]+/"))
)


def modules() -> Iterator[Path]:
    for package in (*PACKAGES, "benchmarks"):
        yield from (ROOT / package).rglob("*.py")


def project_files() -> list[Path]:
    """What git tracks or would track; nothing that is ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_saying(pattern: re.Pattern[str]) -> list[str]:
    said = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        said += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(text.splitlines(), start=1)
            if pattern.search(line)
        ]
    return said


def test_imports_keep_to_the_contract(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    configure()
    assert read_configuration("pyproject.toml")["contracts_options"], "no contract is configured"

    outcome = lint_imports(config_filename="pyproject.toml", cache_dir=None)

    assert outcome is SUCCESS, capsys.readouterr().out


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [str(path.relative_to(ROOT)) for path in modules() if FORBIDDEN_NAMES & {path.stem, path.parent.name}]

    assert vague == []


def test_modules_stay_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE_LINES
    }

    assert long == {}


def test_every_package_ships_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["only-include"]) == {"alb502", *PACKAGES}
    assert wheel["sources"] == {name: f"alb502/_parts/{name}" for name in PACKAGES}


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert bot.__version__ == project["project"]["version"]
    assert f"## [{bot.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_file_names_a_package_registry() -> None:
    assert lines_saying(REGISTRY_HOSTS) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_saying(MACHINE_PATHS) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_pinned_by_hash_and_name_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9][^ =]*)==\S+(?: ; [^\\]+)? \\$", text, re.MULTILINE)
    entries = [line for line in text.splitlines() if line and line[0] not in " #"]

    assert len(pins) == len(entries) > 0, "an entry without a hash"
    assert "://" not in text
    assert "index-url" not in text
    assert not re.search(r"-r /", text), "a lock names a path of the machine it was made on; ./run lock makes it again"
