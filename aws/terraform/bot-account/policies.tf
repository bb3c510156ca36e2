# Written by `python -m bot.cli.aws_pages`; change the code that it is derived from.
locals {
  policies = {
    worker = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-read"]
        },
      ]
    })
    executor = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-read"]
        },
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:SetSourceIdentity",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-remediate"]
        },
      ]
    })
  }
  policies_within = {
    worker = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-read"]
          Condition = {
            StringEquals = {
              "aws:ResourceOrgID" = var.organization_id
            }
          }
        },
      ]
    })
    executor = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-read"]
          Condition = {
            StringEquals = {
              "aws:ResourceOrgID" = var.organization_id
            }
          }
        },
        {
          Effect = "Allow"
          Action = [
            "sts:AssumeRole",
            "sts:SetSourceIdentity",
            "sts:TagSession",
          ]
          Resource = ["arn:${local.partition}:iam::*:role/${var.role_name_prefix}-remediate"]
          Condition = {
            StringEquals = {
              "aws:ResourceOrgID" = var.organization_id
            }
          }
        },
      ]
    })
  }
  trusts = {
    worker = {
      "pod-identity" = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Service = "pods.eks.amazonaws.com"
            }
            Action = [
              "sts:AssumeRole",
              "sts:TagSession",
            ]
            Condition = {
              StringEquals = {
                "aws:RequestTag/kubernetes-namespace"       = var.namespace
                "aws:RequestTag/kubernetes-service-account" = var.service_accounts.worker
              }
            }
          },
        ]
      })
      irsa = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Federated = "arn:${local.partition}:iam::${local.account}:oidc-provider/${var.oidc_provider}"
            }
            Action = "sts:AssumeRoleWithWebIdentity"
            Condition = {
              StringEquals = {
                "${var.oidc_provider}:aud" = "sts.amazonaws.com"
                "${var.oidc_provider}:sub" = "system:serviceaccount:${var.namespace}:${var.service_accounts.worker}"
              }
            }
          },
        ]
      })
      ecs = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Service = "ecs-tasks.amazonaws.com"
            }
            Action = "sts:AssumeRole"
            Condition = {
              StringEquals = {
                "aws:SourceAccount" = local.account
              }
              ArnLike = {
                "aws:SourceArn" = "arn:${local.partition}:ecs:*:${local.account}:*"
              }
            }
          },
        ]
      })
    }
    executor = {
      "pod-identity" = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Service = "pods.eks.amazonaws.com"
            }
            Action = [
              "sts:AssumeRole",
              "sts:TagSession",
            ]
            Condition = {
              StringEquals = {
                "aws:RequestTag/kubernetes-namespace"       = var.namespace
                "aws:RequestTag/kubernetes-service-account" = var.service_accounts.executor
              }
            }
          },
        ]
      })
      irsa = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Federated = "arn:${local.partition}:iam::${local.account}:oidc-provider/${var.oidc_provider}"
            }
            Action = "sts:AssumeRoleWithWebIdentity"
            Condition = {
              StringEquals = {
                "${var.oidc_provider}:aud" = "sts.amazonaws.com"
                "${var.oidc_provider}:sub" = "system:serviceaccount:${var.namespace}:${var.service_accounts.executor}"
              }
            }
          },
        ]
      })
      ecs = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect = "Allow"
            Principal = {
              Service = "ecs-tasks.amazonaws.com"
            }
            Action = "sts:AssumeRole"
            Condition = {
              StringEquals = {
                "aws:SourceAccount" = local.account
              }
              ArnLike = {
                "aws:SourceArn" = "arn:${local.partition}:ecs:*:${local.account}:*"
              }
            }
          },
        ]
      })
    }
  }
}
