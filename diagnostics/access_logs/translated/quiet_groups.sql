WITH told AS (
  SELECT
    SUBSTRING(time, 1, 16) AS minute,
    elb_status_code,
    time >= '1111-01-01T00:00:00.000000Z' AND time < '2222-02-02T00:00:00.000000Z' AS is_in_time,
    is_own,
    is_short,
    is_loud,
    target,
    target_status_code <> '-' AS is_answered,
    target_processing_time AS latency,
    unknown_fields,
    line_number
  FROM lines
)
SELECT
  GROUPING(target) = 0 AS is_by_target,
  minute,
  elb_status_code,
  is_in_time,
  is_own,
  is_short,
  is_loud,
  target,
  is_answered,
  latency,
  COUNT(*) AS lines,
  MAX(unknown_fields) AS unknown_fields,
  ARRAY_AGG(line_number) FILTER(WHERE
    is_loud) AS loud_lines
FROM told
GROUP BY
  GROUPING SETS (
    (minute, elb_status_code, is_in_time, is_own, is_short, is_loud, target),
    (
      minute,
      elb_status_code,
      is_in_time,
      is_own,
      is_short,
      is_loud,
      is_answered,
      latency
    )
  )
