variable "stage" {
  description = "What this is a copy of Prosa for; part of every name."
  type        = string

  validation {
    condition     = contains(["local", "dev", "prod"], var.stage)
    error_message = "stage is local, dev or prod: the stages serverless.yml knows."
  }
}

variable "region" {
  description = "AWS region of everything but what CloudFront keeps in us-east-1 itself."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region reads like us-east-1."
  }
}

variable "emulator" {
  description = "Whether AWS_ENDPOINT_URL points at an emulator. Only how buckets are addressed depends on it."
  type        = bool
  default     = false
}

variable "parts" {
  description = "Which of the parts that cost money while nobody talks are made. A stage with none is a queue, a table, a bucket, roles and parameters."
  type        = set(string)
  default     = ["network", "cache", "services", "scaling", "alarms"]

  validation {
    condition     = length(setsubtract(var.parts, ["network", "cache", "services", "scaling", "alarms"])) == 0
    error_message = "parts holds network, cache, services, scaling and alarms, or some of them."
  }

  validation {
    condition     = contains(var.parts, "network") || !(contains(var.parts, "cache") || contains(var.parts, "services"))
    error_message = "parts: cache and services stand in the network, so network must be one of them too."
  }

  validation {
    condition     = contains(var.parts, "services") || !contains(var.parts, "scaling")
    error_message = "parts: without services there is nothing for scaling to scale."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete what cannot be made again: the table, the buckets with what is in them, and the load balancer."
  type        = bool
}

variable "log_retention_days" {
  description = "How long logs of the services are kept."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days is one of the numbers CloudWatch Logs takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

# --- Network

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. A /16 leaves each subnet 4,096 addresses."
  type        = string
  default     = "10.64.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && tonumber(split("/", var.vpc_cidr)[1]) <= 20
    error_message = "vpc_cidr is an IPv4 range of /20 or larger, such as 10.64.0.0/16."
  }
}

variable "zones" {
  description = "In how many availability zones things stand."
  type        = number
  default     = 2

  validation {
    condition     = var.zones >= 2 && var.zones <= 4
    error_message = "zones is 2, 3 or 4: a load balancer asks for two."
  }
}

variable "egress" {
  description = "How private subnets reach AWS and the internet: `nat` (one NAT gateway), `nat_per_zone` (survives the loss of a zone), `endpoints` (no internet at all: local models only)."
  type        = string
  default     = "nat"

  validation {
    condition     = contains(["nat", "nat_per_zone", "endpoints"], var.egress)
    error_message = "egress is nat, nat_per_zone or endpoints."
  }

  validation {
    condition     = var.egress != "endpoints" || alltrue([for model in var.models : startswith(model, "local:")])
    error_message = "egress: models of other providers are on the internet, which `endpoints` does not reach."
  }
}

variable "flow_logs" {
  description = "Whether refused connections of the VPC are logged."
  type        = bool
  default     = false
}

# --- Cache

variable "cache" {
  description = "The Valkey of the event log: its node type, and how many replicas stand by in other zones."
  type = object({
    node_type = string
    replicas  = number
  })
  default = {
    node_type = "cache.t4g.micro"
    replicas  = 0
  }

  validation {
    condition     = startswith(var.cache.node_type, "cache.") && var.cache.replicas >= 0 && var.cache.replicas <= 5
    error_message = "cache: node_type begins with `cache.`, replicas is 0 to 5."
  }
}

variable "redis_url" {
  description = "URL of a Redis of your own, used where parts has no cache. No password in it: it is stored as it is."
  type        = string
  default     = null

  validation {
    condition     = var.redis_url == null || can(regex("^rediss?://[^@]+$", var.redis_url))
    error_message = "redis_url begins with redis:// or rediss:// and holds no user or password."
  }

  validation {
    condition     = var.redis_url != null || contains(var.parts, "cache")
    error_message = "redis_url must be given where parts has no cache."
  }
}

variable "redis_cache_name" {
  description = "Name of the ElastiCache cache behind redis_url, where it asks for sign-in by IAM: as prosa-<stage>-worker, -gateway and -functions."
  type        = string
  default     = null

  validation {
    condition     = var.redis_cache_name == null || var.redis_url != null
    error_message = "redis_cache_name is of the cache behind redis_url, which must be given too."
  }
}

# --- Services

