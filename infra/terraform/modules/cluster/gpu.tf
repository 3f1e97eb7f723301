# Instances with a GPU, for a local model that is too slow without. They come and go with the tasks
# that ask for them: none runs while none is asked for.

data "aws_iam_policy_document" "instance_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "instance" {
  count = var.gpu == null ? 0 : 1

  name               = "${var.name}-gpu-instance"
  assume_role_policy = data.aws_iam_policy_document.instance_trust.json
}

# What the agent of ECS needs, as AWS keeps it. Tasks have roles of their own and cannot reach this.
resource "aws_iam_role_policy_attachment" "instance" {
  count = var.gpu == null ? 0 : 1

  role       = aws_iam_role.instance[0].name
  policy_arn = "${var.arn}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "gpu" {
  count = var.gpu == null ? 0 : 1

  name = "${var.name}-gpu"
  role = aws_iam_role.instance[0].name
}

resource "aws_launch_template" "gpu" {
  count = var.gpu == null ? 0 : 1

  name          = "${var.name}-gpu"
  image_id      = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
  instance_type = var.gpu.instance_type

  user_data = base64encode(<<-SCRIPT
    #!/bin/sh
    cat >> /etc/ecs/ecs.config <<CONFIG
    ECS_CLUSTER=${var.name}
    ECS_ENABLE_GPU_SUPPORT=true
    ECS_AWSVPC_BLOCK_IMDS=true
    CONFIG
  SCRIPT
  )

  vpc_security_group_ids = [var.worker_security_group_id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.gpu[0].arn
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 60
      volume_type = "gp3"
      encrypted   = true
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = merge(var.tags, { Name = "${var.name}-gpu" })
  }

  tag_specifications {
    resource_type = "volume"
    tags          = var.tags
  }
}

resource "aws_autoscaling_group" "gpu" {
  count = var.gpu == null ? 0 : 1

  name                  = "${var.name}-gpu"
  min_size              = 0
  max_size              = var.gpu.max
  vpc_zone_identifier   = var.subnet_ids
  protect_from_scale_in = true

  launch_template {
    id      = aws_launch_template.gpu[0].id
    version = aws_launch_template.gpu[0].latest_version
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = "${var.name}-gpu", AmazonECSManaged = "true" })
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_ecs_capacity_provider" "gpu" {
  count = var.gpu == null ? 0 : 1

  name = "${var.name}-gpu"

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.gpu[0].arn
    managed_termination_protection = "ENABLED"
    managed_draining               = "ENABLED"

    managed_scaling {
      status          = "ENABLED"
      target_capacity = 100
    }
  }
}
