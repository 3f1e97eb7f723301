# The workers: tasks without a port, as many as the queue asks for.

resource "aws_cloudwatch_log_group" "this" {
  name              = "/prosa/${var.stage}/worker"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

locals {
  on_gpu = var.gpu_capacity_provider != null

  environment = merge(var.environment, {
    PROSA_WORKER_CONCURRENCY = tostring(var.size.concurrency)
    # ECS kills 60 s after it asked to stop; what is left over goes back to the queue before.
    PROSA_WORKER_STOP_TIMEOUT_S = "50"
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.name}-worker"
  requires_compatibilities = [local.on_gpu ? "EC2" : "FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = var.start_role_arn
  task_role_arn            = var.task_role_arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Its root is read-only; this is where libraries may write.
  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "worker"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    stopTimeout            = 60
    environment            = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true }
    resourceRequirements   = local.on_gpu ? [{ type = "GPU", value = "1" }] : []
    healthCheck = {
      command     = ["CMD", "python", "-m", "prosa.probe", "http://127.0.0.1:8083/healthz"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 120
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "worker"
        # A full log must not stop the worker.
        mode              = "non-blocking"
        "max-buffer-size" = "4m"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  name            = "${var.name}-worker"
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.running ? var.size.min : 0
  propagate_tags  = "SERVICE"

  availability_zone_rebalancing = "ENABLED"

  capacity_provider_strategy {
    capacity_provider = local.on_gpu ? var.gpu_capacity_provider : "FARGATE"
    weight            = 1
  }

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [var.security_group_id]
  }

  # A build that does not come up is taken back.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  lifecycle {
    # How many there are is autoscaling's from then on. Emulators do not tell the other.
    ignore_changes = [desired_count, availability_zone_rebalancing]
  }
}
