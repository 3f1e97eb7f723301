# The WebSocket gateways, and the load balancer before them. It is internal: CloudFront enters the
# VPC to reach it, and nobody else can.

resource "aws_cloudwatch_log_group" "this" {
  name              = "/prosa/${var.stage}/gateway"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

locals {
  environment = merge(var.environment, {
    PROSA_GATEWAY_HOST          = "0.0.0.0"
    PROSA_GATEWAY_INTERNAL_HOST = "0.0.0.0"
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.name}-gateway"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = var.start_role_arn
  task_role_arn            = var.task_role_arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "gateway"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    stopTimeout            = 30
    environment            = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true }
    portMappings = [
      { containerPort = 8081, protocol = "tcp" },
      { containerPort = 8084, protocol = "tcp" },
      { containerPort = 8082, protocol = "tcp" },
    ]
    # A socket is a file.
    ulimits = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    healthCheck = {
      command     = ["CMD", "python", "-m", "prosa.probe", "http://127.0.0.1:8082/healthz"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "gateway"
        mode                  = "non-blocking"
        "max-buffer-size"     = "4m"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  name            = "${var.name}-gateway"
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.running ? var.size.min : 0
  propagate_tags  = "SERVICE"

  availability_zone_rebalancing = "ENABLED"

  health_check_grace_period_seconds = 60

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [var.security_group_id]
  }

  dynamic "load_balancer" {
    for_each = local.doors

    content {
      target_group_arn = aws_lb_target_group.this[load_balancer.key].arn
      container_name   = "gateway"
      container_port   = load_balancer.value.port
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  # A target group takes tasks only once a listener sends it something.
  depends_on = [aws_lb_listener.this]

  lifecycle {
    # How many there are is autoscaling's from then on. Emulators do not tell the other.
    ignore_changes = [desired_count, availability_zone_rebalancing]
  }
}
