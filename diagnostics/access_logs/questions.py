"""The questions as SQL, in Trino's dialect, over a table with one row per line and every field as text.

`COLUMNS` are the table's columns: the fields as the load balancer writes them, without quotes; a field that a line does
not have is NULL. Two statements answer everything: `counts` (each row is one key of one question, so that the answers
of parts of the log add up) and `sample` (the rows to show). What a row means is said in `families.py` and `routes.py`
in Python too; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from diagnostics.access_logs import families, routes
from diagnostics.access_logs.row import FEWEST_FIELDS, FIELDS, MOST_UNKNOWN
from diagnostics.access_logs.scope import MINUTE_CHARS, Condition, Scope

EXTRA = tuple(f"extra_{number}" for number in range(1, MOST_UNKNOWN + 1))
COLUMNS = (*FIELDS, *EXTRA)
FIRST_OF_KIND = 10
SPREAD_OF_KIND = 90
"""Of each kind of error, so many rows from the beginning, and so many spread evenly over all."""
KIND = ("elb_status_code", "target_status_code", "row_family", "error_reason", "target_group_arn")
COUNT_COLUMNS = (
    *("question", "key", *KIND),
    *("row_count", "failures", "damaged", "unknown_fields", "first_at", "last_at"),
)
_NO_KIND = ", ".join(f"NULL AS {name}" for name in KIND)
_ORDINARY = "'200', '201', '202', '204', '206', '301', '302', '303', '304', '307', '308', '400', '401', '403', '404'"
_STAMP = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}"


class Question(StrEnum):
    """What a row of `counts` counts: one kind of error, the rows of one key, or all rows."""

    ERRORS = "errors"
    MINUTE = "minute"
    TARGET = "target"
    LATENCY = "latency"
    ROUTE = "route"
    RULE = "rule"
    CLIENT = "client"
    TOTALS = "totals"
    WEB_SOCKETS = "web_sockets"


BY_KEY = tuple(
    question for question in Question if question not in {Question.ERRORS, Question.TOTALS, Question.WEB_SOCKETS}
)
FOREIGN, OWN, SHORT, LOUD = range(4)
"""What a line is in `usual_groups`: a row of others, a row of the subject, too short for a row, maybe an error."""
OF_FAILURES = (Question.ROUTE, Question.RULE, Question.CLIENT)
"""These have many keys; those without a failure are not shown."""


def unknown_fields(extra: Sequence[str] = EXTRA) -> str:
    """How many fields without a name a line has, in a table with these columns for them."""
    present = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in extra)
    return f"CASE WHEN {extra[0]} IS NULL THEN 0 ELSE {present} END"


UNKNOWN_FIELDS = unknown_fields()


def counts(scope: Scope, table: str, where: str = "", unknown: str = UNKNOWN_FIELDS, *, is_whole: bool = True) -> str:
    """The counts of all questions, in one pass.

    `where` restricts the table's own columns, such as the days of its partitions; `unknown` is the expression for the
    number of fields without a name, for a table that has it already. When the table is not the `is_whole` log, keys
    without a failure are counted too: they may have one in another part.
    """
    kinds = ", ".join(f"CASE WHEN is_error THEN {name} END AS {name}" for name in KIND if name != "row_family")
    keys = _keys(*Question, own="is_own")
    failing = " OR ".join(f"grouping(key_{question}) = 0" for question in OF_FAILURES)
    return f"""WITH {_steps(scope, table, where, unknown)},
keyed AS (
  SELECT
    is_damaged, is_counted, CASE WHEN is_damaged THEN 0 ELSE unknown_fields END AS unknown_fields,
    CASE WHEN is_own AND is_failure THEN 1 ELSE 0 END AS failure,
    CASE WHEN is_error THEN 1 END AS is_kind,
    CASE WHEN is_error THEN time END AS time_of_error,
    row_family, {kinds},
    {_as_columns(keys)}
  FROM judged
)
SELECT
  CASE {_names(keys)} WHEN grouping(is_kind) = 0 THEN '{Question.ERRORS}' ELSE '{Question.TOTALS}' END AS question,
  coalesce({_columns(keys)}) AS key,
  {", ".join(KIND)},
  count_if(is_counted) AS row_count, sum(failure) AS failures, count_if(is_damaged) AS damaged,
  max(unknown_fields) AS unknown_fields, min(time_of_error) AS first_at, max(time_of_error) AS last_at
