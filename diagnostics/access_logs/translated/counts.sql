WITH checked AS (
  SELECT
    *,
    CASE
      WHEN error_reason IS NULL OR time NOT LIKE '____-__-__T__:__%'
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
    END AS is_damaged,
    unknown AS unknown_fields
  FROM loud
), counted AS (
  SELECT
    *,
    NOT is_damaged
    AND time >= '1111-01-01T00:00:00.000000Z'
    AND time < '2222-02-02T00:00:00.000000Z' AS is_counted
  FROM checked
), told AS (
  SELECT
    *,
    is_counted AND target_group_arn IN ('-', 'arn of a target group') AS is_own,
    is_counted
    AND (
      elb_status_code >= '500' OR elb_status_code IN ('460', '463', '464')
    ) AS is_failure,
    CASE
      WHEN NOT is_counted OR elb_status_code < '400'
      THEN FALSE
      WHEN elb_status_code >= '500' OR elb_status_code IN ('460', '463', '464')
      THEN TRUE
      ELSE NOT REGEXP_MATCHES(COALESCE(target_status_code, ''), '^[1-9][0-9]{2}$')
    END AS is_error
  FROM counted
), judged AS (
  SELECT
    *,
    CASE
      WHEN is_error
      THEN CASE
        WHEN NOT (
          NOT REGEXP_MATCHES(COALESCE(target_status_code, ''), '^[1-9][0-9]{2}$')
        )
        THEN 'answered'
        WHEN error_reason LIKE 'Lambda%'
        THEN 'lambda'
        WHEN error_reason LIKE 'Auth%' OR error_reason LIKE 'JWT%' OR error_reason LIKE 'JWKS%'
        THEN 'auth'
        WHEN error_reason LIKE 'WAF%'
        THEN 'waf'
        WHEN elb_status_code = '460'
        THEN 'client-gone'
        WHEN elb_status_code IN ('463', '464')
        THEN 'refused-by-lb'
        WHEN REGEXP_REPLACE(actions_executed, '^.*,', '', 'g') IN ('fixed-response', 'redirect')
        THEN 'rule-action'
        WHEN REGEXP_REPLACE(actions_executed, '^.*,', '', 'g') IN ('waf', 'waf-failed')
        THEN 'waf'
        WHEN REGEXP_REPLACE(actions_executed, '^.*,', '', 'g') IN ('authenticate', 'jwt-validation')
        THEN 'auth'
        WHEN elb_status_code IN ('401', '561', '562')
        THEN 'auth'
        WHEN elb_status_code = '500'
        AND NOT COALESCE(NULLIF(request_transform_status, ''), '-') IN ('-', 'TransformSuccess')
        THEN 'refused-by-lb'
        WHEN elb_status_code IN ('400', '403', '405', '408', '413', '414', '501', '505', '507')
        THEN 'refused-by-lb'
        WHEN target = '-'
        THEN CASE WHEN elb_status_code = '503' THEN 'no-target' ELSE 'other' END
        WHEN request_processing_time LIKE '-1%'
        THEN CASE
          WHEN COALESCE(
            DATE_DIFF(
              'MILLISECOND',
              CASE
                WHEN REGEXP_MATCHES(
                  request_creation_time,
                  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}'
                )
                THEN TRY_CAST(REPLACE(SUBSTRING(request_creation_time, 1, 23), 'T', ' ') AS TIMESTAMP)
              END,
              CASE
                WHEN REGEXP_MATCHES(
                  time,
                  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}'
                )
                THEN TRY_CAST(REPLACE(SUBSTRING(time, 1, 23), 'T', ' ') AS TIMESTAMP)
              END
            ) >= 4444443500,
            elb_status_code = '504'
          )
          THEN 'not-dispatched-timeout'
          ELSE 'not-dispatched-fast'
        END
        WHEN response_processing_time NOT LIKE '-1%'
        THEN 'other'
        WHEN elb_status_code = '504'
        THEN 'response-timeout'
        WHEN target_processing_time LIKE '-1%'
        AND DATE_DIFF(
          'MILLISECOND',
          CASE
            WHEN REGEXP_MATCHES(
              request_creation_time,
              '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}'
            )
            THEN TRY_CAST(REPLACE(SUBSTRING(request_creation_time, 1, 23), 'T', ' ') AS TIMESTAMP)
          END,
          CASE
            WHEN REGEXP_MATCHES(
              time,
              '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}[.][0-9]{3}'
            )
            THEN TRY_CAST(REPLACE(SUBSTRING(time, 1, 23), 'T', ' ') AS TIMESTAMP)
          END
        ) >= 3333332500
        THEN 'response-timeout'
        ELSE 'closed-before-response'
      END
    END AS row_family
  FROM told
), keyed AS (
  SELECT
    is_damaged,
    is_counted,
    CASE WHEN is_damaged THEN 0 ELSE unknown_fields END AS unknown_fields,
    CASE WHEN is_own AND is_failure THEN 1 ELSE 0 END AS failure,
    CASE WHEN is_error THEN 1 END AS is_kind,
    CASE WHEN is_error THEN time END AS time_of_error,
    row_family,
    CASE WHEN is_error THEN elb_status_code END AS elb_status_code,
    CASE WHEN is_error THEN target_status_code END AS target_status_code,
    CASE WHEN is_error THEN error_reason END AS error_reason,
    CASE WHEN is_error THEN target_group_arn END AS target_group_arn,
    CASE WHEN is_own THEN SUBSTRING(time, 1, 16) END AS key_minute,
    CASE WHEN is_own THEN target END AS key_target,
    CASE WHEN is_own AND target_status_code <> '-' THEN target_processing_time END AS key_latency,
    CASE
      WHEN is_own
      THEN SUBSTRING(
        COALESCE(SPLIT_PART(request, ' ', 1), '') || ' ' || COALESCE(
          SPLIT_PART(COALESCE(SPLIT_PART(COALESCE(SPLIT_PART(request, ' ', 2), ''), '/', 3), ''), ':', 1),
          ''
        ) || REGEXP_REPLACE(
          REGEXP_REPLACE(
            REPLACE(
              REGEXP_REPLACE(
                REPLACE(
                  COALESCE(
                    NULLIF(
                      REGEXP_EXTRACT(COALESCE(SPLIT_PART(request, ' ', 2), ''), '^[a-z]+://[^/?#;]*(/[^?#;]*)', 1),
                      ''
                    ),
                    '/'
                  ),
                  '/',
                  '//'
                ) || '//',
                '/([0-9]|[^/]*[0-9][^/]*[0-9][^/]*|[^/]{24,}|[^/]*@[^/]*)/',
                '/{id}/',
                'g'
              ),
              '//',
              '/'
            ),
            '^/+$',
            '//',
            'g'
          ),
          '/$',
          '',
          'g'
        ),
        1,
        200
      )
    END AS key_route,
    CASE WHEN is_own THEN matched_rule_priority END AS key_rule,
    CASE WHEN is_own THEN REGEXP_REPLACE(client, ':[0-9]+$', '', 'g') END AS key_client
  FROM judged
)
SELECT
  CASE
    WHEN GROUPING(key_minute) = 0
    THEN 'minute'
    WHEN GROUPING(key_target) = 0
    THEN 'target'
    WHEN GROUPING(key_latency) = 0
    THEN 'latency'
    WHEN GROUPING(key_route) = 0
    THEN 'route'
    WHEN GROUPING(key_rule) = 0
    THEN 'rule'
    WHEN GROUPING(key_client) = 0
    THEN 'client'
    WHEN GROUPING(is_kind) = 0
    THEN 'errors'
    ELSE 'totals'
  END AS question,
  COALESCE(key_minute, key_target, key_latency, key_route, key_rule, key_client) AS key,
  elb_status_code,
  target_status_code,
  row_family,
  error_reason,
  target_group_arn,
  COUNT_IF(is_counted) AS row_count,
  SUM(failure) AS failures,
  COUNT_IF(is_damaged) AS damaged,
  MAX(unknown_fields) AS unknown_fields,
  MIN(time_of_error) AS first_at,
  MAX(time_of_error) AS last_at
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
    (
      key_route
    ),
    (
      key_rule
    ),
    (
      key_client
    ),
    (),
    (
      is_kind,
      elb_status_code,
      target_status_code,
      row_family,
      error_reason,
      target_group_arn
    )
  )
