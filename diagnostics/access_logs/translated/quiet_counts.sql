WITH checked AS (
  SELECT
    *,
    NOT is_loud
    AND CASE
      WHEN is_short OR time NOT LIKE '____-__-__T__:__%'
      THEN TRUE
      WHEN elb_status_code IN (
        '200',
        '201',
        '202',
        '204',
        '206',
        '301',
        '302',
        '303',
        '304',
        '307',
        '308',
        '400',
        '401',
        '403',
        '404'
      )
      THEN FALSE
      ELSE NOT REGEXP_MATCHES(elb_status_code, '^[1-9][0-9]{2}$')
    END AS is_damaged
  FROM lines
), counted AS (
  SELECT
    *,
    NOT is_loud
    AND NOT is_damaged
    AND time >= '1111-01-01T00:00:00.000000Z'
    AND time < '2222-02-02T00:00:00.000000Z' AS is_counted
  FROM checked
), keyed AS (
  SELECT
    is_damaged,
    is_counted,
    CASE WHEN is_damaged OR is_loud THEN 0 ELSE unknown_fields END AS unknown_fields,
    is_loud,
    line_number,
    CASE WHEN is_counted AND is_own THEN SUBSTRING(time, 1, 16) END AS key_minute,
    CASE WHEN is_counted AND is_own THEN target END AS key_target,
    CASE
      WHEN is_counted AND is_own AND target_status_code <> '-'
      THEN target_processing_time
    END AS key_latency
  FROM counted
)
SELECT
  CASE
    WHEN GROUPING(key_minute) = 0
    THEN 'minute'
    WHEN GROUPING(key_target) = 0
    THEN 'target'
    WHEN GROUPING(key_latency) = 0
    THEN 'latency'
    ELSE 'totals'
  END AS question,
  COALESCE(key_minute, key_target, key_latency) AS key,
  NULL AS elb_status_code,
  NULL AS target_status_code,
  NULL AS row_family,
  NULL AS error_reason,
  NULL AS target_group_arn,
  COUNT_IF(is_counted) AS row_count,
  0 AS failures,
  COUNT_IF(is_damaged) AS damaged,
  MAX(unknown_fields) AS unknown_fields,
  NULL AS first_at,
  NULL AS last_at,
  COUNT(*) AS lines,
  ARRAY_AGG(line_number) FILTER(WHERE
    is_loud) AS loud_lines
FROM keyed
GROUP BY
  GROUPING SETS (
    (
      key_minute
    ),
    (
      key_target
    ),
    (
      key_latency
    ),
    ()
  )
