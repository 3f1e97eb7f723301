output "start" {
  description = "ARN of the role by which ECS starts a service, by service."
  value       = { for service, role in aws_iam_role.start : service => role.arn }

  # A task that starts before its policies are there cannot pull its image.
  depends_on = [aws_iam_role_policy.start]
}

output "task" {
  description = "ARN of the role a service's code has, by service."
  value       = { for service, role in aws_iam_role.task : service => role.arn }

  depends_on = [aws_iam_role_policy.worker, aws_iam_role_policy.gateway]
}
