# What Prosa keeps: the queue and its dead-letter queue, the table, the bucket for long texts. Every
# attribute that the local stack has too comes from infra/resources.json, read by the caller.

locals {
  # Terraform has attributes of its own names; a map this way round fails on one it does not know.
  queues = {
    jobs = var.declared.queue
    dead = var.declared.dead_letter_queue
  }
}

resource "aws_sqs_queue" "dead" {
  name                        = local.queues.dead.QueueName
  fifo_queue                  = tobool(local.queues.dead.Attributes.FifoQueue)
  deduplication_scope         = local.queues.dead.Attributes.DeduplicationScope
  fifo_throughput_limit       = local.queues.dead.Attributes.FifoThroughputLimit
  content_based_deduplication = tobool(local.queues.dead.Attributes.ContentBasedDeduplication)
  delay_seconds               = tonumber(local.queues.dead.Attributes.DelaySeconds)
  max_message_size            = tonumber(local.queues.dead.Attributes.MaximumMessageSize)
  visibility_timeout_seconds  = tonumber(local.queues.dead.Attributes.VisibilityTimeout)
  receive_wait_time_seconds   = tonumber(local.queues.dead.Attributes.ReceiveMessageWaitTimeSeconds)
  message_retention_seconds   = tonumber(local.queues.dead.Attributes.MessageRetentionPeriod)
  sqs_managed_sse_enabled     = tobool(local.queues.dead.Attributes.SqsManagedSseEnabled)
}

resource "aws_sqs_queue" "jobs" {
  name                        = local.queues.jobs.QueueName
  fifo_queue                  = tobool(local.queues.jobs.Attributes.FifoQueue)
  deduplication_scope         = local.queues.jobs.Attributes.DeduplicationScope
  fifo_throughput_limit       = local.queues.jobs.Attributes.FifoThroughputLimit
  content_based_deduplication = tobool(local.queues.jobs.Attributes.ContentBasedDeduplication)
  delay_seconds               = tonumber(local.queues.jobs.Attributes.DelaySeconds)
  max_message_size            = tonumber(local.queues.jobs.Attributes.MaximumMessageSize)
  visibility_timeout_seconds  = tonumber(local.queues.jobs.Attributes.VisibilityTimeout)
  receive_wait_time_seconds   = tonumber(local.queues.jobs.Attributes.ReceiveMessageWaitTimeSeconds)
  message_retention_seconds   = tonumber(local.queues.jobs.Attributes.MessageRetentionPeriod)
  sqs_managed_sse_enabled     = tobool(local.queues.jobs.Attributes.SqsManagedSseEnabled)
  redrive_policy              = jsonencode(local.queues.jobs.Attributes.RedrivePolicy)

  # The redrive policy names it by its ARN.
  depends_on = [aws_sqs_queue.dead]
}

resource "aws_dynamodb_table" "this" {
  name                        = var.declared.table.TableName
  billing_mode                = var.declared.table.BillingMode
  hash_key                    = one([for key in var.declared.table.KeySchema : key.AttributeName if key.KeyType == "HASH"])
  range_key                   = one([for key in var.declared.table.KeySchema : key.AttributeName if key.KeyType == "RANGE"])
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = var.declared.table.AttributeDefinitions
    content {
      name = attribute.value.AttributeName
      type = attribute.value.AttributeType
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.declared.table.GlobalSecondaryIndexes
    iterator = index
    content {
      name               = index.value.IndexName
      hash_key           = one([for key in index.value.KeySchema : key.AttributeName if key.KeyType == "HASH"])
      range_key          = one([for key in index.value.KeySchema : key.AttributeName if key.KeyType == "RANGE"])
      projection_type    = index.value.Projection.ProjectionType
      non_key_attributes = index.value.Projection.NonKeyAttributes
    }
  }

  ttl {
    attribute_name = var.declared.table.TimeToLiveSpecification.AttributeName
    enabled        = var.declared.table.TimeToLiveSpecification.Enabled
  }

  point_in_time_recovery {
    enabled = var.declared.table.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled
  }
}

resource "aws_s3_bucket" "texts" {
  bucket        = var.declared.bucket.Bucket
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "texts" {
  bucket                  = aws_s3_bucket.texts.id
  block_public_acls       = var.declared.bucket.PublicAccessBlockConfiguration.BlockPublicAcls
  block_public_policy     = var.declared.bucket.PublicAccessBlockConfiguration.BlockPublicPolicy
  ignore_public_acls      = var.declared.bucket.PublicAccessBlockConfiguration.IgnorePublicAcls
  restrict_public_buckets = var.declared.bucket.PublicAccessBlockConfiguration.RestrictPublicBuckets
}

resource "aws_s3_bucket_lifecycle_configuration" "texts" {
  bucket = aws_s3_bucket.texts.id

  # Texts are never changed, and deleted with their conversation: no lifecycle but for what a broken
  # upload leaves behind.
  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid     = "TlsOnly"
    effect  = "Deny"
    actions = ["s3:*"]
    resources = [
      "${var.arn}:s3:::${var.declared.bucket.Bucket}",
      "${var.arn}:s3:::${var.declared.bucket.Bucket}/*",
    ]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "texts" {
  # An emulator speaks plain HTTP, and one that enforces policies would refuse every call.
  count = var.emulator ? 0 : 1

  bucket = aws_s3_bucket.texts.id
  policy = data.aws_iam_policy_document.tls_only.json

  depends_on = [aws_s3_bucket_public_access_block.texts]
}
