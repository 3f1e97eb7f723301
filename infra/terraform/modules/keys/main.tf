# One key of the stage's own, for what must not be read with an account's defaults: the secrets in
# SSM, the logs, the topic of the alarms. The queues, the table and the buckets are encrypted with
# keys AWS owns: a key of ours would cost a request per message and protect from nobody else.

data "aws_iam_policy_document" "key" {
  # In a key's policy, `*` is this key. Without this statement nobody could ever change the policy.
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["${var.arn}:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["${var.arn}:logs:${var.region}:${var.account}:log-group:/prosa/${var.stage}/*"]
    }
  }

  statement {
    sid       = "AlarmsToTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Prosa ${var.stage}: secrets, logs, alarms"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/prosa-${var.stage}"
  target_key_id = aws_kms_key.this.key_id
}
