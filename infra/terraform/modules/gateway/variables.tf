variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "stage" {
  description = "Stage of the gateways."
  type        = string
}

variable "region" {
  description = "Region of the log."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the cluster."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "image" {
  description = "The image, by tag or digest."
  type        = string
}

variable "running" {
  description = "Whether there is an image to run; without one there are no tasks."
  type        = bool
}

variable "size" {
  description = "CPU units and MiB of a task, how many run, and how many sockets each should hold."
  type = object({
    cpu              = number
    memory           = number
    min              = number
    max              = number
    sockets_per_task = number
  })
}

variable "environment" {
  description = "Settings of the gateway, PROSA_... and AWS_...; no secrets, for they are shown to whoever may look."
  type        = map(string)
}

variable "start_role_arn" {
  description = "Role by which ECS starts a task."
  type        = string
}

variable "task_role_arn" {
  description = "Role of the gateway's code."
  type        = string
}

variable "vpc_id" {
  description = "VPC that everything stands in."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the gateways."
  type        = string
}

variable "balancer_security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the load balancer cannot be deleted."
  type        = bool
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
}

variable "key_arn" {
  description = "KMS key of the log."
  type        = string
}

variable "scaling" {
  description = "Whether the number of tasks follows what there is to do."
  type        = bool
}
