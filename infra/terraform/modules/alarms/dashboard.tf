resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = var.region
        view    = "timeSeries"
        period  = 60
        metrics = widget.metrics
      }
    }]
  })
}

locals {
  widgets = [
    {
      title = "How long the oldest message waits (s)"
      metrics = [
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queue_name, { stat = "Maximum" }],
      ]
    },
    {
      title = "Messages: waiting, in hand, dead"
      metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.queue_name, { stat = "Maximum" }],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", var.queue_name, { stat = "Maximum" }],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.dead_letter_queue_name, { stat = "Maximum" }],
      ]
    },
    {
      title = "HTTP API: requests, errors"
      metrics = [
        ["AWS/ApiGateway", "Count", "ApiName", var.api_name, { stat = "Sum" }],
        ["AWS/ApiGateway", "4XXError", "ApiName", var.api_name, { stat = "Sum" }],
        ["AWS/ApiGateway", "5XXError", "ApiName", var.api_name, { stat = "Sum" }],
      ]
    },
    {
      title = "HTTP API: latency (ms)"
      metrics = [
        ["AWS/ApiGateway", "Latency", "ApiName", var.api_name, { stat = "p50" }],
        ["AWS/ApiGateway", "Latency", "ApiName", var.api_name, { stat = "p99" }],
      ]
    },
    {
      title = "Tasks"
      metrics = [
        ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.name, "ServiceName", "${var.name}-worker", { stat = "Average" }],
        ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.name, "ServiceName", "${var.name}-gateway", { stat = "Average" }],
      ]
    },
    {
      title = "CPU (%)"
      metrics = [
        ["AWS/ECS", "CPUUtilization", "ClusterName", var.name, "ServiceName", "${var.name}-worker", { stat = "Average" }],
        ["AWS/ECS", "CPUUtilization", "ClusterName", var.name, "ServiceName", "${var.name}-gateway", { stat = "Average" }],
        ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", "${var.name}-001", { stat = "Average" }],
      ]
    },
  ]
}
