variable "platform" {
  description = "Where the bot runs: pod-identity (EKS Pod Identity), irsa (EKS, IAM roles for service accounts) or ecs."
  type        = string
  default     = "pod-identity"

  validation {
    condition     = contains(["pod-identity", "irsa", "ecs"], var.platform)
    error_message = "platform is pod-identity, irsa or ecs."
  }
}

variable "executor" {
  description = "Whether there is to be an identity for the executor. Without it nobody carries out fixes."
  type        = bool
  default     = true
}

variable "oidc_provider" {
  description = "With irsa: the cluster's issuer without https://, as oidc.eks.REGION.amazonaws.com/id/ID"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[A-Za-z0-9.-]+(/[0-9A-Za-z_.-]+)*)$", var.oidc_provider))
    error_message = "oidc_provider is the issuer without https://"
  }
}

variable "cluster_name" {
  description = "With pod-identity: the EKS cluster with which the roles are associated. Empty: you do that yourself."
  type        = string
  default     = ""
}

variable "namespace" {
  description = "The namespace of the bot."
  type        = string
  default     = "alb502"
}

variable "service_accounts" {
  description = "The names of the service accounts."
  type = object({
    worker   = optional(string, "alb502-worker")
    executor = optional(string, "alb502-executor")
  })
  default = {}
}

variable "role_name_prefix" {
  description = "As in the member accounts; the roles here are called so, followed by -worker and -executor."
  type        = string
  default     = "alb502"

  validation {
    condition     = can(regex("^[0-9A-Za-z_+=,.@-]{1,40}$", var.role_name_prefix))
    error_message = "role_name_prefix has 1 to 40 characters that names of roles may have."
  }
}

variable "organization_id" {
  description = "Only roles of this organisation may be assumed. Empty: those of any account that trusts these identities."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|o-[a-z0-9]{10,32})$", var.organization_id))
    error_message = "organization_id is the id of an organisation, such as o-exampleorgid."
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
  description = "Tags of the roles, besides alb502:role."
  type        = map(string)
  default     = {}
}
