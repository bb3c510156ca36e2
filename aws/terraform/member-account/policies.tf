# Written by `python -m bot.cli.aws_pages`; change the code that it is derived from.
locals {
  read_policies = {
    describe = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "Alb502Read"
          Effect = "Allow"
          Action = [
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingActivities",
            "application-autoscaling:DescribeScalingPolicies",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeScalingActivities",
            "cloudtrail:LookupEvents",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:DescribeAlarmsForMetric",
            "cloudwatch:GetMetricData",
            "codedeploy:GetDeployment",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstances",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:GetManagedPrefixListEntries",
            "ecs:DescribeClusters",
            "ecs:DescribeContainerInstances",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:DescribeTasks",
            "ecs:ListClusters",
            "ecs:ListServiceDeployments",
            "ecs:ListServices",
            "ecs:ListTasks",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "health:DescribeEvents",
            "lambda:GetAccountSettings",
            "lambda:GetAlias",
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "route53:ListHostedZones",
            "route53:ListResourceRecordSets",
          ]
          Resource = "*"
        },
        {
          Sid    = "Alb502AroundFixes"
          Effect = "Allow"
          Action = [
            "application-autoscaling:ListTagsForResource",
            "cloudwatch:ListTagsForResource",
            "codedeploy:ListTagsForResource",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeTags",
            "ecs:ListTagsForResource",
            "lambda:ListTags",
            "lambda:ListVersionsByFunction",
          ]
          Resource = "*"
        },
      ]
    })
    logs = jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [
          {
            Sid    = "Alb502AccessLogs"
            Effect = "Allow"
            Action = [
              "logs:DescribeDeliveries",
              "logs:DescribeDeliveryDestinations",
              "logs:DescribeDeliverySources",
              "logs:GetQueryResults",
              "logs:StopQuery",
            ]
            Resource = "*"
          },
          {
            Sid    = "Alb502LogGroups"
            Effect = "Allow"
            Action = [
              "logs:FilterLogEvents",
              "logs:GetLogEvents",
              "logs:StartQuery",
            ]
            Resource = local.log_group_arns
          },
          {
            Sid      = "Alb502LogBuckets"
            Effect   = "Allow"
            Action   = "s3:ListBucket"
            Resource = local.bucket_arns
            Condition = {
              StringLike = {
                "s3:prefix" = "*AWSLogs/*/elasticloadbalancing/*"
              }
            }
          },
          {
            Sid      = "Alb502LogFiles"
            Effect   = "Allow"
            Action   = "s3:GetObject"
            Resource = [for bucket in local.bucket_arns : "${bucket}/*AWSLogs/*/elasticloadbalancing/*"]
          },
        ],
        local.with_athena ? [
          {
            Sid    = "Alb502Athena"
            Effect = "Allow"
            Action = [
              "athena:GetQueryExecution",
              "athena:GetQueryResults",
              "athena:StartQueryExecution",
              "athena:StopQueryExecution",
            ]
            Resource = "arn:${local.partition}:athena:*:${local.account}:workgroup/${local.athena.workgroup}"
          },
        ] : [],
        local.with_athena ? [
          {
            Sid    = "Alb502AthenaTables"
            Effect = "Allow"
            Action = [
              "glue:GetDatabase",
              "glue:GetPartitions",
              "glue:GetTable",
            ]
            Resource = [
              "arn:${local.partition}:glue:*:${local.account}:catalog",
              "arn:${local.partition}:glue:*:${local.account}:database/default",
              "arn:${local.partition}:glue:*:${local.account}:database/${local.athena.database}",
              "arn:${local.partition}:glue:*:${local.account}:table/${local.athena.database}/*",
            ]
          },
        ] : [],
        local.with_athena ? [
          {
            Sid    = "Alb502AthenaBucket"
            Effect = "Allow"
            Action = [
              "s3:GetBucketLocation",
              "s3:ListBucket",
            ]
            Resource = "arn:${local.partition}:s3:::${local.athena.bucket}"
          },
        ] : [],
        local.with_athena ? [
          {
            Sid    = "Alb502AthenaResults"
            Effect = "Allow"
            Action = [
              "s3:AbortMultipartUpload",
              "s3:GetObject",
              "s3:PutObject",
            ]
            Resource = "arn:${local.partition}:s3:::${local.athena.bucket}/${local.athena.prefix}*"
          },
        ] : [],
        local.with_keys && local.with_athena ? [
          {
            Sid    = "Alb502LogKeys"
            Effect = "Allow"
            Action = [
              "kms:Decrypt",
              "kms:GenerateDataKey",
            ]
            Resource = var.kms_key_arns
            Condition = {
              StringLike = {
                "kms:ViaService" = [
                  "athena.*.amazonaws.com*",
                  "logs.*.amazonaws.com*",
                  "s3.*.amazonaws.com*",
                ]
              }
            }
          },
        ] : [],
        local.with_keys && !local.with_athena ? [
          {
            Sid      = "Alb502LogKeys"
            Effect   = "Allow"
            Action   = "kms:Decrypt"
            Resource = var.kms_key_arns
            Condition = {
              StringLike = {
                "kms:ViaService" = [
                  "athena.*.amazonaws.com*",
                  "logs.*.amazonaws.com*",
                  "s3.*.amazonaws.com*",
                ]
              }
            }
          },
        ] : [],
      )
    })
    limits = jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        local.with_athena ? [
          {
            Sid    = "Alb502NeverOtherFiles"
            Effect = "Deny"
            Action = [
              "s3:GetObject",
              "s3:GetObjectVersion",
            ]
            NotResource = concat([for bucket in local.bucket_arns : "${bucket}/*AWSLogs/*/elasticloadbalancing/*"], ["arn:${local.partition}:s3:::${local.athena.bucket}/${local.athena.prefix}*"])
          },
        ] : [],
        !local.with_athena ? [
          {
            Sid    = "Alb502NeverOtherFiles"
            Effect = "Deny"
            Action = [
              "s3:GetObject",
              "s3:GetObjectVersion",
            ]
            NotResource = [for bucket in local.bucket_arns : "${bucket}/*AWSLogs/*/elasticloadbalancing/*"]
          },
        ] : [],
        local.with_keys ? [
          {
            Sid         = "Alb502NeverOtherKeys"
            Effect      = "Deny"
            Action      = "kms:Decrypt"
            NotResource = var.kms_key_arns
          },
        ] : [],
        local.with_keys ? [
          {
            Sid      = "Alb502NeverKeysDirectly"
            Effect   = "Deny"
            Action   = "kms:Decrypt"
            Resource = "*"
            Condition = {
              StringNotLike = {
                "kms:ViaService" = [
                  "athena.*.amazonaws.com*",
                  "logs.*.amazonaws.com*",
                  "s3.*.amazonaws.com*",
                ]
              }
            }
          },
        ] : [],
        !local.with_keys ? [
          {
            Sid      = "Alb502NeverKeys"
            Effect   = "Deny"
            Action   = "kms:Decrypt"
            Resource = "*"
          },
        ] : [],
      )
    })
    contents = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "Alb502NeverContents"
          Effect = "Deny"
          Action = [
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PartiQLSelect",
            "dynamodb:Query",
            "dynamodb:Scan",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetConsoleOutput",
            "ec2:GetConsoleScreenshot",
            "ec2:GetLaunchTemplateData",
            "ec2:GetPasswordData",
            "ecs:ExecuteCommand",
            "kinesis:GetRecords",
            "lambda:GetFunction",
            "lambda:InvokeFunction",
            "lambda:InvokeFunctionUrl",
            "logs:Unmask",
            "secretsmanager:BatchGetSecretValue",
            "secretsmanager:GetSecretValue",
            "sqs:ReceiveMessage",
            "ssm:GetParameter",
            "ssm:GetParameterHistory",
            "ssm:GetParameters",
            "ssm:GetParametersByPath",
            "ssm:SendCommand",
            "ssm:StartSession",
          ]
          Resource = "*"
        },
      ]
    })
  }
  remediate_policies = {
    changes1 = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect   = "Allow"
          Action   = "codedeploy:StopDeployment"
          Resource = "*"
        },
        {
          Effect   = "Allow"
          Action   = "application-autoscaling:RegisterScalableTarget"
          Resource = "arn:${local.partition}:application-autoscaling:*:${local.account}:scalable-target/*"
        },
        {
          Effect = "Allow"
          Action = [
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
          ]
          Resource = "arn:${local.partition}:cloudwatch:*:${local.account}:alarm:alb502-*"
        },
        {
          Effect = "Allow"
          Action = [
            "ec2:CreateNetworkAclEntry",
            "ec2:DeleteNetworkAclEntry",
          ]
          Resource = "arn:${local.partition}:ec2:*:${local.account}:network-acl/*"
        },
        {
          Effect   = "Allow"
          Action   = "ec2:CreateTags"
          Resource = "arn:${local.partition}:ec2:*:${local.account}:security-group-rule/*"
          Condition = {
            StringEquals = {
              "ec2:CreateAction" = [
                "AuthorizeSecurityGroupEgress",
                "AuthorizeSecurityGroupIngress",
              ]
            }
          }
        },
        {
          Effect = "Allow"
          Action = [
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
          ]
          Resource = [
            "arn:${local.partition}:ec2:*:${local.account}:security-group-rule/*",
            "arn:${local.partition}:ec2:*:${local.account}:security-group/*",
          ]
        },
        {
          Effect = "Allow"
          Action = [
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
          ]
          Resource = "arn:${local.partition}:ec2:*:${local.account}:security-group/*"
        },
        {
          Effect   = "Allow"
          Action   = "ecs:UpdateClusterSettings"
          Resource = "arn:${local.partition}:ecs:*:${local.account}:cluster/*"
        },
        {
          Effect = "Allow"
          Action = "ecs:StopServiceDeployment"
          Resource = [
            "arn:${local.partition}:ecs:*:${local.account}:service-deployment/*",
            "arn:${local.partition}:ecs:*:${local.account}:service/*",
          ]
        },
        {
          Effect = "Allow"
          Action = [
            "ecs:DescribeServices",
            "ecs:UpdateService",
          ]
          Resource = "arn:${local.partition}:ecs:*:${local.account}:service/*"
        },
        {
          Effect   = "Allow"
          Action   = "ecs:TagResource"
          Resource = "arn:${local.partition}:ecs:*:${local.account}:task-definition/*:*"
          Condition = {
            StringEquals = {
              "ecs:CreateAction" = "RegisterTaskDefinition"
            }
          }
        },
        {
          Effect   = "Allow"
          Action   = "ecs:RegisterTaskDefinition"
          Resource = "arn:${local.partition}:ecs:*:${local.account}:task-definition/*:*"
        },
        {
          Effect   = "Allow"
          Action   = "ecs:StopTask"
          Resource = "arn:${local.partition}:ecs:*:${local.account}:task/*"
        },
        {
          Effect   = "Allow"
          Action   = "elasticloadbalancing:DeleteRule"
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener-rule/app/*"
          Condition = {
            StringLike = {
              "aws:ResourceTag/alb502:plan" = "*"
            }
          }
        },
        {
          Effect = "Allow"
          Action = [
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
          ]
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener-rule/app/*"
        },
        {
          Effect = "Allow"
          Action = "elasticloadbalancing:CreateRule"
          Resource = [
            "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener-rule/app/*",
            "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener/app/*",
          ]
          Condition = {
            StringLike = {
              "aws:RequestTag/alb502:plan" = "*"
            }
          }
        },
        {
          Effect = "Allow"
          Action = "elasticloadbalancing:AddTags"
          Resource = [
            "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener-rule/app/*",
            "arn:${local.partition}:elasticloadbalancing:*:${local.account}:targetgroup/*",
          ]
          Condition = {
            StringEquals = {
              "elasticloadbalancing:CreateAction" = [
                "CreateRule",
                "CreateTargetGroup",
              ]
            }
          }
        },
        {
          Effect   = "Allow"
          Action   = "elasticloadbalancing:ModifyListener"
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:listener/app/*"
        },
        {
          Effect = "Allow"
          Action = [
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetSubnets",
          ]
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:loadbalancer/app/*"
        },
        {
          Effect   = "Allow"
          Action   = "elasticloadbalancing:CreateTargetGroup"
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:targetgroup/*"
          Condition = {
            StringLike = {
              "aws:RequestTag/alb502:plan" = "*"
            }
          }
        },
        {
          Effect   = "Allow"
          Action   = "elasticloadbalancing:DeleteTargetGroup"
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:targetgroup/*"
          Condition = {
            StringLike = {
              "aws:ResourceTag/alb502:plan" = "*"
            }
          }
        },
        {
          Effect = "Allow"
          Action = [
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RegisterTargets",
          ]
          Resource = "arn:${local.partition}:elasticloadbalancing:*:${local.account}:targetgroup/*"
        },
        {
          Effect   = "Allow"
          Action   = "iam:PassRole"
          Resource = "arn:${local.partition}:iam::${local.account}:role/*"
          Condition = {
            StringEquals = {
              "iam:PassedToService" = "ecs-tasks.amazonaws.com"
            }
          }
        },
        {
          Effect   = "Allow"
          Action   = "lambda:AddPermission"
          Resource = "arn:${local.partition}:lambda:*:${local.account}:function:*"
          Condition = {
            StringEquals = {
              "lambda:Principal" = "elasticloadbalancing.amazonaws.com"
            }
          }
        },
        {
          Effect = "Allow"
          Action = [
            "lambda:DeleteFunctionConcurrency",
            "lambda:PublishVersion",
            "lambda:PutFunctionConcurrency",
            "lambda:RemovePermission",
            "lambda:UpdateAlias",
            "lambda:UpdateFunctionConfiguration",
          ]
          Resource = "arn:${local.partition}:lambda:*:${local.account}:function:*"
        },
      ]
    })
    contents = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "Alb502NeverContents"
          Effect = "Deny"
          Action = [
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PartiQLSelect",
            "dynamodb:Query",
            "dynamodb:Scan",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetConsoleOutput",
            "ec2:GetConsoleScreenshot",
            "ec2:GetLaunchTemplateData",
            "ec2:GetPasswordData",
            "ecs:ExecuteCommand",
            "kinesis:GetRecords",
            "lambda:GetFunction",
            "lambda:InvokeFunction",
            "lambda:InvokeFunctionUrl",
            "logs:Unmask",
            "secretsmanager:BatchGetSecretValue",
            "secretsmanager:GetSecretValue",
            "sqs:ReceiveMessage",
            "ssm:GetParameter",
            "ssm:GetParameterHistory",
            "ssm:GetParameters",
            "ssm:GetParametersByPath",
            "ssm:SendCommand",
            "ssm:StartSession",
          ]
          Resource = "*"
        },
      ]
    })
  }
  read_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = local.reader_arns
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId" = var.external_id
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = local.reader_arns
        }
        Action = "sts:TagSession"
      },
    ]
  })
  remediate_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = var.executor_arn
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "sts:ExternalId" = var.external_id
          }
          StringLike = {
            "sts:SourceIdentity" = "*"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          AWS = var.executor_arn
        }
        Action = [
          "sts:SetSourceIdentity",
          "sts:TagSession",
        ]
      },
    ]
  })
}
