variable "stage" {
  description = "Stage the key belongs to."
  type        = string
}

variable "region" {
  description = "Region whose log service may use the key."
  type        = string
}

variable "account" {
  description = "Account that owns the key."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "deletion_protection" {
  description = "Whether a deleted key can be had back for 30 days rather than 7."
  type        = bool
}
