variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "account" {
  description = "Account, part of the bucket's name: those are the world's."
  type        = string
}

variable "arn" {
  description = "How ARNs of this partition begin: arn:aws."
  type        = string
}

variable "api_domain" {
  description = "Host of the HTTP API."
  type        = string
}

variable "api_stage_path" {
  description = "Path the HTTP API begins at: /<stage>."
  type        = string
}

variable "balancer_arn" {
  description = "ARN of the load balancer before the gateways."
  type        = string
}

variable "balancer_domain" {
  description = "Name of that load balancer, known inside the VPC."
  type        = string
}

variable "domain_name" {
  description = "Name of the page; null for the one CloudFront gives."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of that name; null for CloudFront's own."
  type        = string
}

variable "security_headers" {
  description = "Headers of the page, by name: web/security-headers.json, which every server of the page reads."
  type        = map(string)
}

variable "web_acl_arn" {
  description = "WAF ACL before the distribution; null for none."
  type        = string
}
