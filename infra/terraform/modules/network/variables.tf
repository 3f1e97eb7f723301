variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "stage" {
  description = "Stage the network belongs to."
  type        = string
}

variable "region" {
  description = "Region the endpoints are of."
  type        = string
}

variable "account" {
  description = "Account that owns the network."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the VPC; each subnet is a sixteenth of it."
  type        = string
}

variable "zones" {
  description = "In how many availability zones there are subnets."
  type        = number
}

variable "egress" {
  description = "nat, nat_per_zone or endpoints."
  type        = string
}

variable "edge" {
  description = "Whether CloudFront may reach the load balancer."
  type        = bool
}

variable "flow_logs" {
  description = "Whether refused connections are logged."
  type        = bool
}

variable "log_retention_days" {
  description = "How long they are kept."
  type        = number
}

variable "key_arn" {
  description = "KMS key of the logs."
  type        = string
}

variable "emulator" {
  description = "Whether this is at an emulator, which keeps no prefix lists."
  type        = bool
}
