WITH checked AS (
  SELECT
    *,
    CASE
      WHEN error_reason IS NULL OR time NOT LIKE '____-__-__T__:__%' THEN true
      WHEN elb_status_code IN ('200', '201', '202', '204', '206', '301', '302', '303', '304', '307', '308', '400', '401', '403', '404') THEN false
      ELSE NOT regexp_like(elb_status_code, '^[1-9][0-9]{2}$')
    END AS is_damaged,
    CASE WHEN extra_1 IS NULL THEN 0 ELSE CASE WHEN extra_1 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_2 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_3 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_4 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_5 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_6 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_7 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_8 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_9 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_10 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_11 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_12 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_13 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_14 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_15 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_16 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_17 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_18 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_19 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_20 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_21 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_22 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_23 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_24 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_25 IS NULL THEN 0 ELSE 1 END + CASE WHEN extra_26 IS NULL THEN 0 ELSE 1 END END AS unknown_fields
  FROM "ops"."access_logs"
  WHERE day IN ('2026/03/14')
),
counted AS (
  SELECT
    *,
    NOT is_damaged AND time >= '2026-03-14T03:00:00.000000Z' AND time < '2026-03-14T04:00:00.000000Z' AS is_counted
  FROM checked
),
told AS (
  SELECT
    *,
    is_counted AND target_group_arn IN ('-', 'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/0123456789abcdef') AS is_own,
    is_counted AND (elb_status_code >= '500' OR elb_status_code IN ('460', '463', '464')) AS is_failure,
    CASE
      WHEN NOT is_counted OR elb_status_code < '400' THEN false
      WHEN elb_status_code >= '500' OR elb_status_code IN ('460', '463', '464') THEN true
      ELSE NOT regexp_like(coalesce(target_status_code, ''), '^[1-9][0-9]{2}$')
    END AS is_error
  FROM counted
),
judged AS (
  SELECT
    *,
    CASE WHEN is_error THEN
      CASE
        WHEN NOT (NOT regexp_like(coalesce(target_status_code, ''), '^[1-9][0-9]{2}$')) THEN 'answered'
        WHEN error_reason LIKE 'Lambda%' THEN 'lambda'
        WHEN error_reason LIKE 'Auth%' OR error_reason LIKE 'JWT%' OR error_reason LIKE 'JWKS%' THEN 'auth'
        WHEN error_reason LIKE 'WAF%' THEN 'waf'
        WHEN elb_status_code = '460' THEN 'client-gone'
        WHEN elb_status_code IN ('463', '464') THEN 'refused-by-lb'
        WHEN regexp_replace(actions_executed, '^.*,', '') IN ('fixed-response', 'redirect') THEN 'rule-action' WHEN regexp_replace(actions_executed, '^.*,', '') IN ('waf', 'waf-failed') THEN 'waf' WHEN regexp_replace(actions_executed, '^.*,', '') IN ('authenticate', 'jwt-validation') THEN 'auth'
        WHEN elb_status_code IN ('401', '561', '562') THEN 'auth'
        WHEN elb_status_code = '500' AND coalesce(nullif(request_transform_status, ''), '-')
          NOT IN ('-', 'TransformSuccess') THEN 'refused-by-lb'
        WHEN elb_status_code IN ('400', '403', '405', '408', '413', '414', '501', '505', '507') THEN 'refused-by-lb'
        WHEN target = '-' THEN CASE WHEN elb_status_code = '503' THEN 'no-target' ELSE 'other' END
        WHEN request_processing_time LIKE '-1%' THEN
          CASE
            WHEN coalesce(date_diff('millisecond', CASE WHEN regexp_like(request_creation_time, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}') THEN TRY_CAST(replace(substr(request_creation_time, 1, 23), 'T', ' ') AS TIMESTAMP) END, CASE WHEN regexp_like(time, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}') THEN TRY_CAST(replace(substr(time, 1, 23), 'T', ' ') AS TIMESTAMP) END) >= 9500, elb_status_code = '504') THEN 'not-dispatched-timeout'
            ELSE 'not-dispatched-fast'
          END
        WHEN response_processing_time NOT LIKE '-1%' THEN 'other'
        WHEN elb_status_code = '504' THEN 'response-timeout'
        WHEN target_processing_time LIKE '-1%' AND date_diff('millisecond', CASE WHEN regexp_like(request_creation_time, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}') THEN TRY_CAST(replace(substr(request_creation_time, 1, 23), 'T', ' ') AS TIMESTAMP) END, CASE WHEN regexp_like(time, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}') THEN TRY_CAST(replace(substr(time, 1, 23), 'T', ' ') AS TIMESTAMP) END) >= 59500 THEN 'response-timeout'
        ELSE 'closed-before-response'
      END
    END AS row_family
  FROM told
),
keyed AS (
  SELECT
    is_damaged, is_counted, CASE WHEN is_damaged THEN 0 ELSE unknown_fields END AS unknown_fields,
    CASE WHEN is_own AND is_failure THEN 1 ELSE 0 END AS failure,
    CASE WHEN is_error THEN 1 END AS is_kind,
    CASE WHEN is_error THEN time END AS time_of_error,
    row_family, CASE WHEN is_error THEN elb_status_code END AS elb_status_code, CASE WHEN is_error THEN target_status_code END AS target_status_code, CASE WHEN is_error THEN error_reason END AS error_reason, CASE WHEN is_error THEN target_group_arn END AS target_group_arn,
    CASE WHEN is_own THEN substr(time, 1, 16) END AS key_minute,
    CASE WHEN is_own THEN target END AS key_target,
    CASE WHEN is_own AND target_status_code <> '-' THEN target_processing_time END AS key_latency,
    CASE WHEN is_own THEN substr(concat(coalesce(split_part(request, ' ', 1), ''), ' ', coalesce(split_part(coalesce(split_part(coalesce(split_part(request, ' ', 2), ''), '/', 3), ''), ':', 1), ''), regexp_replace(regexp_replace(replace(regexp_replace(concat(replace(coalesce(nullif(regexp_extract(coalesce(split_part(request, ' ', 2), ''), '^[a-z]+://[^/?#;]*(/[^?#;]*)', 1), ''), '/'), '/', '//'), '//'), '/([0-9]|[^/]*[0-9][^/]*[0-9][^/]*|[^/]{24,}|[^/]*@[^/]*)/', '/{id}/'), '//', '/'), '^/+$', '//'), '/$', '')), 1, 200) END AS key_route,
    CASE WHEN is_own THEN matched_rule_priority END AS key_rule,
    CASE WHEN is_own THEN regexp_replace(client, ':[0-9]+$', '') END AS key_client
  FROM judged
)
SELECT
  CASE WHEN grouping(key_minute) = 0 THEN 'minute' WHEN grouping(key_target) = 0 THEN 'target' WHEN grouping(key_latency) = 0 THEN 'latency' WHEN grouping(key_route) = 0 THEN 'route' WHEN grouping(key_rule) = 0 THEN 'rule' WHEN grouping(key_client) = 0 THEN 'client' WHEN grouping(is_kind) = 0 THEN 'errors' ELSE 'totals' END AS question,
  coalesce(key_minute, key_target, key_latency, key_route, key_rule, key_client) AS key,
  elb_status_code, target_status_code, row_family, error_reason, target_group_arn,
  count_if(is_counted) AS row_count, sum(failure) AS failures, count_if(is_damaged) AS damaged,
  max(unknown_fields) AS unknown_fields, min(time_of_error) AS first_at, max(time_of_error) AS last_at
FROM keyed
GROUP BY GROUPING SETS ((key_minute), (key_target), (key_latency), (key_route), (key_rule), (key_client), (), (is_kind, elb_status_code, target_status_code, row_family, error_reason, target_group_arn)) HAVING sum(failure) > 0 OR NOT (grouping(key_route) = 0 OR grouping(key_rule) = 0 OR grouping(key_client) = 0)
