variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "stage" {
  description = "Stage the roles belong to."
  type        = string
}

variable "region" {
  description = "Region of what they may use."
  type        = string
}

variable "account" {
  description = "Account of what they may use."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "arns" {
  description = "ARNs of queue, dead_letter_queue, table and bucket, and that all parameters of the stage begin with."
  type        = map(string)
}

variable "key_arn" {
  description = "KMS key of the secrets."
  type        = string
}

variable "providers_with_keys" {
  description = "Providers of the chain of models that ask for an API key: openai, anthropic."
  type        = list(string)
}

variable "cache_name" {
  description = "Name of the cache the services sign in to."
  type        = string
}
