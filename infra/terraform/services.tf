# What the services are told, and which images they run.

locals {
  # Keys of the functions in serverless.yml, and the name it gives the API; tests/infra compare.
  functions = ["auth", "authorizer", "chat", "conversations", "dlq_watch", "meta", "search", "tickets"]
  api_name  = "prosa-${var.stage}-api"

  providers_with_keys = [for provider in ["anthropic", "openai"] : provider if anytrue([for model in var.models : startswith(model, "${provider}:")])]

  running = var.image_tag != "" || length(var.images) == 2
  images = {
    for service in ["worker", "gateway"] : service => lookup(var.images, service, "${module.registry.urls[service]}:${var.image_tag == "" ? "none" : var.image_tag}")
  }

  redis_url  = local.has.cache ? module.cache[0].url : var.redis_url
  cache_name = local.has.cache ? local.name : var.redis_cache_name

  # What each may do in the cache, as an ACL: reading and writing keys, scripts, pub/sub of the
  # gateways' channels. Not what looks at or changes the whole of it. TIME is in no group that is
  # small enough.
  acl         = "on ~* resetchannels &gw:* -@all +@read +@write +@scripting +@pubsub +@connection +@transaction +time -@dangerous"
  cache_users = { for user in ["worker", "gateway", "functions"] : user => local.acl }

  aws_environment = {
    AWS_REGION         = var.region
    AWS_DEFAULT_REGION = var.region
    PROSA_STAGE        = var.stage
    PROSA_REDIS_URL    = local.redis_url
  }

  redis_sign_in = {
    for service in ["worker", "gateway"] : service => local.cache_name == null ? {} : {
      PROSA_REDIS_IAM_USER   = "${local.name}-${service}"
      PROSA_REDIS_CACHE_NAME = local.cache_name
    }
  }

  worker_environment = merge(local.aws_environment, local.redis_sign_in.worker, {
    PROSA_PARAMETERS            = "/prosa/${var.stage}"
    PROSA_TABLE                 = module.data.table_name
    PROSA_BUCKET                = module.data.bucket_name
    PROSA_QUEUE_URL             = module.data.queue_url
    PROSA_DEAD_LETTER_QUEUE_URL = module.data.dead_letter_queue_url
    PROSA_MODELS                = join(",", var.models)
  })

  gateway_environment = merge(local.aws_environment, local.redis_sign_in.gateway, {
    # Until there is an edge nobody can reach the gateway, so nobody's origin need be allowed; an
    # empty list would be the default one, of a laptop.
    PROSA_ALLOWED_ORIGINS = length(local.origins) > 0 ? join(",", local.origins) : "https://no-edge-yet.invalid"
    # CloudFront, and the load balancer.
    PROSA_GATEWAY_FORWARDED_HOPS = "2"
  })

  parameter_values = merge(
    {
      "queue-url"             = module.data.queue_url
      "dead-letter-queue-url" = module.data.dead_letter_queue_url
      "table-name"            = module.data.table_name
      "bucket-name"           = module.data.bucket_name
      "redis-url"             = local.redis_url
      "models"                = join(",", var.models)
      "secrets-key-arn"       = module.keys.arn
      # The page's own origin: the page and its socket are behind one edge.
      "ws-url"          = var.domain_name == null ? "/ws" : "wss://${var.domain_name}/ws"
      "allowed-origins" = local.gateway_environment.PROSA_ALLOWED_ORIGINS
    },
    local.cache_name == null ? {} : {
      "redis-iam-user"   = "${local.name}-functions"
      "redis-cache-name" = local.cache_name
    },
    local.has.network ? {
      "vpc-subnet-ids"        = join(",", module.network[0].private_subnet_ids)
      "vpc-security-group-id" = module.network[0].security_group_ids.functions
    } : {},
    var.edge ? {
      "page-url"             = module.edge[0].origin
      "page-bucket-name"     = module.edge[0].bucket_name
      "page-distribution-id" = module.edge[0].distribution_id
    } : {},
  )
}
