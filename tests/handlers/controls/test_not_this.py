"""Not this cause?"""

from __future__ import annotations

from handlers.controls import catalogue
from handlers.controls.not_this import runner_up
from tests import reports
from tests.handlers.controls.visiting import pressed, words_of


def test_it_shows_the_runner_up_and_what_tells_the_two_apart() -> None:
    text = words_of(pressed("not-this"))
    in_order = [
        "*Named*: Security group sg-0a1",
        "*It would be wrong if*: a connection from the load balancer's subnet that succeeds: `curl -v http",
        "*Next*: The container may not listen on port 8080 — possible · `port-not-listening`",
        "Against it: a refused connection fails at once",
        "*This one would be wrong if*: a listener on 8080",
    ]
    places = [text.index(one) for one in in_order]
    assert places == sorted(places)


def test_a_consequence_is_no_runner_up() -> None:
    alone = reports.report(causes=(reports.cause(), reports.consequence()))
    assert runner_up(alone) is None
    assert "nothing else that was checked fits" in words_of(pressed("not-this", report=alone))


def test_without_one_it_says_where_the_cause_may_hide() -> None:
    text = words_of(pressed("not-this", report=reports.unclear()))
    assert "*Could not be decided*" in text
    assert "`target-closed-keepalive`" in text
    assert "`s3:GetObject`" in text


def test_an_answer_without_a_cause_has_no_such_button() -> None:
    assert not catalogue()["not-this"].offered(reports.well())
