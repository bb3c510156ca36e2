"""What rests on the application's own words quotes them, and says where the same words could mean something else."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.report import Cause
from tests.incidents.building import Incident, stopped_task
from tests.incidents.connection.port_not_listening import on_a_host_port
from tests.incidents.loading import memory
from tests.incidents.rows import closed, logged, slow
from tests.incidents.written import Said, said

OOM = "OutOfMemoryError: Container killed due to memory usage"
KILLED = "[ERROR] Worker (pid:{n}) was sent SIGKILL! Perhaps out of memory?"
TIMED_OUT = "[CRITICAL] WORKER TIMEOUT (pid:{n})"
STARVED = (
    'As of "11/21/2026 03:10:00 +00:00", the heartbeat has been running for "00:00:01.4" which is longer than'
    ' "00:00:01". This could be caused by thread pool starvation.'
)
RESTARTED = (
    "PM2 log: [PM2][WORKER] Process 0 restarted because it exceeds --max-memory-restart value"
    " (current_memory=793694208 max_memory_limit=536870912 [octets])"
)
FULL = 98


def cause(incident: Incident, code: str) -> Cause:
    return next(one for one in diagnose(incident.snapshot()).causes if one.code == code)


def evidence(one: Cause) -> str:
    return "\n".join(item.text for item in one.evidence)


def against(one: Cause) -> str:
    return "\n".join(item.text for item in one.against)


def killed_for_memory(words: str) -> Incident:
    gone = stopped_task(77, minutes_ago=10, exit_code=137, reason=OOM)
    return said(Incident().stopped(gone), Said(words, since=10.5, until=10.5, tasks=(gone.id,)))


def broken_off(since: float = 20) -> Incident:
    return logged(Incident(), closed(120, (0.2, 2.0), since=since))


def test_a_task_killed_for_memory_quotes_what_it_wrote_last() -> None:
    words = "java.lang.OutOfMemoryError: Java heap space"
    told = cause(killed_for_memory(words), "task-oom-killed")
    assert f'wrote before its end: "{words}"' in evidence(told)
    assert told.band == "confirmed"


def test_other_last_words_of_it_are_quoted_and_decide_nothing() -> None:
    told = cause(killed_for_memory("TypeError: x is not a function"), "task-oom-killed")
    assert "TypeError" in evidence(told)
    assert told.band == "likely"


def test_a_server_behind_a_dynamic_host_port_that_says_it_listens_is_told_as_what_speaks_against_it() -> None:
    """It names the port inside its container."""
    line = Said("INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)", since=9, until=9)
    told = cause(said(on_a_host_port(), line), "port-not-listening")
    assert "says that it listens on 8080" in against(told)


def test_short_memory_quotes_the_line_that_says_so() -> None:
    incident = said(memory(broken_off(), FULL, 40), Said(KILLED, count=30, since=19))
    told = cause(incident, "memory-pressure")
    assert "Perhaps out of memory?" in evidence(told)
    assert "for its time-out" not in against(told)


def test_gunicorn_guesses_at_memory_after_its_own_time_out_too() -> None:
    """Of a log that was read in part, the line about the time-out may be in the other part."""
    incident = said(memory(broken_off(), FULL, 40), Said(KILLED, count=30, since=19), share_read=0.5)
    assert "killed itself for its time-out" in against(cause(incident, "memory-pressure"))


def test_beside_a_full_memory_gunicorns_guess_is_told_against_its_time_out() -> None:
    lines = (Said(TIMED_OUT, count=30, since=19), Said(KILLED, count=30, since=19))
    hangs = logged(Incident(), closed(120, (30.0, 30.4), since=20))
    told = cause(said(memory(hangs, FULL, 40), *lines), "worker-timeout-kill")
    assert "may be what makes the workers hang" in against(told)
    roomy = cause(said(memory(hangs, 40, 40), *lines), "worker-timeout-kill")
    assert "Perhaps out of memory?" not in against(roomy)


def test_pm2_restarts_a_process_at_a_limit_of_its_own() -> None:
    """The task has room: the limit is that of the process."""
    incident = said(memory(broken_off(), 55, 40), Said(RESTARTED, count=30, since=19))
    told = cause(incident, "memory-pressure")
    assert "--max-memory-restart" in evidence(told)
    assert "memory limit of its own" in told.summary


def test_kestrels_starved_threads_stand_beside_the_slow_answers() -> None:
    incident = said(logged(Incident(), slow(60, since=20)), Said(STARVED, count=30, since=19))
    told = cause(incident, "target-slow-response")
    assert "had no free thread" in evidence(told)
    assert "the heartbeat has been running" in evidence(told)


def test_starved_threads_alone_are_no_cause() -> None:
    report = diagnose(said(Incident(), Said(STARVED, count=30, since=19)).snapshot())
    assert report.verdict == "no_fault_found"
