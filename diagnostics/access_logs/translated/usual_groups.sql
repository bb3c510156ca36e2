WITH sorted AS (
  SELECT
    SUBSTRING(time, 1, 16) AS minute,
    elb_status_code,
    target,
    target_status_code,
    target_processing_time,
    unknown_fields,
    line_number,
    CASE WHEN is_loud THEN 3 WHEN is_short THEN 2 WHEN is_own THEN 1 ELSE 0 END AS sort
  FROM lines
), told AS (
  SELECT
    *,
    CASE WHEN sort = 1 AND target_status_code <> '-' THEN target_processing_time END AS latency
  FROM sorted
)
SELECT
  GROUPING(target) = 0 AS is_by_target,
  minute,
  elb_status_code,
  sort,
  target,
  latency,
  COUNT(*) AS lines,
  MAX(unknown_fields) AS unknown_fields,
  ARRAY_AGG(line_number) FILTER(WHERE
    sort = 3) AS loud_lines
FROM told
GROUP BY
  GROUPING SETS (
    (minute, elb_status_code, sort, target),
    (
      latency
    )
  )
