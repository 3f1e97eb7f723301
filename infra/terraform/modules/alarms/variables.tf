variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "stage" {
  description = "Stage that is watched; the value of the tag its costs are found by."
  type        = string
}

variable "region" {
  description = "Region of the metrics."
  type        = string
}

variable "account" {
  description = "Account of the topic."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the topic."
  type        = string
}

variable "emails" {
  description = "Who is told."
  type        = list(string)
}

variable "monthly_budget_usd" {
  description = "Costs a month at which they are told."
  type        = number
}

variable "queue_name" {
  description = "Name of the queue of jobs."
  type        = string
}

variable "dead_letter_queue_name" {
  description = "Name of the dead-letter queue."
  type        = string
}

variable "table_name" {
  description = "Name of the table."
  type        = string
}

variable "api_name" {
  description = "Name of the HTTP API that serverless.yml makes."
  type        = string
}

variable "functions" {
  description = "Keys of the functions in serverless.yml."
  type        = list(string)
}

variable "worker_log_group" {
  description = "Log group of the worker; null without one."
  type        = string
}

variable "balancer_arn_suffix" {
  description = "How CloudWatch names the load balancer; null without one."
  type        = string
}

variable "watched" {
  description = "Which parts there are besides the queue, the table and the API."
  type = object({
    services = bool
    cache    = bool
  })
}

variable "alarms" {
  description = "Whether there are alarms; without them there is the dashboard and the budget."
  type        = bool
}
