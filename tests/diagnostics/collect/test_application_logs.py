"""What containers and functions wrote to a simulated CloudWatch Logs: chosen, read, bounded, or said why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.aws.guards import Faults
from demo.aws.layer import AwsError
from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter, Missing, Pages
from diagnostics.collect.collector import CollectorSpec, Read, Reads, specify
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.runner import collect
from diagnostics.collect.sources import application_logs as source
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    ContainerDefinition,
    EcsService,
    Fact,
    FunctionConfiguration,
    Gap,
    LambdaTarget,
    LambdaTargets,
    LoggedRow,
    Metrics,
    NotApplicable,
    RunningTasks,
    ServiceLoadBalancer,
    StoppedTasks,
    TargetHealth,
    Task,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.facts import Container as RunContainer
from diagnostics.snapshot import Subject, Window
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.log_shop import REGION, Shop
from tests.diagnostics.collect.scripted import SUBJECT, answered, refused
from tests.diagnostics.collect.test_changes import service as plain_service

# CloudWatch Logs refuses events that are older than two weeks.
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WINDOW = Window(start=NOW - timedelta(minutes=40), end=NOW)
GROUP = "/ecs/checkout"
DEFINITION = "arn:aws:ecs:us-east-1:111122223333:task-definition/checkout:7"
TO_LOGS = {"awslogs-group": GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "app"}
DENIED = AwsError("AccessDeniedException", "not allowed", 400)
TRACE = "Root=1-67891233-abcdef012345678912345678"
ALWAYS = LogOptions(wish="always")


def a_task(number: int, **changes: Any) -> Task:
    base = Task(
        arn=f"arn:aws:ecs:us-east-1:111122223333:task/prod/{number:032x}",
        task_definition=DEFINITION,
        last_status="RUNNING",
        desired_status="RUNNING",
        created_at=WINDOW.start - timedelta(hours=2),
        started_at=WINDOW.start - timedelta(hours=2),
        private_ips=(f"10.0.1.{number}",),
        containers=(RunContainer(name="web"),),
    )
    return base.model_copy(update=changes)


def crashed(number: int, minutes_ago: float = 10) -> Task:
    return a_task(
        number,
        last_status="STOPPED",
        desired_status="STOPPED",
        stop_code="EssentialContainerExited",
        created_at=NOW - timedelta(minutes=minutes_ago + 3),
        started_at=NOW - timedelta(minutes=minutes_ago + 2),
        stopped_at=NOW - timedelta(minutes=minutes_ago),
        containers=(RunContainer(name="web", exit_code=1),),
    )


def service() -> EcsService:
    registered = ServiceLoadBalancer(target_group_arn="arn:tg", container_name="web", container_port=8080)
    return plain_service().model_copy(update={"task_definition": DEFINITION, "load_balancers": (registered,)})


def definitions(driver: str | None = "awslogs", options: dict[str, str] | None = None) -> TaskDefinitions:
    web = ContainerDefinition(name="web", image="shop:7", log_driver=driver, log_options=options or TO_LOGS)
    agent = ContainerDefinition(name="datadog-agent", image="datadog/agent", log_driver=driver, log_options=TO_LOGS)
    definition = TaskDefinition(
        arn=DEFINITION, family="checkout", revision=7, network_mode="awsvpc", containers=(web, agent)
    )
    return TaskDefinitions(by_arn={DEFINITION: definition})


def facts(**changes: Any) -> dict[str, Any]:
    return {
        "service": service(),
        "definitions": definitions(),
        "running": RunningTasks(items=(a_task(21),)),
        "stopped": StoppedTasks(items=(crashed(50),)),
        "health": TargetHealth(by_group={}),
        "functions": NotApplicable(reason="no function"),
        "metrics": Metrics(covered_from=WINDOW.start, covered_to=WINDOW.end, series=()),
        **changes,
    }


def given(fact: Any, kind: type[Fact]) -> CollectorSpec:
    def constant(subject: Subject) -> Reads[Any]:
        yield []
        return fact

    constant.__annotations__["return"] = Reads[kind]  # type: ignore[valid-type]
    return specify(constant, cached=False)


def over_http(shop: Shop, rows: AccessLogs | None = None, **changes: Fact) -> Any:
    subject = SUBJECT.model_copy(update={"account": shop.account})
    reader = AwsAccess((), AccessLimits(attempts=1)).reader(shop.account, REGION, CallMeter())
    around = [
        given(fact, LambdaTargets if isinstance(fact, NotApplicable) else type(fact))
        for fact in (*facts(**changes).values(), rows or no_rows())
    ]
    spec = specify(source.application_logs, cached=True, own_budget=True, patience_s=source.PATIENCE_S)
    return collect(subject, WINDOW, reader, clock=lambda: NOW, specs=[spec, *around])


def no_rows(*sample: LoggedRow) -> AccessLogs:
    return AccessLogs(
        source="s3", engine="local", covered_from=WINDOW.start, covered_to=WINDOW.end, rows=1000, sample=sample
    )


def failed_request(trace: str = TRACE) -> LoggedRow:
    return LoggedRow(
        at=NOW - timedelta(minutes=9),
        elb_status=502,
        target_status=None,
        row_family="closed-before-response",
        target="10.0.1.21:8080",
        request_s=0.001,
        target_s=0.01,
        response_s=-1,
        elapsed_s=0.02,
        trace_id=trace,
    )


def write(shop: Shop, stream: str, *lines: tuple[float, str]) -> None:
    """Lines so many minutes before now."""
    logs = shop.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events = [
        {"timestamp": int((NOW - timedelta(minutes=ago)).timestamp() * 1000), "message": text} for ago, text in lines
    ]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def stream_of(task: Task) -> str:
    return f"app/web/{task.id}"


def test_the_lines_of_a_task_that_failed_and_the_banner_of_one_that_is_well(shop: Shop) -> None:
    write(
        shop,
        stream_of(crashed(50)),
        (12, "Server listening at http://0.0.0.0:8080"),
        (10.3, "about to charge password=hunter2"),
        (10.2, "panic: runtime error: index out of range"),
        (10.1, "goroutine 1 [running]:"),
    )
    write(
        shop,
        stream_of(a_task(21)),
        (160, "[INFO] Starting gunicorn 20.1.0"),
        (9, f'10.0.1.5 - - [21/Nov/2026:00:03:00 +0000] "GET /cart HTTP/1.1" 200 12 "{TRACE}"'),
        (8, "all is well"),
    )
    unanswered = "Root=1-67891233-ffffffffffffffffffffffff"
    snapshot = over_http(shop, no_rows(failed_request(), failed_request(unanswered)))
    logs = snapshot.get(ApplicationLogs)
    assert isinstance(logs, ApplicationLogs), logs
    assert (logs.log_groups, logs.lines_read, logs.share_read, logs.gaps) == ((GROUP,), 7, 1.0, ())
    assert [line.text for line in logs.of("crash")] == ["panic: runtime error: index out of range"]
    assert [(line.task, line.details["version"]) for line in logs.of("ready")] == [(a_task(21).id, "20.1.0")]
    last_words = [line.text for line in logs.lines if line.task == crashed(50).id]
    assert last_words[-2:] == ["panic: runtime error: index out of range", "goroutine 1 [running]:"]
    assert "hunter2" not in logs.model_dump_json()
    assert [line.details["status"] for line in logs.traced(frozenset({TRACE}))] == ["200"]
    assert logs.untraced() == (unanswered,)
    assert snapshot.stats.aws_calls == 0
    assert snapshot.stats.log_calls <= 8


def test_a_denied_read_names_the_action(shop: Shop, faults: Faults) -> None:
    write(shop, stream_of(crashed(50)), (10.2, "panic: x"))
    faults.fail("logs", error=DENIED, times=None)
    gap = over_http(shop).get(ApplicationLogs)
    assert isinstance(gap, Gap)
    assert (gap.action, gap.kind, gap.resource) == ("logs:GetLogEvents", "denied", GROUP)


def asked(rows: Any = None, answer: Any = None, subject: Subject = SUBJECT, **changes: Any) -> Driven:
    given_facts: Any = facts(**{name: value for name, value in changes.items() if name != "options"})
    collector = source.application_logs(
        subject=subject,
        window=WINDOW,
        options=changes.get("options", LogOptions()),
        rows=settled(AccessLogs, rows or NotApplicable(reason="off")),
        **given_facts,
    )
    return drive(collector, answer or (lambda _: answered()))


def test_nothing_is_read_where_nothing_is_to_be_explained() -> None:
    quiet = asked(stopped=StoppedTasks(items=()))
    assert (quiet.asked, isinstance(quiet.outcome, NotApplicable)) == ([], True)
    assert asked(options=LogOptions(wish="never")).asked == []
    ordered = crashed(50).model_copy(update={"stop_code": "ServiceSchedulerInitiated"})
    assert asked(stopped=StoppedTasks(items=(ordered,))).asked == []


def test_failed_tasks_come_first_and_agents_are_left_out() -> None:
    streams = [
        str(read.params["logStreamName"])
        for read in asked(stopped=StoppedTasks(items=tuple(crashed(n) for n in range(50, 60)))).asked
        if read.operation == "get_log_events" and not read.params["startFromHead"]
    ]
    assert streams[:3] == [stream_of(crashed(n)) for n in (50, 51, 52)]
    assert streams[3:] == [stream_of(a_task(21))]


def test_logs_that_go_elsewhere_are_said_to_go_there() -> None:
    gap = asked(definitions=definitions("splunk", {"splunk-url": "https://logs.example.com"})).outcome
    assert isinstance(gap, Gap)
    assert gap.message == "logs of container web go to splunk, which is not read"
    assert isinstance(asked(definitions=definitions(None)).outcome, NotApplicable)
    far = asked(definitions=definitions(options={**TO_LOGS, "awslogs-region": "eu-west-1"})).outcome
    assert isinstance(far, Gap)
    assert "eu-west-1" in far.message


def test_firelens_to_cloudwatch_is_followed() -> None:
    options = {"Name": "cloudwatch_logs", "log_group_name": GROUP, "log_stream_prefix": "from-", "region": REGION}
    reads = asked(definitions=definitions("awsfirelens", options)).asked
    assert reads[0].params["logStreamName"] == f"from-web-firelens-{crashed(50).id}"


def test_a_task_without_a_stream_wrote_nothing_and_blocking_is_told() -> None:
    blocking = definitions(options={**TO_LOGS, "mode": "blocking"})
    logs = asked(definitions=blocking, answer=lambda _: Pages(missing=Missing("ResourceNotFoundException"))).outcome
    assert isinstance(logs, ApplicationLogs)
    assert any("it wrote nothing" in note for note in logs.notes)
    assert any("blocking mode" in note for note in logs.notes)


def test_a_part_that_is_denied_is_a_gap_beside_the_rest() -> None:
    def half(read: Read) -> Pages:
        return refused("logs:FilterLogEvents") if read.operation == "filter_log_events" else answered()

    logs = asked(answer=half).outcome
    assert isinstance(logs, ApplicationLogs)
    assert [gap.action for gap in logs.gaps] == ["logs:FilterLogEvents"]


def test_a_flood_is_cut_and_the_share_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_LINES", 500)
    when = int((NOW - timedelta(minutes=11)).timestamp() * 1000)

    def flood(read: Read) -> Pages:
        events = [{"timestamp": when + n, "message": f"line {n} {'x' * 200}"} for n in range(300)]
        return answered(*events)

    logs = asked(answer=flood).outcome
    assert isinstance(logs, ApplicationLogs)
    assert 0 < logs.share_read < 1
    assert logs.lines_read <= source.MAX_LINES
    assert len(logs.model_dump_json()) < 200_000


def test_a_trace_id_that_a_client_made_up_is_not_searched_for() -> None:
    rows = no_rows(failed_request('Root=1" ?"'))
    logs = asked(rows=rows).outcome
    assert isinstance(logs, ApplicationLogs)
    assert logs.traces_asked == ()


def test_lines_that_take_too_long_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_WORK_S", 0.0)
    when = int((NOW - timedelta(minutes=11)).timestamp() * 1000)
    logs = asked(answer=lambda _: answered({"timestamp": when, "message": "ERROR"})).outcome
    assert isinstance(logs, ApplicationLogs)
    assert logs.share_read < 1


def test_a_functions_group_is_the_configured_one_or_the_customary_one() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:quote"
    subject = SUBJECT.model_copy(update={"function": arn, "service": None, "cluster": None, "kind": "lambda"})
    configuration = FunctionConfiguration(version="7", timeout_s=3, memory_mib=128, log_group="/shop/quote")
    target = LambdaTarget(target_group="arn:tg", target=f"{arn}:live", qualifier="live", configuration=configuration)
    event = {"timestamp": int(NOW.timestamp() * 1000), "message": "x Task timed out after 3.00 seconds"}
    logs = asked(
        subject=subject,
        functions=LambdaTargets(items=(target,)),
        answer=lambda _: answered(event),
        options=ALWAYS,
    ).outcome
    assert isinstance(logs, ApplicationLogs)
    assert (logs.log_groups, logs.count("lambda-timeout")) == (("/shop/quote",), 1)
    denied = Gap(action="lambda:GetFunctionConfiguration", resource=arn, error="AccessDenied", kind="denied")
    customary = asked(subject=subject, functions=denied, options=ALWAYS).outcome
    assert isinstance(customary, ApplicationLogs)
    assert customary.log_groups == ("/aws/lambda/quote",)
