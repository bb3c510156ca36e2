variable "reader_arn" {
  description = "The identity that diagnoses: the worker's role, or that of --role all. It has to exist already."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(role|user|assumed-role)/.+$", var.reader_arn))
    error_message = "reader_arn is the ARN of a role or a user."
  }
}

variable "executor_arn" {
  description = "The identity that carries out approved fixes, known when the plan is made. Empty: no role that can change anything is made."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(role|user|assumed-role)/.+)$", var.executor_arn))
    error_message = "executor_arn is the ARN of a role or a user, or empty."
  }
}

variable "external_id" {
  description = "One for your installation of alb502: openssl rand -hex 16"
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[0-9A-Za-z_+=,.@:/-]{16,1224}$", var.external_id))
    error_message = "external_id has 16 to 1224 letters, digits and any of _+=,.@:/-"
  }
}

variable "doctor_may_simulate" {
  description = "Whether the role that reads may ask IAM what the remediation role is allowed, for alb502 doctor."
  type        = bool
  default     = false
}

variable "log_buckets" {
  description = "Names of the buckets with access logs. Empty: every bucket, of it only load balancers' logs."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.log_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "log_buckets are names of buckets."
  }
}

variable "log_groups" {
  description = "Groups of CloudWatch Logs that may be read, * at the end for all that begin so. Empty: all."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.log_groups : can(regex("^[0-9A-Za-z_.#/-]+[*]?$", name))])
    error_message = "log_groups are names of log groups, with * at their end only."
  }
}

variable "kms_key_arns" {
  description = "Keys with which logs are encrypted. Empty: nothing is ever decrypted."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.kms_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "kms_key_arns are ARNs of keys, not of aliases."
  }
}

variable "athena" {
  description = "The work group, the database of the table, and the bucket and prefix of the results. Null: no Athena."
  type = object({
    workgroup = string
    database  = string
    bucket    = string
    prefix    = optional(string, "alb502/")
  })
  default = null

  validation {
    condition     = var.athena == null ? true : alltrue([for name in [var.athena.workgroup, var.athena.database] : can(regex("^[0-9A-Za-z_.-]{1,128}$", name))])
    error_message = "athena.workgroup and athena.database are names."
  }

  validation {
    condition     = var.athena == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.athena.bucket))
    error_message = "athena.bucket is the name of a bucket."
  }

  validation {
    condition     = var.athena == null ? true : can(regex("^[^*?]*/$", var.athena.prefix))
    error_message = "athena.prefix ends in / and has no * or ?."
  }
}

variable "role_name_prefix" {
  description = "The roles are called so, followed by -read and -remediate."
  type        = string
  default     = "alb502"

  validation {
    condition     = can(regex("^[0-9A-Za-z_+=,.@-]{1,40}$", var.role_name_prefix))
    error_message = "role_name_prefix has 1 to 40 characters that names of roles may have."
  }
}

variable "permissions_boundary_arn" {
  description = "A managed policy that no role here may go beyond."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is the ARN of a managed policy."
  }
}

variable "tags" {
  description = "Tags of the roles and policies, besides alb502:role."
  type        = map(string)
  default     = {}
}