FROM keyed
GROUP BY GROUPING SETS ({_sets(keys)}, (), (is_kind, {", ".join(KIND)}))\
{f" HAVING sum(failure) > 0 OR NOT ({failing})" if is_whole else ""}"""  # noqa: S608 - names and literals of ours


def quiet_groups(scope: Scope, table: str) -> str:
    """Rows without an error in few groups, once by target and once by the time that it took, in one pass over a part of
    the log; `quiet.py` says what a group counts for. Not more is asked here, because each row is asked.

    The table has of every line what the engine needs to know: `is_loud` when it may be an error, `is_own`, `is_short`
    of few fields. Groups of loud rows have the numbers of their lines.
    """
    alike = "minute, elb_status_code, is_in_time, is_own, is_short, is_loud"
    return f"""WITH told AS (
  SELECT
    {_minute()} AS minute, elb_status_code, {_in_time(scope)} AS is_in_time,
    is_own, is_short, is_loud, target, target_status_code <> '-' AS is_answered,
    target_processing_time AS latency, unknown_fields, line_number
  FROM {table}
)
SELECT
  grouping(target) = 0 AS is_by_target, {alike}, target, is_answered, latency,
  count(*) AS lines, max(unknown_fields) AS unknown_fields, array_agg(line_number) FILTER (WHERE is_loud) AS loud_lines
FROM told
GROUP BY GROUPING SETS (({alike}, target), ({alike}, is_answered, latency))"""  # noqa: S608 - as above


def usual_groups(table: str) -> str:
    """The same with fewer keys, which takes less time: enough for a part of the log in which every line is in time and
    is a row or may be an error. Whether it is such a part shows in the groups by target."""
    alike = "minute, elb_status_code, sort"
    return f"""WITH sorted AS (
  SELECT
    {_minute()} AS minute, elb_status_code, target, target_status_code, target_processing_time, unknown_fields,
    line_number,
    CASE WHEN is_loud THEN {LOUD} WHEN is_short THEN {SHORT} WHEN is_own THEN {OWN} ELSE {FOREIGN} END AS sort
  FROM {table}
),
told AS (
  SELECT *, CASE WHEN sort = {OWN} AND target_status_code <> '-' THEN target_processing_time END AS latency
  FROM sorted
)
SELECT
  grouping(target) = 0 AS is_by_target, {alike}, target, latency,
  count(*) AS lines, max(unknown_fields) AS unknown_fields,
  array_agg(line_number) FILTER (WHERE sort = {LOUD}) AS loud_lines
FROM told
GROUP BY GROUPING SETS (({alike}, target), (latency))"""  # noqa: S608 - as above


def weighed_counts(scope: Scope, table: str) -> str:
    """The counts `OF_FAILURES` of rows without an error, of a table like that of `quiet_groups`; at the end of each row
    stands the number of all its lines."""
    keys = _keys(*OF_FAILURES, own="is_counted AND is_own")
    return f"""WITH checked AS (
  SELECT *, NOT is_loud AND {_damaged("is_short")} AS is_damaged
  FROM {table}
),
counted AS (
  SELECT *, NOT is_loud AND NOT is_damaged AND {_in_time(scope)} AS is_counted
  FROM checked
),
keyed AS (
  SELECT
    {_as_columns(keys)}
  FROM counted
)
SELECT
  CASE {_names(keys)} ELSE '{Question.TOTALS}' END AS question,
  coalesce({_columns(keys)}) AS key,
  {_NO_KIND},
  count(*) AS row_count, 0 AS failures, 0 AS damaged, 0 AS unknown_fields, NULL AS first_at, NULL AS last_at,
  count(*) AS lines
