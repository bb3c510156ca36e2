"""New revisions differ from the present one in what was shown and in nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.facts import SecurityGroup, SecurityGroups
from remediations.fix import CannotPrepareError
from remediations.plan import Plan
from tests.incidents.building import (
    LB_SG,
    PORT,
    TASK_SG,
    VPC,
    Incident,
    allow_all,
    allow_from,
    definition,
    task_definition_arn,
)
from tests.incidents.connection.container_port_mismatch import refused
from tests.incidents.connection.keepalive_race import running, trickle
from tests.incidents.lifecycle import memory_pressure, task_oom_killed
from tests.incidents.lifecycle.task_sigkill_on_stop import cut_off, killed
from tests.incidents.rows import logged
from tests.incidents.stopping import lost_at, with_stop_timeout
from tests.incidents.time.cpu_saturation import loop_in_new_revision, rush
from tests.incidents.written import Said, said
from tests.remediations.catalogue.on_ecs import (
    EXECUTION_ROLE,
    NEW_REVISION,
    TASK_ROLE,
    live_definition,
    prepared,
)
from tests.remediations.catalogue.proposing import holds, plans

MEMORY, CPU, STOP, ALIVE, PORTS = (
    "ecs-more-memory",
    "ecs-more-cpu",
    "ecs-stop-timeout",
    "ecs-keep-alive",
    "ecs-container-port",
)
UVICORN = ("uvicorn", "main:app", "--timeout-keep-alive", "5")


def edits(plan: Plan) -> list[tuple[Any, ...]]:
    raw = plan.writes[0].arguments["edits"]
    assert isinstance(raw, list)
    return [(one["container"], one["name"], one["before"], one["after"]) for one in raw if isinstance(one, dict)]


def oom(**task: Any) -> Incident:
    return task_oom_killed.killed_now_and_then().definitions(definition(7, **task))


def listens_elsewhere(*, admitted: bool = True, line: str = "Listening on http://0.0.0.0:3000") -> Incident:
    """uvicorn says that it listens on 3000 while 8080 is mapped and registered."""
    incident = said(refused(Incident()), Said(line, 4, 50, 6))
    if admitted:
        group = SecurityGroup(
            id=TASK_SG,
            name="checkout",
            vpc_id=VPC,
            ingress=(allow_from(LB_SG), allow_from(LB_SG, port=3000)),
            egress=(allow_all(),),
        )
        incident.security_group(group)
    return incident


LISTENS = "INFO:     Uvicorn running on http://0.0.0.0:3000 (Press CTRL+C to quit)"


# -- what a revision is made of


def test_a_revision_holds_all_but_what_changed() -> None:
    incident = oom(execution_role_arn=EXECUTION_ROLE, task_role_arn=TASK_ROLE)
    plan = plans(MEMORY, incident)[0]
    live = live_definition(executionRoleArn=EXECUTION_ROLE, taskRoleArn=TASK_ROLE)
    made = prepared(plan, plan.writes[0], incident, definition=live)
    assert set(live["taskDefinition"]) - set(made) == {
        "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
        "registeredBy",
    }  # fmt: skip
    old, new = live["taskDefinition"]["containerDefinitions"][0], made["containerDefinitions"][0]
    assert {key: new[key] for key in new if new[key] != old[key]} == {"memory": 2048}
    assert made["memory"] == "2048"
    assert made["tags"] == [{"key": "team", "value": "shop"}, {"key": "alb502:plan", "value": "p-1"}]


def test_only_the_present_roles_are_passed_on() -> None:
    incident = oom(execution_role_arn=EXECUTION_ROLE)
    plan = plans(MEMORY, incident)[0]
    passed = next(grant for grant in plan.writes[0].also if grant.action == "iam:PassRole")
    assert passed.resources == (EXECUTION_ROLE,)
    assert passed.condition == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    with pytest.raises(CannotPrepareError):
        prepared(plan, plan.writes[0], incident, definition=live_definition(taskRoleArn=TASK_ROLE))


def test_a_revision_that_was_registered_unseen_is_found_again() -> None:
    plan = plans(MEMORY, oom())[0]
    register = plan.writes[0]
    assert register.done_when.expected == {"$from": "plan"}
    found = {"taskDefinition": {"taskDefinitionArn": NEW_REVISION}, "tags": [{"key": "alb502:plan", "value": "p-1"}]}
    done = register.done_when.model_copy(update={"expected": "p-1"})
    assert holds(done, found)
    assert not holds(done, found | {"tags": []})
    assert not holds(done, {"taskDefinition": {}})


def test_it_is_deployed_and_the_way_back_is_a_deployment() -> None:
    plan = plans(MEMORY, oom())[0]
    assert plan.writes[1].call.parameters == {
        "cluster": "prod",
        "service": "checkout",
        "taskDefinition": {"$from": "task definition"},
    }
    assert plan.undo.kind == "compensating"
    assert plan.undo.writes[0].call.parameters["taskDefinition"] == task_definition_arn(7)
    assert plan.undo.guards[0].expected == {"$from": "task definition"}
    told = plan.success.guards[0]
    assert not holds(told, {"services": [{"taskDefinition": task_definition_arn(7)}]})
    assert holds(told, {"services": [{"taskDefinition": NEW_REVISION}]})


def test_a_deployment_in_progress_puts_it_off() -> None:
    incident = task_oom_killed.killed_after_deployment()
    plan = plans(MEMORY, incident)[0]
    assert plan.not_now is not None
    assert any("no deployment" in guard.text for guard in plan.guards)


@pytest.mark.parametrize("fix", [MEMORY, CPU, STOP, ALIVE, PORTS])
def test_a_value_that_is_another_one_by_now_stops_it(fix: str) -> None:
    builds: dict[str, Callable[[], Incident]] = {
        MEMORY: oom,
        CPU: rush,
        STOP: lambda: cut_off("TerminationNotice"),
        ALIVE: lambda: trickle(running("api:7", *UVICORN)),
        PORTS: lambda: listens_elsewhere(line=LISTENS),
    }
    incident = builds[fix]()
    plan = plans(fix, incident)[0]
    live = live_definition(cpu="4096")
    web = live["taskDefinition"]["containerDefinitions"][0]
    web |= {"memory": 9000, "stopTimeout": 77, "command": ["node", "server.js"], "portMappings": []}
    with pytest.raises(CannotPrepareError):
        prepared(plan, plan.writes[0], incident, definition=live)


# -- memory and CPU


def test_twice_the_memory_or_half_as_much_more() -> None:
    plan = plans(MEMORY, oom())[0]
    assert edits(plan) == [(None, "memory", "1024", "2048"), ("web", "memory", 1024, 2048)]
    assert [edits(one) for one in plan.narrower] == [[(None, "memory", "1024", "2048"), ("web", "memory", 1024, 1536)]]
    assert [(one.setting, one.before, one.after) for one in plan.changes] == [
        ("memory", "1024", "2048"),
        ("memory", 1024, 2048),
        ("taskDefinition", task_definition_arn(7), "the new revision of checkout"),
    ]


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        ({"memory": "4096", "cpu": "1024"}, [("web", "memory", 1024, 2048)]),
        ({"memory": "2048", "cpu": "256"}, [("web", "memory", 1024, 2048)]),
        ({"memory": None, "cpu": None}, [("web", "memory", 1024, 2048)]),
        ({"cpu": "256"}, [(None, "memory", "1024", "2048"), ("web", "memory", 1024, 2048)]),
    ],
    ids=["the task has room", "the task has just enough", "no task size", "the same CPU allows it"],
)
def test_the_task_grows_only_where_it_has_to(task: dict[str, Any], wanted: list[tuple[Any, ...]]) -> None:
    assert edits(plans(MEMORY, oom(**task))[0]) == wanted


def test_a_limit_of_the_task_alone_and_the_next_size_with_more_cpu() -> None:
    container = definition().containers[0].model_copy(update={"memory_mib": None})
    plan = plans(MEMORY, oom(containers=(container,), cpu="256", memory="2048"))[0]
    assert edits(plan) == [(None, "memory", "2048", "4096"), (None, "cpu", "256", "512")]


def test_a_size_that_does_not_exist_is_not_built_upon() -> None:
    assert not plans(MEMORY, oom(cpu="256", memory="1500"))


def test_more_cpu_in_sizes_of_fargate() -> None:
    plan = plans(CPU, rush())[0]
    assert edits(plan) == [(None, "cpu", "512", "1024"), (None, "memory", "1024", "2048")]


@pytest.mark.parametrize(
    "incident",
    [
        lambda: rush().service(launch_type="EC2"),
        lambda: rush().service(deployment_controller="CODE_DEPLOY"),
        lambda: rush().definitions(definition(7, cpu="16384", memory="122880")),
        loop_in_new_revision,
        Incident,
    ],
    ids=["on EC2", "CodeDeploy", "the largest one", "the load is as usual", "nothing is wrong"],
)
def test_more_cpu_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(CPU, incident())


@pytest.mark.parametrize(
    "incident",
    [
        lambda: oom().service(deployment_controller="EXTERNAL"),
        lambda: oom().service(task_definition=task_definition_arn(8)),
        task_oom_killed.killed_and_nobody_says_by_whom,
        task_oom_killed.killed_by_the_scheduler_after_stop_timeout,
        memory_pressure.thrashing,
    ],
    ids=["somebody else deploys it", "the killed one is an older revision", "no reason", "stop timeout", "only full"],
)
def test_more_memory_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(MEMORY, incident())


# -- time to end


def test_twice_the_time_to_end() -> None:
    incident = cut_off("TerminationNotice")
    plan = plans(STOP, incident)[0]
    assert edits(plan) == [("web", "stopTimeout", 30, 60)]
    live = live_definition()
    live["taskDefinition"]["containerDefinitions"][0]["stopTimeout"] = 30
    made = prepared(plan, plan.writes[0], incident, definition=live)
    assert made["containerDefinitions"][0]["stopTimeout"] == 60


def test_where_nothing_open_was_cut_off_a_longer_wait_does_not_help() -> None:
    assert plans(STOP, cut_off())
    assert not plans(STOP, logged(killed("UserInitiated"), lost_at(20, before_min=0.1)))


def test_no_longer_than_fargate_allows() -> None:
    assert not plans(STOP, with_stop_timeout(cut_off("TerminationNotice"), 120))


# -- keep-alive


@pytest.mark.parametrize(
    ("command", "environment", "wanted"),
    [
        (UVICORN, {}, ("web", "--timeout-keep-alive", "5", "65")),
        (("uvicorn", "main:app"), {}, ("web", "UVICORN_TIMEOUT_KEEP_ALIVE", None, "65")),
        (
            ("gunicorn", "-k", "gthread", "app:app"),
            {},
            ("web", "GUNICORN_CMD_ARGS", None, "--keep-alive 65"),
        ),
        (
            ("gunicorn", "-k", "gthread", "app:app"),
            {"GUNICORN_CMD_ARGS": "--workers 3"},
            ("web", "GUNICORN_CMD_ARGS", "--workers 3", "--workers 3 --keep-alive 65"),
        ),
        (
            ("gunicorn", "-k", "gthread", "app:app"),
            {"GUNICORN_CMD_ARGS": "--keep-alive 3 --workers 3"},
            ("web", "GUNICORN_CMD_ARGS", "--keep-alive 3 --workers 3", "--keep-alive 65 --workers 3"),
        ),
        (("node", "server.js"), {"KEEP_ALIVE_TIMEOUT": "5000"}, ("web", "KEEP_ALIVE_TIMEOUT", "5000", "65000")),
    ],
)
def test_the_setting_of_the_server_that_runs(
    command: tuple[str, ...], environment: dict[str, str], wanted: tuple[Any, ...]
) -> None:
    incident = trickle(running("api:7", *command, **environment))
    plan = plans(ALIVE, incident)[0]
    assert edits(plan) == [wanted]


def test_tomcat_that_says_so_itself() -> None:
    incident = trickle(running("api:7", "java", "-jar", "app.jar", SPRING_PROFILES_ACTIVE="prod"))
    assert not plans(ALIVE, incident), "it may be another server"
    line = "o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http) with context path '/'"
    assert edits(plans(ALIVE, said(incident, Said(line, 4, 50, 6)))[0]) == [
        ("web", "SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT", None, "65s")
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["uvicorn", "main:app", "--timeout-keep-alive", "5"],
        ["sh", "-c", "exec uvicorn main:app --timeout-keep-alive 5"],
        ["uvicorn", "main:app", "--timeout-keep-alive=5"],
    ],
)
def test_the_live_command_line_is_what_changes(command: list[str]) -> None:
    incident = trickle(running("api:7", *UVICORN))
    plan = plans(ALIVE, incident)[0]
    live = live_definition()
    live["taskDefinition"]["containerDefinitions"][0]["command"] = command
    made = prepared(plan, plan.writes[0], incident, definition=live)
    assert made["containerDefinitions"][0]["command"] == [
        word if word == "main:app" or "5" not in word else word.replace("5", "65") for word in command
    ]


def test_a_variable_from_a_secret_is_left_alone() -> None:
    incident = trickle(running("api:7", "uvicorn", "main:app"))
    plan = plans(ALIVE, incident)[0]
    live = live_definition()
    made = prepared(plan, plan.writes[0], incident, definition=live)
    assert {"name": "UVICORN_TIMEOUT_KEEP_ALIVE", "value": "65"} in made["containerDefinitions"][0]["environment"]
    secret = {"name": "UVICORN_TIMEOUT_KEEP_ALIVE", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/k"}
    live["taskDefinition"]["containerDefinitions"][0]["secrets"] = [secret]
    with pytest.raises(CannotPrepareError):
        prepared(plan, plan.writes[0], incident, definition=live)


@pytest.mark.parametrize(
    "incident",
    [
        lambda: trickle(running("node:20-slim", "node", "server.js")),
        lambda: trickle(running("api:7", "python", "-m", "uvicorn", "main:app")),
        lambda: trickle(Incident()),
        lambda: running("api:7", *UVICORN),
    ],
    ids=["set in code only", "not the command itself", "not known what runs", "only a risk"],
)
def test_keep_alive_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(ALIVE, incident())


# -- the port


def test_the_port_that_the_server_named() -> None:
    incident = listens_elsewhere(line=LISTENS)
    plan = plans(PORTS, incident)[0]
    made = prepared(plan, plan.writes[0], incident, definition=live_definition())
    assert made["containerDefinitions"][0]["portMappings"] == [
        {"containerPort": 3000, "hostPort": 3000, "protocol": "tcp", "name": "web"}
    ]
    entry = {"targetGroupArn": incident.subject.target_groups[0], "containerName": "web", "containerPort": PORT}
    live: dict[str, Any] = {"services": [{"loadBalancers": [entry]}]}
    assert holds(plan.guards[-1], live)
    assert not holds(plan.guards[-1], {"services": [{"loadBalancers": [entry | {"containerPort": 3000}]}]})
    sent = prepared(plan, plan.writes[1], incident, service=live)
    assert sent["taskDefinition"] == NEW_REVISION
    assert sent["loadBalancers"] == [entry | {"containerPort": 3000}]
    back = prepared(
        plan, plan.undo.writes[0], incident, service={"services": [{"loadBalancers": sent["loadBalancers"]}]}
    )
    assert (back["taskDefinition"], back["loadBalancers"]) == (task_definition_arn(7), [entry])
    registered = {
        "services": [{"loadBalancers": [entry], "serviceRegistries": [{"containerName": "web", "containerPort": PORT}]}]
    }
    with pytest.raises(CannotPrepareError, match="Cloud Map"):
        prepared(plan, plan.writes[1], incident, service=registered)


@pytest.mark.parametrize(
    "incident",
    [
        lambda: listens_elsewhere(line=LISTENS, admitted=False),
        lambda: listens_elsewhere(line=LISTENS.replace("0.0.0.0", "127.0.0.1")),
        lambda: listens_elsewhere(line="Listening on http://0.0.0.0:3000"),
        lambda: listens_elsewhere(line=LISTENS).service(deployment_controller="CODE_DEPLOY"),
        lambda: listens_elsewhere(line=LISTENS).service(deployment_strategy="BLUE_GREEN"),
        lambda: listens_elsewhere(line=LISTENS).denied(SecurityGroups, "ec2:DescribeSecurityGroups"),
        lambda: listens_elsewhere(line=LISTENS).definitions(definition(7, network_mode="bridge")),
    ],
    ids=[
        "the security group does not admit it",
        "loopback only",
        "a sentence of the program's own",
        "CodeDeploy",
        "blue/green",
        "security groups are denied",
        "bridge",
    ],
)
def test_the_port_is_not_changed(incident: Callable[[], Incident]) -> None:
    assert not plans(PORTS, incident())
