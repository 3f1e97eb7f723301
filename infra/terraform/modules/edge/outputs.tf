output "origin" {
  description = "Origin of the page, as a browser names it."
  value       = "https://${coalesce(var.domain_name, aws_cloudfront_distribution.this.domain_name)}"
}

output "distribution_id" {
  description = "The distribution, for invalidations."
  value       = aws_cloudfront_distribution.this.id
}

output "bucket_name" {
  description = "Bucket of the page."
  value       = aws_s3_bucket.page.bucket
}

output "distribution_domain" {
  description = "Name CloudFront gives, which a domain_name must point at."
  value       = aws_cloudfront_distribution.this.domain_name
}
