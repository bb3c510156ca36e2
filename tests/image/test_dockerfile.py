"""The Dockerfile says what the rest of the project says. `./.ci/image` builds it and runs what comes out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import bot
from bot.settings import Settings

ROOT: Final = Path(__file__).parent.parent.parent
SETTINGS: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: Final[dict[str, Any]] = SETTINGS["project"]
LINES: Final = [
    line
    for line in re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    if line and not line.startswith("#")
]
LAST_STAGE: Final = LINES[max(at for at, line in enumerate(LINES) if line.startswith("FROM ")) :]
INSIDE: Final = ("embedded", "mcp", "traces")
"""The extras that the image has."""


def said(instruction: str, lines: list[str] = LINES) -> list[str]:
    return [line.removeprefix(f"{instruction} ") for line in lines if line.startswith(f"{instruction} ")]


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][^ =]*)==(\S+)", text, re.MULTILINE))


def wanted(extras: tuple[str, ...]) -> set[str]:
    given = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    return {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower().replace("_", "-") for part in given for one in part}


def test_the_label_tells_the_version_that_is_inside() -> None:
    (labels,) = said("LABEL")
    assert f'org.opencontainers.image.version="{bot.__version__}"' in labels
    assert f'org.opencontainers.image.description="{PROJECT["description"]}"' in labels


def test_it_does_not_run_as_root_and_keeps_what_it_writes_in_a_volume() -> None:
    (user,), (volume,), (environment,) = (said(one, LAST_STAGE) for one in ("USER", "VOLUME", "ENV"))
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), "a cluster can only see that it is not root where it is a number"
    assert f"ALB502_STATE_DIR={volume}" in environment.split()


def test_it_opens_the_ports_that_the_bot_listens_on() -> None:
    settings = Settings()
    assert said("EXPOSE", LAST_STAGE) == [f"{settings.http_port} {settings.ops_port}"]


def test_signals_reach_the_bot_and_no_shell() -> None:
    assert said("ENTRYPOINT") + said("CMD") == ['["alb502"]', '["serve"]']


def test_whatever_is_installed_is_pinned_by_hash_or_was_built_there() -> None:
    installs = [part for run in said("RUN") for part in run.split("&&") if "pip" in part and " install " in part]
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "--no-index" not in one] == []
    assert [one for one in installs if "--require-hashes" in one and "--only-binary :all:" not in one] == []


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    copied = {name for line in said("COPY") if not line.startswith("--from=") for name in line.split()[:-1]}
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert allowed[1] == "*", "everything is left out that is not named"
    assert copied == {line[1:] for line in allowed if line.startswith("!")}
    assert copied.isdisjoint({"demo", "tests", "benchmarks"})
    packages = set(SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    assert packages - copied == {"demo"}


def test_the_image_has_what_was_tested_and_not_the_demo() -> None:
    inside, tested = locked("requirements-image.lock"), locked("requirements-dev.lock")
    assert wanted(INSIDE) <= inside.keys()
    assert {name: version for name, version in inside.items() if tested.get(name) != version} == {}
    assert inside.keys().isdisjoint(wanted(("demo",)) - wanted(INSIDE))
