# Who may do what. A task has two roles: one by which ECS starts it (its image, its log), and its
# own, which is all its code can do. The functions' roles are in serverless.yml.

locals {
  services = toset(["worker", "gateway"])

  log_groups = { for service in local.services : service => "${var.arn}:logs:${var.region}:${var.account}:log-group:/prosa/${var.stage}/${service}" }
  cache      = "${var.arn}:elasticache:${var.region}:${var.account}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    # Nobody else's cluster can make ECS use these roles.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

data "aws_iam_policy_document" "start" {
  for_each = local.services

  # The one action for which ECR knows no resource.
  statement {
    sid       = "Registry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["${var.arn}:ecr:${var.region}:${var.account}:repository/${var.name}-${each.key}"]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_groups[each.key]}:*"]
  }
}

data "aws_iam_policy_document" "worker" {
  # It takes jobs and never sends one: a new job is the API's alone to make.
  statement {
    sid       = "Jobs"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    resources = [var.arns.queue]
  }

  statement {
    sid       = "Poison"
    actions   = ["sqs:SendMessage"]
    resources = [var.arns.dead_letter_queue]
  }

  # It deletes nothing and needs no index.
  statement {
    sid       = "Conversations"
    actions   = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [var.arns.table]
  }

  statement {
    sid       = "LongTexts"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.arns.bucket}/messages/*"]
  }

  dynamic "statement" {
    for_each = length(var.providers_with_keys) > 0 ? [1] : []
    content {
      sid       = "ApiKeys"
      actions   = ["ssm:GetParameter"]
      resources = [for provider in var.providers_with_keys : "${var.arns.parameters}/${provider}-api-key"]
    }
  }

  dynamic "statement" {
    for_each = length(var.providers_with_keys) > 0 ? [1] : []
    content {
      sid       = "DecryptApiKeys"
      actions   = ["kms:Decrypt"]
      resources = [var.key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:PARAMETER_ARN"
        values   = [for provider in var.providers_with_keys : "${var.arns.parameters}/${provider}-api-key"]
      }
    }
  }

  statement {
    sid       = "EventLog"
    actions   = ["elasticache:Connect"]
    resources = ["${local.cache}:replicationgroup:${var.cache_name}", "${local.cache}:user:${var.name}-worker"]
  }
}

# The gateway plays the event log and knows nothing else: no table, no queue, no secret.
data "aws_iam_policy_document" "gateway" {
  statement {
    sid       = "EventLog"
    actions   = ["elasticache:Connect"]
    resources = ["${local.cache}:replicationgroup:${var.cache_name}", "${local.cache}:user:${var.name}-gateway"]
  }
}

resource "aws_iam_role" "start" {
  for_each = local.services

  name               = "${var.name}-${each.key}-start"
  description        = "By which ECS starts the ${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "start" {
  for_each = local.services

  name   = "start"
  role   = aws_iam_role.start[each.key].id
  policy = data.aws_iam_policy_document.start[each.key].json
}

resource "aws_iam_role" "task" {
  for_each = local.services

  name               = "${var.name}-${each.key}"
  description        = "What the code of the ${each.key} may do"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.task["worker"].id
  policy = data.aws_iam_policy_document.worker.json
}

resource "aws_iam_role_policy" "gateway" {
  name   = "gateway"
  role   = aws_iam_role.task["gateway"].id
  policy = data.aws_iam_policy_document.gateway.json
}