FROM keyed
GROUP BY GROUPING SETS ({_sets(keys)}, ())"""  # noqa: S608 - as above


def _keys(*questions: Question, own: str = "") -> dict[Question, str]:
    """By which keys rows are counted; of a row for which `own` does not hold all are NULL."""
    keys = {
        Question.MINUTE: _minute(),
        Question.TARGET: "target",
        Question.LATENCY: "target_processing_time",
        Question.ROUTE: _route(),
        Question.RULE: "matched_rule_priority",
        Question.CLIENT: f"regexp_replace(client, {text(routes.PORT)}, '')",
    }
    answered = {Question.LATENCY: " AND target_status_code <> '-'"}
    return {
        question: f"CASE WHEN {own}{answered.get(question, '')} THEN {key} END" if own else key
        for question, key in keys.items()
        if question in questions
    }


def _as_columns(keys: Mapping[Question, str]) -> str:
    return ",\n    ".join(f"{key} AS key_{question}" for question, key in keys.items())


def _columns(keys: Iterable[Question]) -> str:
    return ", ".join(f"key_{question}" for question in keys)


def _sets(keys: Iterable[Question]) -> str:
    return ", ".join(f"(key_{question})" for question in keys)


def _names(keys: Iterable[Question]) -> str:
    return " ".join(f"WHEN grouping(key_{question}) = 0 THEN '{question}'" for question in keys)


def sample(scope: Scope, table: str, where: str = "", unknown: str = UNKNOWN_FIELDS) -> str:
    """Rows with errors of the subject: of every kind the first, and others spread by the digits of their trace ids."""
    kind = ", ".join(KIND)
    fields = ", ".join(FIELDS)
    return f"""WITH {_steps(scope, table, where, unknown)},
