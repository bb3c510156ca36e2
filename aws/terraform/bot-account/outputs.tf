# The ARNs are put together, since they have to be known when the first plan is made: the module of the member accounts
# decides by them what there is to make.

output "worker_role_arn" {
  description = "reader_arn of the member accounts; the annotation of the worker's service account."
  value       = "${local.role_arn}-worker"
  depends_on  = [aws_iam_role.this]
}

output "executor_role_arn" {
  description = "executor_arn of the member accounts; the annotation of the executor's service account. Empty without one."
  value       = var.executor ? "${local.role_arn}-executor" : ""
  depends_on  = [aws_iam_role.this]
}
