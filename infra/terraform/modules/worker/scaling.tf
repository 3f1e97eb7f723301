# As many workers as the queue asks for. The backlog per task is what one task has to do, waiting
# and in hand, so the same target is right for one task and for a hundred. It is measured once a
# minute; the age of the oldest message is the alarm that need not wait for an average.

locals {
  queue_dimensions   = { QueueName = var.queue_name }
  service_dimensions = { ClusterName = var.cluster_name, ServiceName = aws_ecs_service.this.name }
}

resource "aws_appautoscaling_target" "this" {
  count = var.scaling ? 1 : 0

  service_namespace  = "ecs"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.running ? var.size.min : 0
  max_capacity       = var.running ? var.size.max : 0
}

resource "aws_appautoscaling_policy" "backlog" {
  count = var.scaling ? 1 : 0

  name               = "backlog-per-task"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.size.backlog_per_task
    scale_out_cooldown = 30
    # A task that goes gives its running replies back, and each starts over: go slowly.
    scale_in_cooldown = 300

    customized_metric_specification {
      metrics {
        id          = "waiting"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"
            dynamic "dimensions" {
              for_each = local.queue_dimensions
              content {
                name  = dimensions.key
                value = dimensions.value
              }
            }
          }
        }
      }

      metrics {
        id          = "in_hand"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesNotVisible"
            dynamic "dimensions" {
              for_each = local.queue_dimensions
              content {
                name  = dimensions.key
                value = dimensions.value
              }
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dynamic "dimensions" {
              for_each = local.service_dimensions
              content {
                name  = dimensions.key
                value = dimensions.value
              }
            }
          }
        }
      }

      metrics {
        id          = "backlog_per_task"
        expression  = "(waiting + in_hand) / IF(FILL(tasks, 1) > 0, FILL(tasks, 1), 1)"
        label       = "Backlog per task"
        return_data = true
      }
    }
  }
}

resource "aws_appautoscaling_policy" "age" {
  count = var.scaling ? 1 : 0

  name               = "oldest-message"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    metric_aggregation_type  = "Maximum"
    min_adjustment_magnitude = 1
    cooldown                 = 60

    # Bounds count from the alarm's threshold of 5 s.
    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 25
      scaling_adjustment          = 50
    }

    step_adjustment {
      metric_interval_lower_bound = 25
      scaling_adjustment          = 100
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "age" {
  count = var.scaling ? 1 : 0

  alarm_name          = "${var.name}-scale-out-oldest-message"
  alarm_description   = "Starts workers; tells nobody. People are told by ${var.name}-oldest-message."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = local.queue_dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.age[0].arn]
}
