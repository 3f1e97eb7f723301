output "queue_url" {
  description = "URL of the queue of jobs."
  value       = aws_sqs_queue.jobs.url
}

output "dead_letter_queue_url" {
  description = "URL of the dead-letter queue."
  value       = aws_sqs_queue.dead.url
}

output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "bucket_name" {
  description = "Name of the bucket for long texts."
  value       = aws_s3_bucket.texts.bucket
}
