output "read_role_arn" {
  description = "accounts[].read_role"
  value       = aws_iam_role.read.arn
}

output "remediate_role_arn" {
  description = "accounts[].remediate_role; null where nobody carries out fixes."
  value       = one(aws_iam_role.remediate[*].arn)
}

output "settings" {
  description = "An entry of accounts in the settings; name, regions and the file are yours to choose."
  value = yamlencode([merge(
    {
      name             = "account-${local.account}"
      id               = local.account
      regions          = [data.aws_region.here.id]
      read_role        = aws_iam_role.read.arn
      external_id_file = "/run/secrets/alb502-external-id"
    },
    { for arn in aws_iam_role.remediate[*].arn : "remediate_role" => arn },
  )])
}
