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
  FROM weighed
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
    CASE
      WHEN is_counted AND is_own
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
    CASE WHEN is_counted AND is_own THEN matched_rule_priority END AS key_rule,
    CASE
      WHEN is_counted AND is_own
      THEN REGEXP_REPLACE(client, ':[0-9]+$', '', 'g')
    END AS key_client
  FROM counted
)
SELECT
  CASE
    WHEN GROUPING(key_route) = 0
    THEN 'route'
    WHEN GROUPING(key_rule) = 0
    THEN 'rule'
    WHEN GROUPING(key_client) = 0
    THEN 'client'
    ELSE 'totals'
  END AS question,
  COALESCE(key_route, key_rule, key_client) AS key,
  NULL AS elb_status_code,
  NULL AS target_status_code,
  NULL AS row_family,
  NULL AS error_reason,
  NULL AS target_group_arn,
  COUNT(*) AS row_count,
  0 AS failures,
  0 AS damaged,
  0 AS unknown_fields,
  NULL AS first_at,
  NULL AS last_at,
  COUNT(*) AS lines
FROM keyed
GROUP BY
  GROUPING SETS (
    (
      key_route
    ),
    (
      key_rule
    ),
    (
      key_client
    ),
    ()
  )
