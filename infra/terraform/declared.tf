# What infra/resources.json declares for this stage. The local stack reads the same file, so what is
# deployed here and what runs on a laptop have the same queues, table, bucket and parameters.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  name    = "prosa-${var.stage}"
  account = data.aws_caller_identity.this.account_id
  arn     = "arn:${data.aws_partition.this.partition}"

  declared = jsondecode(templatefile("${path.module}/../resources.json", {
    stage   = var.stage
    region  = var.region
    account = local.account
  }))

  # Full name to {type, description}, and the name below the prefix for reading.
  parameters = { for each in local.declared.parameters : trimprefix(each.Name, "/prosa/${var.stage}/") => each }

  has = { for part in ["network", "cache", "services", "scaling", "alarms"] : part => contains(var.parts, part) }

  # ARNs are built from names rather than read from what was made: so a plan shows whole policies,
  # and tests/infra can judge them before anything exists.
  arns = {
    queue             = "${local.arn}:sqs:${var.region}:${local.account}:${local.declared.queue.QueueName}"
    dead_letter_queue = "${local.arn}:sqs:${var.region}:${local.account}:${local.declared.dead_letter_queue.QueueName}"
    table             = "${local.arn}:dynamodb:${var.region}:${local.account}:table/${local.declared.table.TableName}"
    bucket            = "${local.arn}:s3:::${local.declared.bucket.Bucket}"
    parameters        = "${local.arn}:ssm:${var.region}:${local.account}:parameter/prosa/${var.stage}"
  }

  origins = var.domain_name != null ? ["https://${var.domain_name}"] : module.edge[*].origin
}
