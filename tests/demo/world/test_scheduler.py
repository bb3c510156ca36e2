"""The service scheduler replaces, rolls out, gives up and rolls back as ECS does."""

from __future__ import annotations

from collections.abc import Callable

from demo.world.apps import App
from demo.world.service_handle import ServiceHandle
from tests.demo.world.conftest import Incident

Settled = Callable[..., ServiceHandle]


def test_a_service_comes_up_and_says_so(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=3)
    found = incident.describe(checkout)
    assert (found["runningCount"], found["pendingCount"], found["desiredCount"]) == (3, 0, 3)
    assert [d["rolloutState"] for d in found["deployments"]] == ["COMPLETED"]
    told = incident.events(checkout)
    assert told[0].startswith("has started 3 tasks: (task ")
    assert told[1] == f"registered 3 targets in (target-group {checkout.target_group})"
    assert told[-1] == "has reached a steady state."


def test_tasks_spread_over_subnets_and_own_interfaces_in_them(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=4)
    tasks = incident.tasks(checkout)
    zones = sorted(task["availabilityZone"] for task in tasks)
    assert zones == ["us-east-1a", "us-east-1a", "us-east-1b", "us-east-1b"]
    details = {pair["name"]: pair["value"] for pair in tasks[0]["attachments"][0]["details"]}
    eni = incident.acct.client("ec2").describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])[
        "NetworkInterfaces"
    ][0]
    assert eni["PrivateIpAddress"] == details["privateIPv4Address"]
    assert eni["SubnetId"] == details["subnetId"]
    assert [group["GroupId"] for group in eni["Groups"]] == [checkout.security_group]


