variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "stage" {
  description = "Stage of the workers."
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

variable "gpu_capacity_provider" {
  description = "Capacity provider with GPUs to run on in place of Fargate; null for Fargate."
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
  description = "CPU units and MiB of a task, how many run, jobs at once in each, and how many each should have."
  type = object({
    cpu              = number
    memory           = number
    min              = number
    max              = number
    concurrency      = number
    backlog_per_task = number
  })
}

variable "environment" {
  description = "Settings of the worker, PROSA_... and AWS_...; no secrets, for they are shown to whoever may look."
  type        = map(string)
}

variable "start_role_arn" {
  description = "Role by which ECS starts a task."
  type        = string
}

variable "task_role_arn" {
  description = "Role of the worker's code."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the workers."
  type        = string
}

variable "queue_name" {
  description = "Name of the queue of jobs, by which they scale."
  type        = string
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