ranked AS (
  SELECT
    {fields},
    row_number() OVER (PARTITION BY {kind} ORDER BY time, reverse(trace_id)) AS by_time,
    row_number() OVER (PARTITION BY {kind} ORDER BY reverse(trace_id), time) AS by_chance
  FROM judged
  WHERE is_error AND is_own
)
SELECT {fields}
FROM ranked
WHERE by_time <= {FIRST_OF_KIND} OR by_chance <= {SPREAD_OF_KIND}"""  # noqa: S608 - as above


def owned(scope: Scope) -> str:
    """Whether a row belongs to the subject: to one of its target groups, or to none."""
    return f"target_group_arn IN ('-', {texts(scope.target_groups)})" if scope.target_groups else "true"


def _steps(scope: Scope, table: str, where: str, unknown: str) -> str:
    """From lines to judged rows: `is_counted`, `is_own`, `is_error`, `is_failure`, `row_family` beside the fields."""
    restricted = f"\n  WHERE {where}" if where else ""
    conditions = "".join(f" AND {_condition(condition)}" for condition in scope.where)
    failing = f"elb_status_code IN ({texts((families.CLIENT_GONE, *families.REFUSED))})"
    return f"""checked AS (
  SELECT
    *,
    {_damaged(f"{FIELDS[FEWEST_FIELDS - 1]} IS NULL")} AS is_damaged,
    {unknown} AS unknown_fields
  FROM {table}{restricted}
),
counted AS (
  SELECT
    *,
    NOT is_damaged AND {_in_time(scope)}{conditions} AS is_counted
  FROM checked
),
told AS (
  SELECT
    *,
    is_counted AND {owned(scope)} AS is_own,
    is_counted AND (elb_status_code >= '500' OR {failing}) AS is_failure,
    CASE
      WHEN NOT is_counted OR elb_status_code < '400' THEN false
      WHEN elb_status_code >= '500' OR {failing} THEN true
      ELSE {_unanswered()}
    END AS is_error
  FROM counted
),
judged AS (
  SELECT
    *,
    CASE WHEN is_error THEN
      {_family(scope.timeouts)}
    END AS row_family
  FROM told
)"""  # noqa: S608 - every text that is not ours goes through _text


def _minute() -> str:
    return f"substr(time, 1, {MINUTE_CHARS})"


def _damaged(is_short: str) -> str:
    return f"""CASE
      WHEN {is_short} OR time NOT LIKE '____-__-__T__:__%' THEN true
      WHEN elb_status_code IN ({_ORDINARY}) THEN false
      ELSE NOT regexp_like(elb_status_code, '^[1-9][0-9]{{2}}$')
    END"""


def _in_time(scope: Scope) -> str:
    return f"time >= {text(scope.since_text)} AND time < {text(scope.until_text)}"


def _unanswered() -> str:
    return "NOT regexp_like(coalesce(target_status_code, ''), '^[1-9][0-9]{2}$')"


def _family(timeouts: families.Timeouts) -> str:
    elapsed = f"date_diff('millisecond', {_instant('request_creation_time')}, {_instant('time')})"
    connect_ms, idle_ms = milliseconds(timeouts.connect_s), milliseconds(timeouts.idle_s)
    ends = {
        "rule-action": families.RULE_ACTIONS,
        "waf": families.WAF_ACTIONS,
        "auth": families.AUTH_ACTIONS,
    }
    last_action = "regexp_replace(actions_executed, '^.*,', '')"
    by_action = " ".join(f"WHEN {last_action} IN ({texts(words)}) THEN '{family}'" for family, words in ends.items())
    return f"""CASE
        WHEN NOT ({_unanswered()}) THEN 'answered'
        WHEN error_reason LIKE 'Lambda%' THEN 'lambda'
        WHEN error_reason LIKE 'Auth%' OR error_reason LIKE 'JWT%' OR error_reason LIKE 'JWKS%' THEN 'auth'
        WHEN error_reason LIKE 'WAF%' THEN 'waf'
        WHEN elb_status_code = '{families.CLIENT_GONE}' THEN 'client-gone'
        WHEN elb_status_code IN ({texts(families.REFUSED)}) THEN 'refused-by-lb'
        {by_action}
        WHEN elb_status_code IN ({texts(families.AUTH_STATUS)}) THEN 'auth'
        WHEN elb_status_code = '500' AND coalesce(nullif(request_transform_status, ''), '-')
          NOT IN ({texts(families.TRANSFORM_FINE)}) THEN 'refused-by-lb'
        WHEN elb_status_code IN ({texts(families.REFUSED_STATUS)}) THEN 'refused-by-lb'
        WHEN target = '-' THEN CASE WHEN elb_status_code = '503' THEN 'no-target' ELSE 'other' END
        WHEN request_processing_time LIKE '-1%' THEN
          CASE
            WHEN coalesce({elapsed} >= {connect_ms}, elb_status_code = '504') THEN 'not-dispatched-timeout'
            ELSE 'not-dispatched-fast'
          END
        WHEN response_processing_time NOT LIKE '-1%' THEN 'other'
        WHEN elb_status_code = '504' THEN 'response-timeout'
        WHEN target_processing_time LIKE '-1%' AND {elapsed} >= {idle_ms} THEN 'response-timeout'
        ELSE 'closed-before-response'
      END"""


def _instant(column: str) -> str:
    """To the millisecond; NULL when it is no time."""
    to_the_millisecond = f"replace(substr({column}, 1, 23), 'T', ' ')"
    return f"CASE WHEN regexp_like({column}, '{_STAMP}') THEN TRY_CAST({to_the_millisecond} AS TIMESTAMP) END"


def _route() -> str:
    url = "coalesce(split_part(request, ' ', 2), '')"
    host = f"coalesce(split_part(coalesce(split_part({url}, '/', 3), ''), ':', 1), '')"
    found = f"coalesce(nullif(regexp_extract({url}, {text(routes.URL_PATH)}, 1), ''), '/')"
    doubled = f"concat(replace({found}, '/', '//'), '//')"
    replaced = f"regexp_replace({doubled}, {text(routes.ID_PART)}, '{routes.REPLACEMENT}')"
    # Every part got slashes of its own; the one after the last part goes again, unless the path is a slash only.
    path = f"regexp_replace(regexp_replace(replace({replaced}, '//', '/'), '^/+$', '//'), '/$', '')"
    method = "coalesce(split_part(request, ' ', 1), '')"
    return f"substr(concat({method}, ' ', {host}, {path}), 1, {routes.MAX_ROUTE_CHARS})"


def _condition(condition: Condition) -> str:
    made = {"route": _route(), "minute": _minute()}
    column, value = f"coalesce({made.get(condition.field, condition.field)}, '')", text(condition.value)
    match condition.operator:
        case "=":
            return f"{column} = {value}"
        case "!=":
            return f"{column} <> {value}"
        case "~":
            return f"strpos({column}, {value}) > 0"
        case "!~":
            return f"strpos({column}, {value}) = 0"


def milliseconds(timeout_s: float) -> int:
    """From when on a row took as long as a timeout, which the load balancer does not measure exactly."""
    return round((timeout_s - families.TOLERANCE_S) * 1000)


def texts(words: tuple[str, ...]) -> str:
    return ", ".join(text(word) for word in words)


def text(value: str) -> str:
    """A literal, whatever is in it: in Trino's SQL only the quote is special."""
    return "'" + value.replace("'", "''") + "'"
