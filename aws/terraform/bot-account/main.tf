# The identities of the bot's own processes. The web process has none: it never asks AWS anything.

data "aws_partition" "here" {}

data "aws_caller_identity" "here" {}

locals {
  partition  = data.aws_partition.here.partition
  account    = data.aws_caller_identity.here.account_id
  role_arn   = "arn:${local.partition}:iam::${local.account}:role/${var.role_name_prefix}"
  identities = toset(var.executor ? ["worker", "executor"] : ["worker"])
  associated = var.platform == "pod-identity" && var.cluster_name != "" ? local.identities : toset([])
}

resource "aws_iam_role" "this" {
  for_each = local.identities

  name                 = "${var.role_name_prefix}-${each.key}"
  description          = "What the ${each.key} of alb502 is in AWS"
  assume_role_policy   = local.trusts[each.key][var.platform]
  permissions_boundary = var.permissions_boundary_arn
  tags                 = merge(var.tags, { "alb502:role" = each.key })

  lifecycle {
    precondition {
      condition     = var.platform != "irsa" || var.oidc_provider != ""
      error_message = "platform irsa needs oidc_provider."
    }
  }
}

resource "aws_iam_role_policy" "assume" {
  for_each = local.identities

  name   = "assume"
  role   = aws_iam_role.this[each.key].name
  policy = var.organization_id == "" ? local.policies[each.key] : local.policies_within[each.key]
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.associated

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_accounts[each.key]
  role_arn        = aws_iam_role.this[each.key].arn
}
