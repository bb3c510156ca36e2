"""The other commands, and what they have in common."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot import __version__
from bot.cli import demo, exits
from bot.cli.app import COMMANDS
from bot.cli.demo import pointed_at, try_next
from bot.cli.schema import schema_text
from bot.cli.serve import missing
from bot.settings import load
from demo import scenarios
from diagnostics.causes import catalogue
from diagnostics.report import Report
from tests import reports
from tests.bot.cli.conftest import diagnosed
from tests.bot.cli.running import alb502

Capsys = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[3]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_version(capsys: Capsys) -> None:
    assert alb502(capsys, "--version").out == f"alb502 {__version__}\n"


def test_a_folder_with_a_package_of_the_same_name_is_not_run(tmp_path: Path) -> None:
    """Assistants start `alb502 mcp` in whatever folder somebody has open."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise SystemExit('the code of somebody else')")
    there = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", "alb502", "--version"]

    ran = subprocess.run(command, cwd=tmp_path, env=there, capture_output=True, text=True, check=False, timeout=60)

    assert (ran.stdout, ran.stderr) == (f"alb502 {__version__}\n", "")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_shows_an_example(capsys: Capsys, command: str) -> None:
    ran = alb502(capsys, command, "--help")

    assert ran.status == exits.OK
    assert "Example: " in ran.out
    assert f"alb502 {command}" in ran.out.partition("Example: ")[2]


def test_all_commands_are_listed(capsys: Capsys) -> None:
    ran = alb502(capsys, "--help")

    assert all(f"\n  {command} " in ran.out for command in COMMANDS)


def test_an_unknown_command_is_one_line(capsys: Capsys) -> None:
    ran = alb502(capsys, "diagnos")

    assert ran.status == exits.BAD_USAGE
    assert ran.err == (
        "alb502: No such command 'diagnos'. Did you mean 'diagnose'? `alb502 --help` shows how it is used.\n"
    )


def test_help_starts_quickly_because_it_imports_nothing_heavy() -> None:
    heavy = ("botocore", "slack_bolt", "slack_sdk", "redis", "dramatiq", "rich", "moto", "demo", "pydantic_settings")
    ran = python(
        "-c",
        "import sys; from bot.cli.top import run; run(['--help']); "
        f"print('loaded:', [name for name in {heavy!r} if name in sys.modules])",
    )

    assert "loaded: []" in ran.stdout, ran.stderr


def test_a_reader_who_leaves_is_no_error() -> None:
    script = (
        "import os, sys\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "from bot.cli import main\n"
        "sys.argv[1:] = ['causes']\n"
        "main()\n"
    )
    ran = python("-c", script)

    assert (ran.returncode, ran.stderr) == (exits.READER_GONE, "")


def test_python_m_bot_is_the_command() -> None:
    assert python("-m", "bot", "--version").stdout == f"alb502 {__version__}\n"


