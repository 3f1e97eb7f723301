# The alarms as a table: what is measured, above which value, for how many minutes.

locals {
  namespace = "Prosa/${var.stage}"

  always = {
    dead-letters = {
      description = "A message went to the dead-letter queue: somebody's reply failed for a reason we did not foresee. Runbook: dead letters."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = var.dead_letter_queue_name }
      statistic   = "Maximum"
      above       = 0
      minutes     = 1
    }
    oldest-message = {
      description = "A message has waited for more than 10 s: there are too few workers, or none that work."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = var.queue_name }
      statistic   = "Maximum"
      above       = 10
      minutes     = 2
    }
    table-throttled = {
      description = "DynamoDB refused calls: one conversation or user is asked for too often."
      namespace   = "AWS/DynamoDB"
      metric      = "ThrottledRequests"
      dimensions  = { TableName = var.table_name }
      statistic   = "Sum"
      above       = 0
      minutes     = 3
    }
    api-5xx = {
      description = "The HTTP API fails more than 5 requests a minute."
      namespace   = "AWS/ApiGateway"
      metric      = "5XXError"
      dimensions  = { ApiName = var.api_name }
      statistic   = "Sum"
      above       = 5
      minutes     = 3
    }
  }

  functions = merge([
    for function in var.functions : {
      "${function}-errors" = {
        description = "The function ${function} raises: errors it knows are answered, so this is one it does not."
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = { FunctionName = "${var.name}-${function}" }
        statistic   = "Sum"
        above       = 0
        minutes     = 2
      }
      "${function}-throttles" = {
        description = "Lambda refuses to run ${function}: the account's concurrency is used up."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        dimensions  = { FunctionName = "${var.name}-${function}" }
        statistic   = "Sum"
        above       = 0
        minutes     = 2
      }
    }
  ]...)

  of_worker = !var.watched.services ? {} : {
    breaker-open = {
      description = "A model failed more than 5 times in 10 s and is left alone for 30 s; others take over, if there are any."
      namespace   = local.namespace
      metric      = "BreakerOpened"
      dimensions  = {}
      statistic   = "Sum"
      above       = 0
      minutes     = 1
    }
  }

  of_gateway = !var.watched.services ? {} : {
    gateway-5xx = {
      description = "The gateway, or the load balancer before it, fails more than 5 requests a minute."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = var.balancer_arn_suffix }
      statistic   = "Sum"
      above       = 5
      minutes     = 3
    }
  }

  of_cache = !var.watched.cache ? {} : {
    cache-memory = {
      description = "The cache is 80 % full: logs will soon be dropped before they expire."
      namespace   = "AWS/ElastiCache"
      metric      = "DatabaseMemoryUsagePercentage"
      dimensions  = { CacheClusterId = "${var.name}-001" }
      statistic   = "Maximum"
      above       = 80
      minutes     = 5
    }
    cache-cpu = {
      description = "The cache's one thread is busy for more than 80 % of the time."
      namespace   = "AWS/ElastiCache"
      metric      = "EngineCPUUtilization"
      dimensions  = { CacheClusterId = "${var.name}-001" }
      statistic   = "Average"
      above       = 80
      minutes     = 5
    }
  }

  alarms = merge(local.always, local.functions, local.of_worker, local.of_gateway, local.of_cache)
}
