# The built page, which only the distribution may read. `make page` fills it.

resource "aws_s3_bucket" "page" {
  bucket = "${var.name}-${var.account}-page"
  # Everything in it is built from the repository.
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "page" {
  bucket                  = aws_s3_bucket.page.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "page" {
  statement {
    sid       = "Distribution"
    actions   = ["s3:GetObject"]
    resources = ["${var.arn}:s3:::${var.name}-${var.account}-page/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "page" {
  bucket = aws_s3_bucket.page.id
  policy = data.aws_iam_policy_document.page.json

  depends_on = [aws_s3_bucket_public_access_block.page]
}