variable "models" {
  description = "Chain of models, first choice first, as provider:name."
  type        = list(string)
  default     = ["local:prosa-tiny"]

  validation {
    condition     = length(var.models) > 0 && alltrue([for model in var.models : can(regex("^(local|openai|anthropic):[^,]+$", model))])
    error_message = "models holds at least one provider:name, the provider being local, openai or anthropic."
  }
}

variable "image_tag" {
  description = "Tag of the images in the registry made here. Empty keeps the services at no tasks, which is right until the images were pushed."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{0,128}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag is a tag that says which build it is; latest does not."
  }
}

variable "images" {
  description = "Images from elsewhere, by digest, in place of those of image_tag: {worker = \"ghcr.io/...@sha256:...\", gateway = ...}."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.images), ["worker", "gateway"])) == 0 && alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "images has the keys worker and gateway, and each image ends in @sha256: and its digest."
  }
}

variable "worker" {
  description = "Size of a worker task (CPU units, MiB), how many run, and how many jobs each should have in hand before more are started."
  type = object({
    cpu              = number
    memory           = number
    min              = number
    max              = number
    concurrency      = number
    backlog_per_task = number
  })
  default = {
    cpu              = 1024
    memory           = 2048
    min              = 1
    max              = 4
    concurrency      = 16
    backlog_per_task = 12
  }

  validation {
    condition     = var.worker.min >= 1 && var.worker.max >= var.worker.min && var.worker.backlog_per_task <= var.worker.concurrency
    error_message = "worker: min is at least 1 (the backlog is divided by the tasks), max is not less, backlog_per_task not more than concurrency."
  }
}

variable "gateway" {
  description = "Size of a gateway task (CPU units, MiB), how many run, and how many sockets each should hold before more are started."
  type = object({
    cpu              = number
    memory           = number
    min              = number
    max              = number
    sockets_per_task = number
  })
  default = {
    cpu              = 512
    memory           = 1024
    min              = 1
    max              = 4
    sockets_per_task = 6000
  }

  validation {
    condition     = var.gateway.min >= 1 && var.gateway.max >= var.gateway.min && var.gateway.sockets_per_task <= 10000
    error_message = "gateway: min is at least 1, max is not less, sockets_per_task not more than the 10000 a gateway takes."
  }
}

variable "gpu" {
  description = "Instances with a GPU for the worker, in place of Fargate, for a local model: their type, and how many at most. Null has none."
  type = object({
    instance_type = string
    max           = number
  })
  default = null

  validation {
    condition     = var.gpu == null ? true : can(regex("^(g|p)[0-9]", var.gpu.instance_type)) && var.gpu.max >= 1
    error_message = "gpu: instance_type is of a family with GPUs (g4dn.xlarge, g6.xlarge, ...), max at least 1."
  }
}

# --- Edge

variable "edge" {
  description = "Whether the page's CloudFront distribution is made. It needs what `serverless deploy` writes to SSM, so it comes with the second apply."
  type        = bool
  default     = false

  validation {
    condition     = !var.edge || contains(var.parts, "services")
    error_message = "edge: the distribution stands before the gateway, so parts must have services."
  }
}

variable "domain_name" {
  description = "Name the page is opened at. Null takes the one CloudFront gives."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name is a host name, without https:// and path."
  }
}

variable "certificate_arn" {
  description = "ARN of the certificate of domain_name, in ACM of us-east-1, where CloudFront looks."
  type        = string
  default     = null

  validation {
    condition     = (var.certificate_arn == null) == (var.domain_name == null)
    error_message = "certificate_arn and domain_name come together."
  }

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[^:]+:acm:us-east-1:", var.certificate_arn))
    error_message = "certificate_arn is of ACM in us-east-1: CloudFront takes no other."
  }
}

variable "web_acl_arn" {
  description = "ARN of a WAF ACL (of CloudFront, so in us-east-1) to stand before the distribution. Null has none."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null || can(regex("^arn:[^:]+:wafv2:us-east-1:[0-9]+:global/webacl/", var.web_acl_arn))
    error_message = "web_acl_arn is of a WAF ACL with the scope CLOUDFRONT, which are in us-east-1."
  }
}

# --- Alarms

variable "alarm_emails" {
  description = "Who is told of alarms and of the budget. Each must confirm the subscription AWS sends."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails holds e-mail addresses."
  }
}

variable "monthly_budget_usd" {
  description = "Costs of this stage a month at which its people are told, in US dollars; they are told at 80 % and when the forecast passes it."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd is more than 0."
  }
}
