"""What `alb502 logs --json` promises."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from diagnostics.access_logs.answer import MAX_SAMPLES, LogsAnswer, schema_text
from diagnostics.access_logs.local import LocalEngine
from diagnostics.snapshot import Subject, Window
from tests.diagnostics.access_logs.lines import GROUP, SCOPE, line

SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "logs.schema.json"
SUBJECT = Subject(
    query="checkout", kind="ecs-service", account="111122223333", region="us-east-1", target_groups=(GROUP,)
)


def test_the_schema_in_the_docs_is_the_schema() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "python -m diagnostics.access_logs.answer > docs/logs.schema.json"
    )


def test_an_answer_fits_its_schema_and_bounds_its_samples() -> None:
    with LocalEngine(SCOPE, workers=1) as engine:
        for status in ("200", "502", "503", "504"):
            lines = (line(elb_status_code=status, target_status_code="-", trace_id=f"{n:024x}") for n in range(200))
            engine.add("\n".join(lines).encode())
        logs = engine.answer(share_read=0.5)

    printed = LogsAnswer.of(logs, SUBJECT, Window(start=SCOPE.since, end=SCOPE.until)).to_json()
    answer = json.loads(printed)

    jsonschema.validate(answer, json.loads(schema_text()))
    assert answer["schema"] == "alb502.logs/1"
    assert answer["window"] == {"from": "2026-03-14T03:00:00Z", "to": "2026-03-14T04:00:00Z"}
    assert (answer["source"], answer["engine"], answer["rows"], answer["share_read"]) == ("s3", "local", 800, 0.5)
    assert {error["elb_status"]: error["count"] for error in answer["errors"]} == {502: 200, 503: 200, 504: 200}
    assert 0 < len(answer["samples"]) <= MAX_SAMPLES
    assert {sample["line_redacted"].split()[8] for sample in answer["samples"]} == {"502", "503", "504"}
