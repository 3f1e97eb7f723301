output "topic_arn" {
  description = "Topic of the alarms."
  value       = aws_sns_topic.this.arn
}
