variable "name" {
  description = "Name of the cluster: prosa-<stage>."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "gpu" {
  description = "Instances with a GPU: {instance_type, max}, or null."
  type = object({
    instance_type = string
    max           = number
  })
}

variable "subnet_ids" {
  description = "Subnets the instances stand in."
  type        = list(string)
}

variable "worker_security_group_id" {
  description = "Group of the instances; only workers run there."
  type        = string
}

variable "tags" {
  description = "Tags of what an Auto Scaling group makes, which the provider's default tags do not reach."
  type        = map(string)
}
