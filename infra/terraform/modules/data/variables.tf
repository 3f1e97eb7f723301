variable "declared" {
  description = "infra/resources.json, read for this stage."
  type        = any
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "emulator" {
  description = "Whether the buckets are at an emulator."
  type        = bool
}

variable "deletion_protection" {
  description = "Whether the table cannot be deleted, nor the bucket while something is in it."
  type        = bool
}
