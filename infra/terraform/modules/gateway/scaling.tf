# As many gateways as sockets ask for, and the CPU where events do.

resource "aws_appautoscaling_target" "this" {
  count = var.scaling ? 1 : 0

  service_namespace  = "ecs"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.running ? var.size.min : 0
  max_capacity       = var.running ? var.size.max : 0
}

resource "aws_appautoscaling_policy" "sockets" {
  count = var.scaling ? 1 : 0

  name               = "sockets-per-task"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.size.sockets_per_task
    scale_out_cooldown = 30
    # Each task that goes sends its people to the others, all at once.
    scale_in_cooldown = 900

    customized_metric_specification {
      # Of a socket there are two connections: to the load balancer and from it.
      metrics {
        id          = "connections"
        return_data = false
        metric_stat {
          stat = "Sum"
          metric {
            namespace   = "AWS/ApplicationELB"
            metric_name = "ActiveConnectionCount"
            dimensions {
              name  = "LoadBalancer"
              value = aws_lb.this.arn_suffix
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
            dimensions {
              name  = "ClusterName"
              value = var.cluster_name
            }
            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this.name
            }
          }
        }
      }

      metrics {
        id          = "sockets_per_task"
        expression  = "FILL(connections, 0) / 2 / IF(FILL(tasks, 1) > 0, FILL(tasks, 1), 1)"
        label       = "Sockets per task"
        return_data = true
      }
    }
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  count = var.scaling ? 1 : 0

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_out_cooldown = 30
    scale_in_cooldown  = 900

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