def test_memory_beyond_the_limit_kills_and_more_memory_mends(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    checkout.deploy("checkout:2", app=App(memory_mib=700, memory_grows_for_s=12), memory=512)
    incident.world.advance(300)
    stopped = incident.tasks(checkout, "STOPPED")
    assert {task["stopCode"] for task in stopped} == {"EssentialContainerExited"}
    container = stopped[0]["containers"][0]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert incident.describe(checkout)["deployments"][0]["failedTasks"] > 0

    checkout.deploy(memory=1024)
    incident.world.advance(240)
    assert incident.describe(checkout)["deployments"][0]["rolloutState"] == "COMPLETED"
    assert incident.states(checkout) == ["healthy"] * 2


def test_old_tasks_stay_until_new_ones_are_healthy(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=4, grace_s=120)
    checkout.deploy("checkout:2", app=App(pull_s=10, boot_s=30))
    incident.world.advance(50)
    new, old = incident.describe(checkout)["deployments"]
    assert (new["status"], old["status"]) == ("PRIMARY", "ACTIVE")
    assert (new["runningCount"], old["runningCount"]) == (4, 4)
    incident.world.advance(120)
    assert len(incident.describe(checkout)["deployments"]) == 1
    assert incident.states(checkout) == ["healthy"] * 4
    reasons = {task["stoppedReason"] for task in incident.tasks(checkout, "STOPPED")}
    assert reasons == {f"Scaling activity initiated by (deployment {new['id']})"}


def test_a_minimum_of_zero_stops_everything_first(incident: Incident, settled: Settled) -> None:
    checkout = settled(minimum_percent=0, maximum_percent=100)
    checkout.deploy("checkout:2", app=App())
    incident.world.advance(5)
    assert incident.states(checkout) == ["draining"] * 2


def test_half_of_the_tasks_may_go_when_the_minimum_is_fifty(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=4, minimum_percent=50, maximum_percent=100, grace_s=3600)
    checkout.deploy("checkout:2", app=App(boot_s=600))
    incident.world.advance(60)
    new, old = incident.describe(checkout)["deployments"]
    assert (new["runningCount"], old["runningCount"]) == (2, 2)


def test_the_circuit_breaker_trips_and_rolls_back(incident: Incident, settled: Settled) -> None:
    checkout = settled(breaker=True, rollback=True)
    good = incident.describe(checkout)["taskDefinition"]
    checkout.deploy("checkout:2", app=App(crash_after_s=3))
    failing = incident.describe(checkout)["deployments"][0]["id"]
    incident.world.advance(240)
    found = incident.describe(checkout)
    assert found["taskDefinition"] == good
    told = incident.events(checkout)
    assert f"(deployment {failing}) deployment failed: tasks failed to start." in told
    assert f"rolling back to deployment {found['deployments'][0]['id']}." in told
    assert incident.states(checkout) == ["healthy"] * 2
    latest = incident.acct.client("ecs").list_service_deployments(cluster="prod", service="checkout")
    assert latest["serviceDeployments"][0]["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_breaker_without_roll_back_leaves_the_deployment_failed(incident: Incident, settled: Settled) -> None:
    checkout = settled(breaker=True)
    checkout.deploy("checkout:2", app=App(crash_after_s=3))
    incident.world.advance(240)
    primary = incident.describe(checkout)["deployments"][0]
    assert primary["rolloutState"] == "FAILED"
    assert primary["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    failed = primary["failedTasks"]
    incident.world.advance(240)
    assert incident.describe(checkout)["deployments"][0]["failedTasks"] == failed, "nothing is started any more"


def test_a_pull_error_fails_to_start_with_growing_pauses(incident: Incident, settled: Settled) -> None:
    checkout, error = settled(), "CannotPullContainerError: checkout:9: not found"
    checkout.deploy("checkout:9", app=App(pull_error=error))
    incident.world.advance(1800)
    stopped = incident.tasks(checkout, "STOPPED")
    assert {(task["stopCode"], task["stoppedReason"]) for task in stopped} == {("TaskFailedToStart", error)}
    assert len(stopped) <= 14, "back-off keeps the number of attempts small"
    assert "is unable to consistently start tasks successfully." in incident.events(checkout)
    assert incident.states(checkout) == ["healthy"] * 2, "the old tasks serve on"


def test_the_grace_period_protects_a_slow_start_and_no_longer(incident: Incident) -> None:
    slow = App(pull_s=5, boot_s=100)
    patient = incident.acct.service("patient", app=slow, grace_s=150)
    hasty = incident.acct.service("hasty", app=slow, grace_s=40, path="/hasty/*", client_path="/hasty/")
    incident.world.advance(180)
    assert incident.states(patient) == ["healthy"] * 2
    assert incident.tasks(patient, "STOPPED") == []
    killed = incident.tasks(hasty, "STOPPED")
    assert {task["stoppedReason"] for task in killed} == {
        f"Task failed ELB health checks in (target-group {hasty.target_group})"
    }
    assert any("is unhealthy in (target-group" in message for message in incident.events(hasty))


def test_an_unhealthy_task_is_replaced_before_it_is_stopped(incident: Incident, settled: Settled) -> None:
    checkout = settled(desired=2, grace_s=0, app=App(routes={"/healthz": 200}))
    checkout.set_health_check(HealthCheckPath="/nowhere")
    incident.world.advance(60)
    assert incident.describe(checkout)["runningCount"] == 4
    assert any("Amazon ECS replaced 2 tasks due to an unhealthy status." in m for m in incident.events(checkout))


def test_failing_container_health_checks_stop_tasks(incident: Incident, settled: Settled) -> None:
    checkout = settled(container_health=True, grace_s=0)
    assert {task["healthStatus"] for task in incident.tasks(checkout)} == {"HEALTHY"}
    checkout.change_app(container_healthy=False)
    incident.world.advance(180)
    assert "Task failed container health checks" in {
        task["stoppedReason"] for task in incident.tasks(checkout, "STOPPED")
    }


def test_scaling_to_zero_drains_then_stops(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    checkout.scale(0)
    incident.world.advance(5)
    assert incident.states(checkout) == ["draining"] * 2
    assert {task["lastStatus"] for task in incident.tasks(checkout, "STOPPED")} == {"DEACTIVATING"}
    incident.world.advance(60)
    assert incident.health(checkout) == []
    assert {task["containers"][0]["exitCode"] for task in incident.tasks(checkout, "STOPPED")} == {0}


def test_a_process_that_ignores_sigterm_is_killed_after_its_timeout(incident: Incident, settled: Settled) -> None:
    checkout = settled(app=App(stops_in_s=120))
    checkout.scale(0)
    incident.world.advance(90)
    assert {task["containers"][0]["exitCode"] for task in incident.tasks(checkout, "STOPPED")} == {137}


def test_stopped_tasks_are_remembered_for_an_hour(incident: Incident, settled: Settled) -> None:
    checkout = settled()
    checkout.scale(0)
    incident.world.advance(60)
    assert len(incident.tasks(checkout, "STOPPED")) == 2
    incident.world.advance(3601, step=60)
    assert incident.tasks(checkout, "STOPPED") == []


def test_dynamic_host_ports_and_a_full_cluster(incident: Incident) -> None:
    acct = incident.acct
    balancer = acct.load_balancer()
    hosts = acct.security_group("hosts", balancer.vpc)
    acct.allow(hosts, 32768, 65535, source=balancer.security_group)
    host = acct.host(security_group=hosts, memory_mib=1100)
    checkout = acct.service("checkout", launch="EC2", security_group=hosts, desired=3, memory=512)
    incident.world.advance(120)
    assert incident.states(checkout) == ["healthy"] * 2
    assert {row["Target"]["Id"] for row in incident.health(checkout)} == {host.instance_id}
    tasks = incident.tasks(checkout)
    assert {task["containerInstanceArn"] for task in tasks} == {host.container_instance_arn}
    assert not any("platformVersion" in task for task in tasks)
    bindings = [task["containers"][0]["networkBindings"][0] for task in tasks]
    assert sorted(b["hostPort"] for b in bindings) == [32768, 32769]
    instance = host.container_instance_arn.rsplit("/", 1)[-1]
    assert any(
        "was unable to place a task because no container instance met all of its requirements. Reason: "
        f"The closest matching (container-instance {instance}) has insufficient memory available." in message
        for message in incident.events(checkout)
    )
    described = acct.client("ecs").describe_container_instances(
        cluster="prod", containerInstances=[host.container_instance_arn]
    )["containerInstances"][0]
    left = {r["name"]: r["integerValue"] for r in described["remainingResources"]}
    assert (described["ec2InstanceId"], left["MEMORY"]) == (host.instance_id, 76)