def test_a_saved_snapshot_is_diagnosed_again(capsys: Capsys, tmp_path: Path) -> None:
    file = tmp_path / "incident.json"
    file.write_text(diagnosed().snapshot.model_dump_json())
    ran = alb502(capsys, "replay", str(file), "--json")

    assert ran.status == exits.OK
    assert Report.from_json(ran.out).target.query == "checkout"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: no such file"),
        (b"{}", "is no snapshot of alb502"),
        (b"\xff\x00", "is no snapshot of alb502"),
        (b'{"facts": {"<!x>": {}}}', "is no snapshot of alb502"),
        (b"[" * 100_000, "is no snapshot of alb502"),
        (b'{"schema": "alb502.report/1"}', "is a report; what is needed here is the file that `alb502 diagnose TARGET"),
    ],
)
def test_what_is_no_snapshot_is_one_line(capsys: Capsys, tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "x.json"
    if content is not None:
        file.write_bytes(content)
    ran = alb502(capsys, "replay", str(file))

    assert ran.status == exits.BAD_USAGE
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_directory_or_a_nul_is_no_snapshot(capsys: Capsys, tmp_path: Path) -> None:
    assert alb502(capsys, "replay", str(tmp_path)).status == exits.BAD_USAGE
    assert alb502(capsys, "replay", "a\0b").status == exits.BAD_USAGE


def test_the_catalogue_lists_every_cause(capsys: Capsys) -> None:
    listed = alb502(capsys, "causes").out
    as_json = json.loads(alb502(capsys, "causes", "--json").out)

    assert all(code in listed for code in catalogue())
    assert [entry["code"] for entry in as_json] == list(catalogue())


def test_one_cause_tells_what_decides_it(capsys: Capsys) -> None:
    spec = catalogue()["task-oom-killed"]
    told = alb502(capsys, "causes", "task-oom-killed")
    as_json = json.loads(alb502(capsys, "causes", "task-oom-killed", "--json").out)

    assert spec.title in told.out
    assert as_json["title"] == spec.title
    assert as_json["docs"] == list(spec.docs)


def test_a_misspelt_cause_suggests_the_nearest(capsys: Capsys) -> None:
    ran = alb502(capsys, "causes", "task-oom-kiled")

    assert ran.status == exits.BAD_USAGE
    assert "the nearest is task-oom-killed" in ran.err


def test_a_part_of_a_code_and_capitals_find_the_cause(capsys: Capsys) -> None:
    assert "the nearest is task-oom-killed" in alb502(capsys, "causes", "oom").err
    assert "the nearest is sg-ingress-missing" in alb502(capsys, "causes", "SG-INGRESS").err


def test_an_address_of_the_aws_documentation_stays_whole(capsys: Capsys) -> None:
    told = alb502(capsys, "causes", "sg-ingress-missing").out

    assert all(f"\n  {url}\n" in told for url in catalogue()["sg-ingress-missing"].docs)


def test_serve_says_what_it_cannot_do_without(capsys: Capsys) -> None:
    ran = alb502(capsys, "serve", "--role", "worker")

    assert ran.status == exits.BAD_USAGE
    assert "SLACK_BOT_TOKEN is not set" in ran.err
    assert "--role worker needs REDIS_URL" in ran.err


def test_an_executor_needs_the_store_and_no_slack(capsys: Capsys) -> None:
    ran = alb502(capsys, "serve", "--role", "executor")

    assert ran.status == exits.BAD_USAGE
    assert "--role executor needs REDIS_URL" in ran.err
    assert "SLACK" not in ran.err


def test_serve_starts_with_a_token_and_one_way_in() -> None:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc"}

    assert missing(load(tokens | {"SLACK_SIGNING_SECRET": "0" * 32}), "all") == []
    assert missing(load(tokens | {"SLACK_APP_TOKEN": "xapp-1-A1-1-abc"}), "all") == []
    assert missing(load(tokens | {"REDIS_URL": "redis://localhost:6379"}), "worker") == []


@pytest.mark.parametrize("report_id", ["x", "r-", "r-../../etc", "r-" + "a" * 400])
def test_what_is_no_report_id_is_said(capsys: Capsys, report_id: str) -> None:
    ran = alb502(capsys, "report", report_id)

    assert ran.status == exits.BAD_USAGE
    assert "a report is called like" in ran.err


def test_without_a_store_there_is_no_stored_report(capsys: Capsys) -> None:
    ran = alb502(capsys, "report", "r-0123456789ab")

    assert ran.status == exits.NO_REPORT
    assert ran.err.count("\n") == 1


def test_the_demo_lists_its_scenarios(capsys: Capsys) -> None:
    ran = alb502(capsys, "demo", "--list")

    assert all(name in ran.out for name in scenarios.names())


def test_an_unknown_scenario_is_one_line(capsys: Capsys) -> None:
    ran = alb502(capsys, "demo", "--scenario", "moon-landing")

    assert ran.status == exits.BAD_USAGE
    assert "moon-landing" in ran.err


def test_where_the_demo_was_left_out_it_says_so(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "demo", None)
    ran = alb502(capsys, "demo")
    assert ran.status == 2
    assert "not in this installation" in ran.err.splitlines()[-1]


def test_the_demo_diagnoses_its_incident_and_says_what_to_try(capsys: Capsys) -> None:
    ran = alb502(capsys, "demo", "--once", "--port", "0")

    assert ran.status == exits.OK
    assert "$ alb502 diagnose checkout" in ran.out
    assert "sg-ingress-missing" in ran.out
    assert "demo --scenario" in ran.out


def test_the_simulated_aws_runs_on_where_nobody_can_press_enter(
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: threading.Event) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr(threading.Event, "wait", interrupted)
    demo._keep_running("checkout")

    assert "keeps running. Ctrl-C ends it." in capsys.readouterr().err


def test_nothing_leads_the_demo_to_real_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("ALB502_CONFIG", "/etc/alb502.yaml")
    with pointed_at({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}):
        inside = {name for name in os.environ if name.startswith(("AWS_", "ALB502_"))}

    assert inside == {"AWS_ENDPOINT_URL"}
    assert os.environ["AWS_PROFILE"] == "production"


def test_the_demo_asks_for_no_profile_of_the_person() -> None:
    """Not even to load the simulated AWS; in a process of its own, where nothing of it is loaded yet."""
    there = {**os.environ, "AWS_PROFILE": "not-there", "AWS_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-m", "bot", "demo", "--list"]

    ran = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, check=False, timeout=60)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "security-group-revoked" in ran.stdout


def test_the_second_terminal_gets_the_environment() -> None:
    scenario = scenarios.load("all-well")
    text = try_next(scenario, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, reports.well(), scenarios.names(), "alb502")

    assert "unset AWS_PROFILE; export AWS_ENDPOINT_URL=http://127.0.0.1:1" in text
    assert "alb502 diagnose" in text
    assert "repairs" not in text
    repaired = try_next(
        scenario,
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        reports.report(),
        scenarios.names(),
        "alb502",
        repair="aws ecs update-service --desired-count 3",
    )
    assert "    aws ecs update-service --desired-count 3\n  That repairs it" in repaired


def test_the_published_schema_is_current() -> None:
    assert (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8") == schema_text(), (
        "python -m bot.cli.schema > docs/report.schema.json"
    )


@pytest.mark.parametrize("report", [reports.report(), reports.well(), reports.unclear()])
def test_reports_fit_the_published_schema(report: Report) -> None:
    validator = Draft202012Validator(json.loads(schema_text()))
    printed = json.loads(report.to_json())

    assert list(validator.iter_errors(printed)) == []
    assert list(validator.iter_errors(printed | {"verdict": "maybe"}))
    assert list(validator.iter_errors({name: value for name, value in printed.items() if name != "schema"}))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diagnose", "x", "--format", "pdf"), "'--format': 'pdf' is not one of 'terminal', 'markdown', 'json';"),
        (("demo", "--port", "abc"), "'--port': Input should be a valid integer;"),
    ],
)
def test_a_wrong_value_is_told_without_the_words_of_a_library(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    ran = alb502(capsys, *arguments)
    assert ran.status == exits.BAD_USAGE
    assert ran.err.startswith(f"alb502: Invalid value for {said}")
