# The role that reads an account and, where an executor is named, the role that approved fixes are carried out with.

data "aws_partition" "here" {}

data "aws_caller_identity" "here" {}

data "aws_region" "here" {}

locals {
  partition     = data.aws_partition.here.partition
  account       = data.aws_caller_identity.here.account_id
  may_remediate = var.executor_arn != ""
  reader_arns   = distinct(local.may_remediate ? [var.reader_arn, var.executor_arn] : [var.reader_arn])

  bucket_arns = [
    for name in (length(var.log_buckets) > 0 ? var.log_buckets : ["*"]) : "arn:${local.partition}:s3:::${name}"
  ]
  log_group_arns = [
    for name in (length(var.log_groups) > 0 ? var.log_groups : ["*"]) :
    "arn:${local.partition}:logs:*:${local.account}:log-group:${name}:*"
  ]
  with_keys   = length(var.kms_key_arns) > 0
  with_athena = var.athena != null
  athena = {
    workgroup = local.with_athena ? var.athena.workgroup : ""
    database  = local.with_athena ? var.athena.database : ""
    bucket    = local.with_athena ? var.athena.bucket : ""
    prefix    = local.with_athena ? var.athena.prefix : ""
  }
}

resource "aws_iam_role" "read" {
  name                 = "${var.role_name_prefix}-read"
  description          = "alb502 reads this account with it"
  assume_role_policy   = local.read_trust
  permissions_boundary = var.permissions_boundary_arn
  tags                 = merge(var.tags, { "alb502:role" = "read" })
}

resource "aws_iam_policy" "read" {
  for_each = local.read_policies

  name   = "${var.role_name_prefix}-read-${each.key}"
  policy = each.value
  tags   = var.tags
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = local.read_policies

  role       = aws_iam_role.read.name
  policy_arn = aws_iam_policy.read[each.key].arn
}

resource "aws_iam_role" "remediate" {
  count = local.may_remediate ? 1 : 0

  name                 = "${var.role_name_prefix}-remediate"
  description          = "alb502 carries out approved fixes with it, each with a session of its own"
  assume_role_policy   = local.remediate_trust
  permissions_boundary = var.permissions_boundary_arn
  tags                 = merge(var.tags, { "alb502:role" = "remediate" })
}

resource "aws_iam_policy" "remediate" {
  for_each = { for name, policy in local.remediate_policies : name => policy if local.may_remediate }

  name   = "${var.role_name_prefix}-remediate-${each.key}"
  policy = each.value
  tags   = var.tags
}

resource "aws_iam_role_policy_attachment" "remediate" {
  for_each = aws_iam_policy.remediate

  role       = aws_iam_role.remediate[0].name
  policy_arn = each.value.arn
}

resource "aws_iam_role_policy" "simulate" {
  count = local.may_remediate && var.doctor_may_simulate ? 1 : 0

  name = "simulate"
  role = aws_iam_role.read.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "iam:SimulatePrincipalPolicy"
        Resource = aws_iam_role.remediate[0].arn
      },
    ]
  })
}
