output "worker_role_arn" {
  description = "reader_arn of the member accounts; the annotation of the worker's service account."
  value       = aws_iam_role.this["worker"].arn
}

output "executor_role_arn" {
  description = "executor_arn of the member accounts; the annotation of the executor's service account. Empty without one."
  value       = var.executor ? aws_iam_role.this["executor"].arn : ""
}
