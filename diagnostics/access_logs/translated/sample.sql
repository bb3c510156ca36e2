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
), ranked AS (
  SELECT
    type,
    time,
    elb,
    client,
    target,
    request_processing_time,
    target_processing_time,
    response_processing_time,
    elb_status_code,
    target_status_code,
    received_bytes,
    sent_bytes,
    request,
    user_agent,
    ssl_cipher,
    ssl_protocol,
    target_group_arn,
    trace_id,
    domain_name,
    chosen_cert_arn,
    matched_rule_priority,
    request_creation_time,
    actions_executed,
    redirect_url,
    error_reason,
    target_port_list,
    target_status_code_list,
    classification,
    classification_reason,
    conn_trace_id,
    transformed_host,
    transformed_uri,
    request_transform_status,
    ip_address,
    ROW_NUMBER() OVER (
      PARTITION BY elb_status_code, target_status_code, row_family, error_reason, target_group_arn
      ORDER BY time, REVERSE(trace_id)
    ) AS by_time,
    ROW_NUMBER() OVER (
      PARTITION BY elb_status_code, target_status_code, row_family, error_reason, target_group_arn
      ORDER BY REVERSE(trace_id), time
    ) AS by_chance
  FROM judged
  WHERE
    is_error AND is_own
)
SELECT
  type,
  time,
  elb,
  client,
  target,
  request_processing_time,
  target_processing_time,
  response_processing_time,
  elb_status_code,
  target_status_code,
  received_bytes,
  sent_bytes,
  request,
  user_agent,
  ssl_cipher,
  ssl_protocol,
  target_group_arn,
  trace_id,
  domain_name,
  chosen_cert_arn,
  matched_rule_priority,
  request_creation_time,
  actions_executed,
  redirect_url,
  error_reason,
  target_port_list,
  target_status_code_list,
  classification,
  classification_reason,
  conn_trace_id,
  transformed_host,
  transformed_uri,
  request_transform_status,
  ip_address
FROM ranked
WHERE
  by_time <= 10 OR by_chance <= 90
