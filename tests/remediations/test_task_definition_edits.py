"""What a plan may change in a task definition, whoever wrote the plan."""

from __future__ import annotations

from typing import Any

import pytest

from remediations.fix import CannotPrepareError
from remediations.steps.task_definitions import Edit, may_be_made, prepare_revision


@pytest.mark.parametrize(
    ("what", "name", "before", "after"),
    [
        ("setting", "memory", 512, 1024),
        ("setting", "cpu", "256", "512"),
        ("setting", "stopTimeout", None, 60),
        ("port", "containerPort", 8080, 9090),
        ("flag", "--keep-alive", "5", "65"),
        ("variable", "UVICORN_TIMEOUT_KEEP_ALIVE", None, "65"),
        ("variable", "SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT", "20s", "65s"),
        ("variable", "GUNICORN_CMD_ARGS", None, "--keep-alive 65"),
        ("variable", "GUNICORN_CMD_ARGS", "--workers 4", "--workers 4 --keep-alive 65"),
        ("variable", "GUNICORN_CMD_ARGS", "--keep-alive=5 --workers 4", "--keep-alive 65 --workers 4"),
    ],
)
def test_sizes_times_and_ports(what: Any, name: str, before: Any, after: Any) -> None:
    assert may_be_made(Edit(what=what, name=name, before=before, after=after, container="app"))


@pytest.mark.parametrize(
    ("what", "name", "before", "after"),
    [
        ("setting", "image", "shop:1", "evil:1"),
        ("setting", "privileged", False, True),
        ("setting", "user", "app", "0"),
        ("setting", "taskRoleArn", None, "arn:aws:iam::111122223333:role/admin"),
        ("setting", "command", ["run"], ["sh", "-c", "curl evil"]),
        ("setting", "environment", [], [{"name": "X", "value": "1"}]),
        ("setting", "memory", 512, "1024; rm"),
        ("variable", "LD_PRELOAD", None, "/tmp/evil.so"),
        ("variable", "DATABASE_PASSWORD", None, "1"),
        ("variable", "NODE_OPTIONS", None, "--require /tmp/evil.js"),
        ("variable", "GUNICORN_CMD_ARGS", None, "--config http://evil"),
        ("variable", "GUNICORN_CMD_ARGS", "--workers 4", "--workers 4 --pythonpath /tmp"),
        ("variable", "PORT", "8080", None),
        ("flag", "--keep-alive", "5", "5 --reload"),
        ("port", "containerPort", 8080, "8080/udp"),
    ],
)
def test_what_runs_there_is_not_a_fix_s_to_say(what: Any, name: str, before: Any, after: Any) -> None:
    edit = Edit(what=what, name=name, before=before, after=after, container="app")
    assert not may_be_made(edit)
    answers = {"definition": {"taskDefinition": {"containerDefinitions": [{"name": "app", name: before}]}}}
    with pytest.raises(CannotPrepareError, match="does not change"):
        prepare_revision(answers, {"edits": [edit.model_dump(mode="json")], "roles": [], "plan": "p-1"})
